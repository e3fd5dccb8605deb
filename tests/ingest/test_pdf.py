from collections.abc import Callable
from typing import Any

import pytest

from extractor.errors import CorruptFile, EncryptedFile, LimitExceeded, MissingProgram
from extractor.ingest import BlockKind, Limits, SourceText, read
from extractor.ingest.pdf import glyphs
from tests.ingest.files import PdfMaker

PROSE = (
    "The Committee received the report of the clerk on the repair of",
    "the hall roof and noted that three quotes had been asked for and",
    "that two of them had come in before the meeting. Members agreed",
    "to wait for the third one and to decide at the next meeting.",
)


def page_of(draw: Callable[[PdfMaker], None], **options: bool) -> SourceText:
    maker = PdfMaker(**options)
    draw(maker)
    return read(maker.done(), "minutes.pdf")


def blocks_of(source: SourceText, kind: BlockKind) -> list[str]:
    return [source.text[b.start : b.end] for b in source.blocks if b.kind is kind]


def test_paragraphs_headings_lists_and_boxes() -> None:
    def draw(maker: PdfMaker) -> None:
        maker.text(60, 80, "Minutes of the Roof Committee", size=18)
        maker.text(60, 110, *PROSE)
        maker.text(60, 180, *PROSE)
        maker.text(60, 260, "• first point", "• second point")

    source = page_of(draw)
    prose = "\n".join(PROSE)
    assert source.text == f"Minutes of the Roof Committee\n\n{prose}\n\n{prose}\n\n• first point\n• second point"
    assert blocks_of(source, BlockKind.HEADING) == ["Minutes of the Roof Committee"]
    assert blocks_of(source, BlockKind.PARAGRAPH) == [prose, prose]
    assert blocks_of(source, BlockKind.LIST_ITEM) == ["• first point", "• second point"]
    assert [source.text[w.start : w.end] for w in source.words] == source.text.split()
    start = source.text.index("clerk")
    page, box = source.locate(start, start + 5)
    assert page == 1
    assert box is not None
    assert 200 < box[0] < box[2] < 300
    assert 95 < box[1] < 110 < box[3] < 118
    assert source.n_pages == 1


def test_two_columns_are_read_one_after_the_other() -> None:
    left = [f"left line {i} of the first column" for i in range(8)]
    right = [f"right line {i} of the second column" for i in range(8)]

    def draw(maker: PdfMaker) -> None:
        maker.text(50, 100, *left)
        maker.text(320, 100, *right)

    assert [line.strip() for line in page_of(draw).text.split("\n") if line] == left + right


def test_columns_printed_line_by_line_are_parted() -> None:
    def draw(maker: PdfMaker) -> None:
        maker.text(50, 60, "A heading over both of the columns of this page, as wide as the page is")
        for i in range(7):
            maker.text(50, 100 + 14 * i, f"left line {i} of the first column")
            if i != 3:
                maker.text(320, 100 + 14 * i, f"right line {i} of the second column")
        maker.text(50, 300, "And a line below both of the columns of this page, as wide as the page is")

    lines = [line.split() for line in page_of(draw).text.split("\n") if line]
    sides = [words[0] + words[2] for words in lines[1:-1]]
    assert sides == [f"left{i}" for i in range(7)] + [f"right{i}" for i in range(7) if i != 3]


def test_action_column_stays_beside_its_paragraph() -> None:
    def draw(maker: PdfMaker) -> None:
        maker.text(50, 100, *PROSE)
        maker.text(520, 100, "ZQ")
        maker.text(50, 180, "Hedges: no progress.")
        maker.text(520, 180, "NM")

    lines = [line.split() for line in page_of(draw).text.split("\n") if line]
    assert lines == [*(line.split() for line in PROSE), ["ZQ"], ["Hedges:", "no", "progress.", "NM"]]


def test_what_is_printed_late_but_stands_above_comes_first() -> None:
    def draw(maker: PdfMaker) -> None:
        maker.text(60, 300, *PROSE)
        maker.text(60, 120, *PROSE[::-1])

    assert page_of(draw).text == "\n".join(PROSE[::-1]) + "\n\n" + "\n".join(PROSE)


def test_words_printed_out_of_order_join_their_line() -> None:
    def draw(maker: PdfMaker) -> None:
        maker.text(80, 100, "first point")
        maker.text(80, 130, "second point")
        maker.text(70, 100, "•")
        maker.text(70, 130, "•")

    assert [line.strip() for line in page_of(draw).text.split("\n") if line] == ["• first point", "• second point"]


def test_wide_gaps_keep_columns_apart() -> None:
    def draw(maker: PdfMaker) -> None:
        for y, name, role in ((100, "Zoe Quill", "Chair"), (114, "Ned Marsh-Overton", "Clerk")):
            maker.text(60, y, name)
            maker.text(300, y, role)

    first, second = page_of(draw).text.split("\n")
    assert first.split("   ", 1)[0] == "Zoe Quill"
    assert first.index("Chair") == second.index("Clerk")


def test_ruled_table() -> None:
    def draw(maker: PdfMaker) -> None:
        maker.text(60, 80, "Actions")
        maker.grid([60, 230, 360, 500], [100, 120, 160])
        maker.text(65, 114, "Action")
        maker.text(235, 114, "Owner")
        maker.text(65, 134, "Ask for a third quote for the", "repair of the roof")
        maker.text(235, 134, "Zoe Quill", "Ned Marsh")
        maker.text(365, 134, "next meeting")
        maker.text(60, 200, "The meeting closed.")

    source = page_of(draw)
    assert source.text == (
        "Actions\n\nAction | Owner\n"
        "Ask for a third quote for the repair of the roof | Zoe Quill / Ned Marsh | next meeting\n\nThe meeting closed."
    )
    cells = [(b.table, b.row, b.column) for b in source.blocks if b.kind is BlockKind.CELL]
    assert cells == [(0, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 1), (0, 1, 2)]


def test_table_in_a_form() -> None:
    def draw(maker: PdfMaker) -> None:
        maker.form(30, 50, lambda form: form.grid([60, 160, 260], [100, 120, 140]))
        for x, y, cell in ((95, 164, "Zoe"), (195, 164, "Chair"), (95, 184, "Bo"), (195, 184, "Clerk")):
            maker.text(x, y, cell)

    source = page_of(draw)
    assert source.text == "Zoe | Chair\nBo | Clerk"
    assert len(blocks_of(source, BlockKind.CELL)) == 4


def test_letters_that_dance_are_one_word() -> None:
    def draw(maker: PdfMaker) -> None:
        maker.text(60, 100, "Ask")
        for index, letter in enumerate("Hannah"):
            maker.text(84 + 7 * index, 100 - 0.2 * (index % 2), letter, size=11 + 0.1 * (index % 3))
        maker.text(131, 100, "again")

    source = page_of(draw)
    assert source.text == "Ask Hannah again"
    y0, y1 = source.words[1].box[1], source.words[1].box[3]
    assert y1 - y0 > source.words[0].box[3] - source.words[0].box[1]


def test_table_over_two_pages() -> None:
    def draw(maker: PdfMaker) -> None:
        for page in "12":
            maker.grid([60, 260, 400], [100, 120, 140])
            maker.text(65, 114, f"a{page}")
            maker.text(265, 114, f"b{page}")
            maker.text(265, 134, f"c{page}")
            maker.next_page()

    source = page_of(draw)
    assert source.text == "a1 | b1\n | c1\na2 | b2\n | c2"
    cells = [(b.table, b.row, b.column) for b in source.blocks]
    assert cells == [(0, 0, 0), (0, 0, 1), (0, 1, 1), (0, 2, 0), (0, 2, 1), (0, 3, 1)]


def test_rows_ruled_one_by_one_are_one_table() -> None:
    def draw(maker: PdfMaker) -> None:
        for y in (100, 128, 300):
            maker.grid([60, 260, 400], [y, y + 20])
            maker.text(65, y + 14, "Zoe Quill")
            maker.text(265, y + 14, "Chair")

    cells = [(b.table, b.row) for b in page_of(draw).blocks]
    assert cells == [(0, 0), (0, 0), (0, 1), (0, 1), (1, 0), (1, 0)]


def test_shades_are_no_borders() -> None:
    def draw(maker: PdfMaker) -> None:
        maker.shade(0, 0, 600, 800, 0.99)
        for x in (60, 260):
            maker.shade(x, 100, x + 200, 160, 0.8)
            maker.shade(x + 1, 104, x + 199, 118, 0.8)
            maker.shade(x + 1, 118, x + 199, 132, 0.8)
        maker.text(65, 114, "Ask for a third quote for the hall roof", "and the windows")
        maker.text(265, 114, "Zoe Quill")

    source = page_of(draw)
    assert source.text == "Ask for a third quote for the hall roof and the windows | Zoe Quill"


def test_a_shade_of_a_word_leaves_its_cell_whole() -> None:
    def draw(maker: PdfMaker) -> None:
        maker.grid([60, 260, 400], [100, 140])
        maker.shade(70, 104, 130, 120, 0.8)
        maker.text(75, 116, "Zoe Quill")
        maker.text(265, 116, "Chair")

    assert page_of(draw).text == "Zoe Quill | Chair"


def test_table_with_borders_missing_is_read_by_lines() -> None:
    def draw(maker: PdfMaker) -> None:
        maker.grid([60, 160, 260], [100, 120, 140, 160])
        for y in (114, 134, 154):
            maker.text(65, y, "Zoe")
            maker.text(165, y, "Chair")
            maker.text(300, y, "present")

    source = page_of(draw)
    assert [line.split() for line in source.text.split("\n") if line] == [["Zoe", "Chair", "present"]] * 3


def test_crowded_drawing_is_no_table() -> None:
    def draw(maker: PdfMaker) -> None:
        maker.text(60, 100, *PROSE)
        maker.grid([20 + 1.3 * x for x in range(400)], [200 + 1.4 * y for y in range(400)])
        maker.rule(20, 200, 580, 790)

    source = page_of(draw)
    assert source.text == "\n".join(PROSE)


def test_drawings_and_frames_are_no_tables() -> None:
    def draw(maker: PdfMaker) -> None:
        maker.text(60, 100, *PROSE, *PROSE)
        maker.grid([97, 203, 301, 354], [80, 250])
        maker.next_page()
        maker.grid([40, 560], [60, 700])
        maker.text(60, 100, *PROSE)

    source = page_of(draw)
    assert blocks_of(source, BlockKind.CELL) == []
    assert source.text.replace("\n\n", "\n") == "\n".join(PROSE * 3)


def test_furniture() -> None:
    maker = PdfMaker()
    for page in range(1, 4):
        maker.text(60, 40, "Quill Village Council")
        maker.text(60, 100, *PROSE[page:], *PROSE[:page])
        maker.text(290, 770, f"{page}")
        maker.next_page()
    source = read(maker.done(), "a.pdf")
    assert blocks_of(source, BlockKind.FURNITURE) == [
        word for page in "123" for word in ("Quill Village Council", page)
    ]
    assert source.text.count("Quill Village Council") == 3
    assert len(blocks_of(source, BlockKind.PARAGRAPH)) == 3


def test_page_words_are_furniture_on_a_single_page() -> None:
    def draw(maker: PdfMaker) -> None:
        maker.text(60, 100, *PROSE)
        maker.text(250, 770, "Page 4 of 9")

    assert blocks_of(page_of(draw), BlockKind.FURNITURE) == ["Page 4 of 9"]


def test_sentence_over_two_pages_has_no_blank_line() -> None:
    def draw(maker: PdfMaker) -> None:
        maker.text(60, 700, *PROSE[:3])
        maker.next_page()
        maker.text(60, 80, PROSE[3])

    assert page_of(draw).text == "\n".join(PROSE)


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (("The commit-", "tee met; the committee agreed"), "The committee\nmet; the committee agreed"),
        (("The follow-", "up and more; a follow-up"), "The follow-up\nand more; a follow-up"),
        (("A re-", "painting was agreed"), "A re-painting\nwas agreed"),
        (("The Vice-", "Chair was absent"), "The Vice-\nChair was absent"),
    ],
)
def test_hyphens(lines: tuple[str, ...], text: str) -> None:
    assert page_of(lambda maker: maker.text(60, 100, *lines)).text == text


def test_a_typesetter_that_breaks_words() -> None:
    lines = ["there are commit-", "ments of mem-", "bers and deci-", "sions of bud-", "gets here"]
    assert page_of(lambda maker: maker.text(60, 100, *lines)).text == (
        "there are commitments\nof members\nand decisions\nof budgets\nhere"
    )


def test_doubled_letters_and_raised_ordinals() -> None:
    def draw(maker: PdfMaker) -> None:
        maker.text(60, 100, "BALL")
        maker.text(60.4, 100, "BALL")
        maker.text(60, 140, "Held on 5")
        maker.text(108, 136, "th", size=7)
        maker.text(120, 140, "May")

    assert page_of(draw).text.split("\n")[-1] == "Held on 5th May"


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_turned_pages(degrees: int) -> None:
    maker = PdfMaker()
    maker.turn(degrees)
    maker.drawn_turned(degrees, 100, 100, "Minutes of the Board")
    maker.text(10, 10, "x")
    source = read(maker.done(), "a.pdf")
    assert blocks_of(source, BlockKind.PARAGRAPH) == ["Minutes of the Board"]
    assert blocks_of(source, BlockKind.FURNITURE) == ["x"]
    page, box = source.locate(0, 7)
    assert page == 1
    assert box is not None
    assert box[2] - box[0] > box[3] - box[1] > 5


@pytest.mark.parametrize("stand_in", ["", "\0", "\ufffe"])
def test_unnamed_characters_are_told(stand_in: str, monkeypatch: pytest.MonkeyPatch) -> None:
    unicode_of, text_of = glyphs.pdfium.FPDFText_GetUnicode, glyphs.pdfium.FPDFText_GetText

    def without_f(page: object, index: int) -> int:
        code = int(unicode_of(page, index))
        return 0 if code == ord("f") else code

    def whole_without_f(page: object, start: int, n_chars: int, buffer: Any) -> int:
        n_units = int(text_of(page, start, n_chars, buffer))
        found = "".join(map(chr, buffer[: n_units - 1])).replace("f", stand_in)
        buffer[: len(found)] = [ord(char) for char in found]
        return len(found) + 1

    monkeypatch.setattr(glyphs.pdfium, "FPDFText_GetUnicode", without_f)
    monkeypatch.setattr(glyphs.pdfium, "FPDFText_GetText", whole_without_f)
    source = page_of(lambda maker: maker.text(60, 100, "office hours"))
    assert [(w.code, w.detail) for w in source.warnings] == [("characters_unknown", "page 1: 2")]
    assert source.text == "o\ufffd\ufffdice hours"


def test_text_that_runs_up_the_page_is_read() -> None:
    maker = PdfMaker()
    maker.drawn_turned(90, 100, 100, "Minutes of the Board")
    assert read(maker.done(), "a.pdf").text == "Minutes of the Board"


def test_watermark_is_kept_apart() -> None:
    def draw(maker: PdfMaker) -> None:
        maker.drawn_turned(45, 100, 300, "DRAFT COPY")
        maker.text(60, 100, *PROSE)

    source = page_of(draw)
    assert blocks_of(source, BlockKind.FURNITURE) == ["DRAFT COPY"]
    assert blocks_of(source, BlockKind.PARAGRAPH) == ["\n".join(PROSE)]


def scan() -> bytes:
    maker = PdfMaker()
    maker.text(60, 100, *PROSE)
    maker.next_page()
    maker.picture()
    maker.next_page()
    maker.rule(10, 10, 50, 10)
    return maker.done()


def test_scanned_page_is_told() -> None:
    source = read(scan(), "a.pdf")
    assert [(w.code, w.detail) for w in source.warnings] == [("page_without_text", "page 2")]


def test_ocr_needs_its_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(MissingProgram, match="OCRmyPDF"):
        read(scan(), "a.pdf", ocr=True)


def test_encrypted() -> None:
    maker = PdfMaker(password="secret")
    maker.text(60, 100, "Minutes")
    with pytest.raises(EncryptedFile):
        read(maker.done(), "a.pdf")


def test_broken_off_files_are_refused_or_read() -> None:
    maker = PdfMaker(compressed=False)
    for _ in range(5):
        maker.text(60, 100, *PROSE)
        maker.next_page()
    data = maker.done()
    n_refused = 0
    for tenth in range(1, 10):
        try:
            source = read(data[: len(data) * tenth // 10], "a.pdf")
        except CorruptFile:
            n_refused += 1
        else:
            assert set(source.text.split()) <= {word for line in PROSE for word in line.split()}
    assert n_refused > 3
    with pytest.raises(CorruptFile):
        read(b"%PDF-1.7\n" + b"junk " * 100, "a.pdf")


def test_page_limit() -> None:
    with pytest.raises(LimitExceeded):
        read(scan(), "a.pdf", limits=Limits(max_pages=2))
