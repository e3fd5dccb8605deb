"""What a file is, by its content; the name only tells Markdown from text and settles headers and tags in doubt."""

import re
from enum import StrEnum
from typing import Final

from extractor.errors import EmptyFile, EncryptedFile, UnsupportedFormat
from extractor.ingest.docx import main_part
from extractor.ingest.limits import Limits
from extractor.ingest.package import open_package


class Format(StrEnum):
    """The formats that there is a reader for, by their media types."""

    TEXT = "text/plain"
    MARKDOWN = "text/markdown"
    HTML = "text/html"
    PDF = "application/pdf"
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    ODT = "application/vnd.oasis.opendocument.text"
    DOC = "application/msword"
    RTF = "application/rtf"
    EML = "message/rfc822"


_PDF_WITHIN_BYTES: Final = 1024
_OLE2: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FIB_OFFSET: Final = 512
_FIB_MAGIC: Final = b"\xec\xa5"
_FIB_ENCRYPTED: Final = 0x01
_TEXT_BOMS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_BINARY: Final = (
    *(
        (b"\x89PNG", "a PNG image"),
        (b"\xff\xd8\xff", "a JPEG image"),
        (b"GIF8", "a GIF image"),
        (b"RIFF", "a media file"),
    ),
    *((b"II*\0", "a TIFF image"), (b"MM\0*", "a TIFF image"), (b"BM", "a bitmap"), (b"%!PS", "PostScript")),
    *(
        (b"\x1f\x8b", "a gzip archive"),
        (b"7z\xbc\xaf", "a 7z archive"),
        (b"Rar!", "a RAR archive"),
        (b"\x7fELF", "a program"),
    ),
)
_SAMPLE_BYTES: Final = 8_000
_MAX_CONTROL_FRACTION: Final = 0.05
_CONTROLS: Final = bytes(set(range(32)) - set(b"\t\n\r\f\v\x1b\x1a"))
_MAIL_HEADER: Final = re.compile(rb"([A-Za-z][A-Za-z0-9-]{1,60}):[ \t]?[^\r\n]*(?:\r?\n[ \t][^\r\n]*){0,200}\r?\n")
_MAIL_ONLY: Final = frozenset(
    (b"message-id", b"mime-version", b"received", b"return-path", b"delivered-to", b"content-type", b"x-mailer")
)
_MAIL_COMMON: Final = frozenset((b"from", b"to", b"subject", b"date", b"cc", b"reply-to"))
_HTML_START: Final = re.compile(
    rb"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,2000}?-->\s*)*<(?:!doctype\s+html|html|head|body|meta|title|div|p|table|h[1-6])\b",
    re.IGNORECASE | re.DOTALL,
)
_HTML_TAG: Final = re.compile(rb"</?(?:p|div|table|h[1-6]|ul|ol|li|br|body|html|span)\b[^>]{0,500}>", re.IGNORECASE)


def detect(data: bytes, name: str, limits: Limits) -> Format:
    """The format of a file.

    Raises:
        EmptyFile: nothing but white space.
        UnsupportedFormat: there is no reader for it.
        EncryptedFile: an office file that needs a password.
    """
    if not data or (len(data) < 1 << 20 and not data.strip(b" \t\r\n\f\v\0")) or data in _TEXT_BOMS:
        raise EmptyFile("the file is empty")
    if data.startswith(_TEXT_BOMS):
        return _of_text(data, name)
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _of_zip(data, limits)
    if data.startswith(_OLE2):
        return _of_ole2(data)
    if data.lstrip(b" \t\r\n").startswith(b"{\\rtf"):
        return Format.RTF
    if b"%PDF-" in data[:_PDF_WITHIN_BYTES]:
        return Format.PDF
    for magic, what in _BINARY:
        if data.startswith(magic) and (not magic.isascii() or _is_binary(data)):
            raise UnsupportedFormat(f"{what}: there is no reader for it")
    if _is_binary(data):
        raise UnsupportedFormat("binary content of no known format")
    return _of_text(data, name)


def _is_binary(data: bytes) -> bool:
    sample = data[:_SAMPLE_BYTES]
    n_zero = sample.count(0)
    if n_zero > 0.3 * len(sample) and max(sample[::2].count(0), sample[1::2].count(0)) > 0.9 * n_zero:
        return False
    n_controls = len(sample) - len(sample.translate(None, _CONTROLS))
    return n_controls > _MAX_CONTROL_FRACTION * len(sample)


def _of_zip(data: bytes, limits: Limits) -> Format:
    package = open_package(data, limits)
    if "mimetype" in package.names and package.read("mimetype").strip().startswith(Format.ODT.encode()):
        if "META-INF/manifest.xml" in package.names and b"encryption-data" in package.read("META-INF/manifest.xml"):
            raise EncryptedFile("the document needs a password")
        return Format.ODT
    if main_part(package) is not None:
        return Format.DOCX
    raise UnsupportedFormat("a zip archive that holds no text document")


def _of_ole2(data: bytes) -> Format:
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise EncryptedFile("the document needs a password")
    if "WordDocument".encode("utf-16-le") not in data:
        raise UnsupportedFormat("an office file that holds no text document")
    flags = data[_FIB_OFFSET + 10 : _FIB_OFFSET + 12]
    if data[_FIB_OFFSET : _FIB_OFFSET + 2] == _FIB_MAGIC and len(flags) == 2 and flags[1] & _FIB_ENCRYPTED:
        raise EncryptedFile("the document needs a password")
    return Format.DOC


def _of_text(data: bytes, name: str) -> Format:
    ending = name.rpartition(".")[2].lower()
    sample = data[:_SAMPLE_BYTES]
    if data.startswith(_TEXT_BOMS[1:]) or b"\0" in sample:
        sample = sample.replace(b"\0", b"")
    for bom in _TEXT_BOMS:
        sample = sample.removeprefix(bom)
    if _is_mail(sample, ending):
        return Format.EML
    if _HTML_START.match(sample) or (ending in ("html", "htm", "xhtml") and _HTML_TAG.search(sample)):
        return Format.HTML
    if sample.lstrip().startswith(b"<?xml"):
        raise UnsupportedFormat("XML of no known format")
    return Format.MARKDOWN if ending in ("md", "markdown", "mkd", "mdown") else Format.TEXT


def _is_mail(sample: bytes, ending: str) -> bool:
    """Whether the file begins with headers of a mail: two or more, one of them written by programs only."""
    names, position = set(), 0
    if sample.startswith(b"From "):
        position = sample.find(b"\n") + 1
    while header := _MAIL_HEADER.match(sample, position):
        names.add(header.group(1).lower())
        position = header.end()
    known = names & (_MAIL_ONLY | _MAIL_COMMON)
    return len(known) >= 2 and (bool(names & _MAIL_ONLY) or ending == "eml")
