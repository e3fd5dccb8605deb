import pytest

from extractor.errors import CorruptFile, LimitExceeded
from extractor.ingest import BlockKind, Limits, SourceText, read
from tests.ingest.files import W, docx_of, levels, listed, p, word_docx, zip_of


def text_of(body: str, numbering: str = "", styles: str = "") -> str:
    return read(docx_of(body, numbering=numbering, styles=styles), "a.docx").text


def cells_of(source: SourceText) -> list[tuple[str, int | None, int | None, int | None]]:
    cells = [b for b in source.blocks if b.kind is BlockKind.CELL]
    return [(source.text[b.start : b.end], b.table, b.row, b.column) for b in cells]


def table(*rows: str) -> str:
    return "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in rows) + "</w:tbl>"


def tc(content: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{content}</w:tc>"


def test_of_a_common_writer() -> None:
    source = read(word_docx(["Minutes", "Zoe Quill\tChair"]), "a.docx")
    assert source.text == "Minutes\nZoe Quill\tChair"
    assert source.media_type.endswith("wordprocessingml.document")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (
            "<w:p><w:ins><w:r><w:t>in</w:t></w:r></w:ins><w:del><w:r><w:delText>out</w:delText></w:r></w:del></w:p>",
            "in",
        ),
        (
            (
                "<w:p><w:moveFrom><w:r><w:t>out</w:t></w:r></w:moveFrom>"
                "<w:moveTo><w:r><w:t>in</w:t></w:r></w:moveTo></w:p>"
            ),
            "in",
        ),
        (p("one ", "<w:rPr><w:del/></w:rPr>") + p("two"), "one two"),
        ("<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>out</w:t></w:r><w:r><w:t>in</w:t></w:r></w:p>", "in"),
        (
            "<w:p><w:r><w:t>a</w:t><w:br/><w:t>b</w:t><w:tab/><w:t>c</w:t><w:noBreakHyphen/><w:t>d</w:t></w:r></w:p>",
            "a\nb\tc-d",
        ),
        ("<w:p><w:r><w:instrText>PAGE</w:instrText><w:t>3</w:t></w:r></w:p>", "3"),
        ('<w:p><w:r><w:sym w:char="F0B7"/><w:sym w:char="x"/><w:t>a</w:t></w:r></w:p>', "•a"),
        (
            "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>"
            + "<w:p><w:r><w:rPr><w:rStyle w:val='PlaceholderText'/></w:rPr><w:t>Click</w:t></w:r></w:p>"
            + p("Opening")
            + "</w:sdtContent></w:sdt>"
            + p("a"),
            "Opening\na",
        ),
        ("<w:sdt><w:sdtContent>" + p("a") + "</w:sdtContent></w:sdt>", "a"),
        (
            (
                f"<w:p><w:r><w:t>outer</w:t></w:r><w:r><w:pict>"
                f"<w:txbxContent>{p('inner')}</w:txbxContent></w:pict></w:r></w:p>"
            ),
            "inner\nouter",
        ),
        ("<w:p><w:r><w:t>of\ufb01ce\u00a0hours\u00ad\x7f</w:t></w:r></w:p>", "office hours"),
        (p("a", '<w:pPrChange><w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:pPrChange>') + p("b"), "a\nb"),
    ],
)
def test_paragraphs(body: str, text: str) -> None:
    assert text_of(body) == text


def test_a_blank_line_stands_before_bold_lines() -> None:
    bold = "<w:p><w:r><w:rPr><w:b/></w:rPr><w:t>Apologies</w:t></w:r></w:p>"
    plain = bold.replace("<w:b/>", '<w:b w:val="0"/>')
    assert text_of(p("Zoe Quill") + bold + p("Ned Marsh") + plain) == "Zoe Quill\n\nApologies\nNed Marsh\nApologies"


def test_fallback_of_a_text_box_is_left_out() -> None:
    space = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    body = (
        f"<w:p><w:r><mc:AlternateContent {space}><mc:Choice>{p('box')}</mc:Choice><mc:Fallback>{p('box')}</mc:Fallback>"
    )
    assert text_of(body + "</mc:AlternateContent></w:r></w:p>") == "box"


def test_blank_lines_stand_around_headings_and_long_paragraphs() -> None:
    long = "The Committee noted the report and " * 4
    body = (
        p("Zoe Quill")
        + p("Ned Marsh")
        + p(long)
        + p("Short")
        + p("Items", '<w:outlineLvl w:val="1"/>')
        + p("x")
        + p("")
        + p("y")
    )
    assert text_of(body) == f"Zoe Quill\nNed Marsh\n\n{long.strip()}\n\nShort\n\nItems\n\nx\n\ny"


STYLES = (
    '<w:style w:type="paragraph" w:default="1" w:styleId="N"><w:name w:val="Normal"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="H1"><w:name w:val="heading 1"/><w:pPr><w:outlineLvl w:val="0"/>'
    '<w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
    '<w:style w:type="paragraph" w:styleId="H1b"><w:basedOn w:val="H1"/>'
    '<w:pPr><w:numPr><w:ilvl w:val="1"/></w:numPr></w:pPr></w:style>'
    '<w:style w:type="paragraph" w:styleId="T"><w:name w:val="Title"/></w:style>'
    '<w:style w:type="character" w:styleId="C"><w:name w:val="title"/></w:style>'
)


def test_headings_by_style_with_numbers() -> None:
    body = (
        p("Board", '<w:pStyle w:val="T"/>')
        + p("Finance", '<w:pStyle w:val="H1"/>')
        + p("Budget", '<w:pStyle w:val="H1b"/>')
    )
    body += p("Body", '<w:outlineLvl w:val="9"/>') + p("Other", '<w:pStyle w:val="gone"/>')
    source = read(docx_of(body, numbering=levels(("decimal", "%1."), ("decimal", "%1.%2")), styles=STYLES), "a")
    headings = [(source.text[b.start : b.end], b.level) for b in source.blocks if b.kind is BlockKind.HEADING]
    assert headings == [("Board", 1), ("1. Finance", 1), ("1.1 Budget", 1)]


@pytest.mark.parametrize(
    ("formats", "items", "text"),
    [
        ((("decimal", "%1."), ("decimal", "%1.%2")), (0, 1, 1, 0, 1), "1. x\n1.1 x\n1.2 x\n2. x\n2.1 x"),
        ((("upperRoman", "%1)"), ("lowerLetter", "(%2)")), (0, 1, 1), "I) x\n(a) x\n(b) x"),
        ((("bullet", "\uf0b7"), ("bullet", "o")), (0, 1), "- x\n- x"),
        ((("decimalZero", "%1"), ("ordinal", "%2")), (0, 1), "01 x\n1st x"),
        ((("none", ""),), (0,), "x"),
        ((("decimal", "%1."),), (2,), "3. x".replace("3.", "1.")),
    ],
)
def test_list_numbers(formats: tuple[tuple[str, str], ...], items: tuple[int, ...], text: str) -> None:
    if items == (2,):
        formats = (*formats, ("decimal", "%2."), ("lowerRoman", "%3."))
        text = "i. x"
    assert text_of("".join(listed("x", level) for level in items), levels(*formats)) == text


def test_lists_that_restart_override_and_link() -> None:
    abstract = (
        '<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0">'
        '<w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>'
        '<w:lvl w:ilvl="1"><w:lvlRestart w:val="0"/>'
        '<w:numFmt w:val="upperLetter"/><w:lvlText w:val="%1%2"/><w:isLgl/></w:lvl>'
        '<w:styleLink w:val="S"/></w:abstractNum><w:abstractNum w:abstractNumId="9">'
        '<w:numStyleLink w:val="S"/></w:abstractNum>'
    )
    numbers = (
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
        '<w:num w:numId="2"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0">'
        '<w:startOverride w:val="5"/></w:lvlOverride></w:num>'
        '<w:num w:numId="3"><w:abstractNumId w:val="9"/></w:num>'
        '<w:num w:numId="4"><w:abstractNumId w:val="0"/>'
        '<w:lvlOverride w:ilvl="0"><w:lvl w:ilvl="0"><w:start w:val="3"/>'
        '<w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%1)"/></w:lvl></w:lvlOverride></w:num>'
    )
    body = listed("x") + listed("x", 1) + listed("x") + listed("x", 1) + listed("x", 0, 2) + listed("x", 0, 3)
    body += listed("x", 0, 4) + listed("x", 0, 0) + listed("x", 0, 77)
    assert text_of(body, abstract + numbers) == "1. x\n11 x\n2. x\n22 x\n5. x\n6. x\nc) x\nx\nx"


def test_table_cells() -> None:
    rows = (
        tc(p("Name")) + tc(p("Role"), '<w:gridSpan w:val="2"/>') + tc(p("By")),
        tc(p("Zoe Quill"), '<w:vMerge w:val="restart"/>') + tc(p("")) + tc(p("Chair")) + tc(p("")),
        tc(p("again"), "<w:vMerge/>") + tc(p("Reported.") + p("Noted") + p("Thanked")) + tc(p("b")),
    )
    source = read(docx_of(p("Before") + table(*rows) + p("After")), "a.docx")
    assert source.text == (
        "Before\n\nName | Role |  | By\nZoe Quill |  | Chair\n | Reported. Noted / Thanked | b\n\nAfter"
    )
    assert cells_of(source) == [
        ("Name", 0, 0, 0),
        ("Role", 0, 0, 1),
        ("By", 0, 0, 3),
        ("Zoe Quill", 0, 1, 0),
        ("Chair", 0, 1, 2),
        ("Reported. Noted / Thanked", 0, 2, 1),
        ("b", 0, 2, 2),
    ]


def test_deleted_row_and_skipped_columns() -> None:
    rows = (
        "<w:trPr><w:del/></w:trPr>" + tc(p("gone")) + tc(p("gone")),
        '<w:trPr><w:gridBefore w:val="1"/></w:trPr>' + tc(p("a")) + tc(p("b")),
    )
    assert cells_of(read(docx_of(table(*rows)), "a")) == [("a", 0, 0, 1), ("b", 0, 0, 2)]


def test_nested_table_is_kept_within_its_cell() -> None:
    inner = table(tc(p("Zoe")) + tc(p("Chair")))
    assert text_of(table(tc(p("Present:") + inner) + tc(p("x")))) == "Present: Zoe | Chair | x"


def test_layout_tables_are_running_text() -> None:
    inner = table(tc(p("Zoe")) + tc(p("Chair")))
    assert cells_of(read(docx_of(table(tc(p("Minutes") + inner))), "a")) == [("Zoe", 0, 0, 0), ("Chair", 0, 0, 1)]
    assert text_of(table(tc(p("one")), tc(p("two")))) == "one\ntwo"
    framed = table(tc("<w:p/>") + tc(p("Minutes") + inner))
    assert text_of(framed) == "Minutes\n\nZoe | Chair"


def test_a_long_cell_keeps_its_lines() -> None:
    sentences = [
        f"The Committee heard about matter {i} and noted what had been reported about it by officers." for i in range(6)
    ]
    source = read(docx_of(table(tc(p("3.1")) + tc("".join(map(p, sentences))) + tc(p("ZQ")))), "a")
    assert source.text == "3.1 | " + "\n".join(sentences) + " | ZQ"
    assert [c[3] for c in cells_of(source)] == [0, 1, 2]


def test_strict_namespace() -> None:
    data = docx_of(p("Minutes")).replace(b"", b"")
    strict = "http://purl.oclc.org/ooxml/wordprocessingml/main"
    document = f'<w:document xmlns:w="{strict}"><w:body>{p("Minutes")}</w:body></w:document>'
    types = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
    strict_file = zip_of({"[Content_Types].xml": types, "word/document.xml": document})
    assert read(strict_file, "a").text == read(data, "a").text == "Minutes"
    assert W not in document


def test_bomb_is_refused() -> None:
    data = docx_of(p("a" * 30_000_000))
    assert len(data) < 100_000
    with pytest.raises(LimitExceeded):
        read(data, "a.docx")
    with pytest.raises(LimitExceeded):
        read(docx_of(p("ab " * 5_000)), "a.docx", limits=Limits(max_expanded_bytes=10_000))


def test_billion_laughs_and_external_entities_are_refused() -> None:
    entities = '<!ENTITY a "ha">' + "".join(
        f"<!ENTITY {b} '{10 * ('&' + a + ';')}'>" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    for declared in (entities, '<!ENTITY i SYSTEM "file:///etc/hostname">'):
        with pytest.raises(CorruptFile):
            read(docx_of(p("&i;"), prolog=f"<!DOCTYPE w:document [{declared}]>"), "a.docx")


@pytest.mark.parametrize(
    "limits",
    [Limits(max_depth=6), Limits(max_paragraphs=2), Limits(max_text_chars=3)],
    ids=["depth", "paragraphs", "text"],
)
def test_limits(limits: Limits) -> None:
    nested = "<w:p><w:r>" * 3 + "</w:r></w:p>" * 3
    with pytest.raises(LimitExceeded):
        read(docx_of(p("one") + p("two") + nested), "a.docx", limits=limits)


def test_deep_nesting() -> None:
    with pytest.raises(LimitExceeded):
        read(docx_of("<w:tbl><w:tr><w:tc>" * 500 + "</w:tc></w:tr></w:tbl>" * 500), "a.docx")


def test_broken_xml() -> None:
    with pytest.raises(CorruptFile):
        read(docx_of("<w:p>"), "a.docx")
