"""Hostile files, made anew: bombs, entities, broken and wrongly named files. Used by the tests and by `hostile_run`."""

import io
import random
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
CONTENT_TYPES = b"""<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml"
ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>"""
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


@dataclass(frozen=True)
class Hostile:
    """A file that should cost an error or a record, and nothing else."""

    name: str
    data: bytes


def docx(document: bytes, **members: bytes) -> bytes:
    """A package with this document part."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", CONTENT_TYPES)
        package.writestr("word/document.xml", document)
        for name, data in members.items():
            package.writestr(name, data)
    return out.getvalue()


def body(inside: bytes, before: bytes = b"") -> bytes:
    """A document part."""
    opening = b'<?xml version="1.0"?>' + before + b'<w:document xmlns:w="' + WORD.encode() + b'"><w:body>'
    return opening + inside + b"</w:body></w:document>"


def paragraph(text: bytes) -> bytes:
    """A paragraph of a document part."""
    return b"<w:p><w:r><w:t>" + text + b"</w:t></w:r></w:p>"


def iter_hostile() -> Iterator[Hostile]:
    """All of them, the same in every run."""
    yield from _bombs()
    yield from _entities()
    yield from _broken()
    yield from _misnamed()
    yield from _texts()


def _bombs() -> Iterator[Hostile]:
    for size in (1, 50, 300):
        yield Hostile(f"size-{size}.docx", docx(body(paragraph(b"a" * size * 1_000_000))))
    for n in (1_000, 20_000):
        yield Hostile(f"members-{n}.docx", docx(body(b""), **{f"word/m{k}.xml": b"x" for k in range(n)}))
    yield Hostile("paragraphs.docx", docx(body(paragraph(b"a") * 1_000_000)))
    for depth in (100, 1_000, 100_000):
        nested = b"<w:tbl><w:tr><w:tc>" * depth + b"</w:tc></w:tr></w:tbl>" * depth
        yield Hostile(f"tables-{depth}.docx", docx(body(nested)))
        yield Hostile(f"divs-{depth}.html", b"<html><body>" + b"<div>" * depth + b"x" + b"</div>" * depth)
    inner = docx(body(paragraph(b"a")))
    for depth in range(1, 6):
        inner = docx(body(paragraph(b"a")), **{f"word/inner{depth}.docx": inner})
        yield Hostile(f"zips-{depth}.docx", inner)
    for size in (10, 200):
        stream = zlib.compress(b"0" * size * 1_000_000)
        head = (
            b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        )
        page = b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>endobj\n"
        content = b"4 0 obj<</Filter/FlateDecode/Length %d>>stream\n" % len(stream) + stream + b"\nendstream endobj\n"
        yield Hostile(f"stream-{size}.pdf", head + page + content + b"trailer<</Root 1 0 R>>\n%%EOF")
    loop = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[2 0 R]/Count 9>>endobj\n"
    yield Hostile("loop.pdf", loop + b"trailer<</Root 1 0 R>>\n%%EOF")


def _entities() -> Iterator[Hostile]:
    laughs = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
    bomb = b'<!DOCTYPE w [<!ENTITY l0 "ha">' + laughs + b"]>"
    quadratic = b'<!DOCTYPE w [<!ENTITY a "' + b"a" * 100_000 + b'">]>'
    for target in (b"file:///etc/passwd", b"http://127.0.0.1:1/x", b"file:///dev/zero"):
        outside = b'<!DOCTYPE w [<!ENTITY x SYSTEM "' + target + b'">]>'
        parameter = b'<!DOCTYPE w [<!ENTITY % x SYSTEM "' + target + b'"> %x;]>'
        tag = target.split(b":")[0].decode() + str(len(target))
        yield Hostile(f"xxe-{tag}.docx", docx(body(paragraph(b"&x;"), outside)))
        yield Hostile(f"xxe-parameter-{tag}.docx", docx(body(paragraph(b"a"), parameter)))
        yield Hostile(f"xxe-{tag}.html", b"<!DOCTYPE html " + outside[10:] + b"<p>&x;</p>")
    yield Hostile("laughs.docx", docx(body(paragraph(b"&l9;"), bomb)))
    yield Hostile("laughs.html", bomb + b"<p>&l9;</p>")
    yield Hostile("quadratic.docx", docx(body(paragraph(b"&a;" * 10_000), quadratic)))


def _broken() -> Iterator[Hostile]:
    rng = random.Random(0)
    for sample in sorted(SAMPLES.iterdir()):
        data = sample.read_bytes()
        if sample.suffix not in (".pdf", ".docx"):
            continue
        for part in range(1, 21):
            yield Hostile(f"cut-{part}-{sample.name}", data[: len(data) * part // 21])
        for number in range(30):
            flipped = bytearray(data)
            for _ in range(1 + number):
                flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
            yield Hostile(f"flip-{number}-{sample.name}", bytes(flipped))


def _misnamed() -> Iterator[Hostile]:
    pdf = next(path for path in sorted(SAMPLES.iterdir()) if path.suffix == ".pdf").read_bytes()
    for name in (
        "../../etc/cron.d/x.pdf",
        "/etc/passwd",
        "C:\\x.pdf",
        "a\0b.pdf",
        "CON.pdf",
        "a" * 300 + ".pdf",
        "a\r\nb.pdf",
    ):
        yield Hostile(name, pdf)
    for name in ("a.docx", "a.txt", "a.html", "a.eml", "a.odt"):
        yield Hostile(name, pdf)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for name in ("../../x", "/etc/x", "word/../../x", "a" * 60_000):
            package.writestr(name, b"x")
    yield Hostile("names.docx", out.getvalue())
    yield Hostile("encrypted.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000))
    yield Hostile("encrypted.pdf", pdf.replace(b"trailer", b"trailer<</Encrypt 9 0 R>>", 1))


def _texts() -> Iterator[Hostile]:
    for name, unit in (
        ("parens", ")"),
        ("quotes", '"'),
        ("emoji", "\U0001f44d"),
        ("marks", "e\u0301"),
        ("bidi", "\u202e"),
    ):
        yield Hostile(f"{name}.txt", unit.encode() * 100_000)
    yield Hostile("nul.txt", bytes(100_000))
    yield Hostile("high.txt", bytes(range(128, 256)) * 500)
    yield Hostile("headers.eml", b"Subject: a\n" * 100_000 + b"\nx")
    parts = b"".join(b"--b\nContent-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(200))
    yield Hostile("parts.eml", b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n" + parts)
