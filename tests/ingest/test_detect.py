import pytest

from extractor.errors import CorruptFile, EmptyFile, EncryptedFile, LimitExceeded, UnsupportedFormat
from extractor.ingest import Limits, read
from extractor.ingest.detect import Format, detect
from tests.ingest.files import docx_of, odt_of, p, zip_of

OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(512, b"\0")
MAIL = b"From: a@example.org\nTo: b@example.org\nMessage-ID: <1@example.org>\n\nHello\n"


@pytest.mark.parametrize(
    ("data", "name", "found"),
    [
        (b"Minutes", "a.pdf", Format.TEXT),
        (b"# Minutes", "a.md", Format.MARKDOWN),
        (b"# Minutes", "a.txt", Format.TEXT),
        (b"<!DOCTYPE html><p>x", "a.txt", Format.HTML),
        (b"  <!-- note --> <html>", "a", Format.HTML),
        (b"Minutes<br>of", "a.html", Format.HTML),
        (b"x < y", "a.html", Format.TEXT),
        (b"junk\n%PDF-1.7", "a.txt", Format.PDF),
        (docx_of(p("x")), "a.txt", Format.DOCX),
        (odt_of(""), "a.docx", Format.ODT),
        (b"{\\rtf1 x}", "a.doc", Format.RTF),
        (MAIL, "a.txt", Format.EML),
        (b"From: the Clerk\nTo: all members\nDate: 5 May\n\nMinutes", "a.txt", Format.TEXT),
        (b"From: the Clerk\nTo: all members\n\nMinutes", "a.eml", Format.EML),
        (b"From x@y.z Mon\n" + MAIL, "a", Format.EML),
        (OLE2 + b"\xec\xa5" + bytes(98) + "WordDocument".encode("utf-16-le"), "a", Format.DOC),
    ],
)
def test_format_by_content(data: bytes, name: str, found: Format) -> None:
    assert detect(data, name, Limits()) is found


@pytest.mark.parametrize("data", [b"", b" \r\n\t ", b"\xef\xbb\xbf", b"\xff\xfe"])
def test_empty(data: bytes) -> None:
    with pytest.raises(EmptyFile):
        read(data, "a.txt")


def test_document_without_text_is_empty() -> None:
    with pytest.raises(EmptyFile):
        read(docx_of(p("")), "a.docx")


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(40),
        b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01" + bytes(range(20)) * 4,
        bytes(range(32)) * 20,
        zip_of({"a.txt": "x"}),
        zip_of({"[Content_Types].xml": "<Types/>"}),
        OLE2 + "Workbook".encode("utf-16-le"),
        b"<?xml version='1.0'?><feed/>",
    ],
)
def test_unsupported(data: bytes) -> None:
    with pytest.raises(UnsupportedFormat):
        read(data, "minutes.txt")


@pytest.mark.parametrize(
    "data",
    [
        OLE2 + "EncryptedPackage".encode("utf-16-le"),
        OLE2 + b"\xec\xa5" + bytes(9) + b"\x01" + bytes(88) + "WordDocument".encode("utf-16-le"),
        odt_of("", manifest="<manifest><encryption-data/></manifest>"),
    ],
)
def test_encrypted(data: bytes) -> None:
    with pytest.raises(EncryptedFile):
        read(data, "a")


def test_encrypted_member() -> None:
    data = bytearray(zip_of({"[Content_Types].xml": "<Types/>"}))
    data[data.rfind(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(EncryptedFile):
        read(bytes(data), "a")


def test_file_size_and_members() -> None:
    with pytest.raises(LimitExceeded):
        read(b"x" * 11, "a.txt", limits=Limits(max_file_bytes=10))
    with pytest.raises(LimitExceeded):
        read(docx_of(p("x")), "a", limits=Limits(max_members=1))


def test_damaged_zip() -> None:
    data = docx_of(p("Minutes of the meeting " * 200))
    for cut in (30, len(data) // 2, len(data) - 10):
        with pytest.raises(CorruptFile):
            read(data[:cut], "a.docx")


def test_a_picture_is_none_however_short() -> None:
    with pytest.raises(UnsupportedFormat, match="PNG"):
        detect(b"\x89PNG\r\n\x1a\n0000", "minutes.txt", Limits())
