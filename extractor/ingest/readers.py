"""Chooses the reader by content and gives every text its name and checksum."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from extractor.errors import EmptyFile, LimitExceeded, UnreadableFile
from extractor.ingest.builder import Content
from extractor.ingest.detect import Format, detect
from extractor.ingest.docx import read_docx
from extractor.ingest.html import read_html
from extractor.ingest.limits import Limits, ReadOptions
from extractor.ingest.mail import iter_attachments, read_mail
from extractor.ingest.odt import read_odt
from extractor.ingest.plain_text import read_markdown, read_text
from extractor.ingest.programs import convert_to_docx
from extractor.ingest.source import SourceText, Warning

_MAX_MAIL_DEPTH: Final = 3


def _read_pdf(data: bytes, options: ReadOptions) -> Content:
    from extractor.ingest.pdf import read_pdf  # loads a library of several MB, which other formats do not need

    return read_pdf(data, options)


def _read_doc(data: bytes, options: ReadOptions) -> Content:
    return read_docx(convert_to_docx(data, ".doc", options.limits), options)


def _read_rtf(data: bytes, options: ReadOptions) -> Content:
    return read_docx(convert_to_docx(data, ".rtf", options.limits), options)


_READERS: Final[dict[Format, Callable[[bytes, ReadOptions], Content]]] = {
    Format.TEXT: read_text,
    Format.MARKDOWN: read_markdown,
    Format.HTML: read_html,
    Format.PDF: _read_pdf,
    Format.DOCX: read_docx,
    Format.ODT: read_odt,
    Format.DOC: _read_doc,
    Format.RTF: _read_rtf,
    Format.EML: read_mail,
}


def read(
    data: bytes, name: str, *, encoding: str | None = None, ocr: bool = False, limits: Limits | None = None
) -> SourceText:
    """A file as text; of a mail the body, or its first readable attachment if it has no body.

    `name` is kept for reference; of it only the ending counts, and only where content leaves a doubt.
    `ocr` has scanned pages of a PDF read by ocrmypdf.

    Raises:
        UnreadableFile: one of its subclasses says why.
    """
    texts = _iter_texts(data, name, ReadOptions(limits or Limits(), encoding, ocr), 0)
    return next(texts)


def read_all(
    data: bytes, name: str, *, encoding: str | None = None, ocr: bool = False, limits: Limits | None = None
) -> list[SourceText]:
    """As `read`, but of a mail also each readable attachment, as a text named "mail.eml/attachment.pdf".

    Attachments that cannot be read are told by warnings of the first text.

    Raises:
        UnreadableFile: the file itself cannot be read, or a mail has neither body nor readable attachment.
    """
    return list(_iter_texts(data, name, ReadOptions(limits or Limits(), encoding, ocr), 0))


def read_path(
    path: Path, *, encoding: str | None = None, ocr: bool = False, limits: Limits | None = None
) -> SourceText:
    """As `read`, from a file.

    Raises:
        UnreadableFile: one of its subclasses says why.
        OSError: the file cannot be opened.
    """
    limits = limits or Limits()
    if path.stat().st_size > limits.max_file_bytes:
        raise LimitExceeded(f"a file of more than {limits.max_file_bytes} bytes")
    return read(path.read_bytes(), path.name, encoding=encoding, ocr=ocr, limits=limits)


def _iter_texts(data: bytes, name: str, options: ReadOptions, depth: int) -> Iterator[SourceText]:
    if len(data) > options.limits.max_file_bytes:
        raise LimitExceeded(f"a file of more than {options.limits.max_file_bytes} bytes")
    file_format = detect(data, name, options.limits)
    content = _READERS[file_format](data, options)
    if file_format is not Format.EML:
        if not content.text.strip() and not content.warnings:
            raise EmptyFile("the file has no text")
        yield _source(name, file_format, data, content)
        return
    yield from _iter_mail(data, name, options, depth, content)


def _iter_mail(data: bytes, name: str, options: ReadOptions, depth: int, content: Content) -> Iterator[SourceText]:
    """The body with warnings about what follows is held back until the attachments are read."""
    attached: list[SourceText] = []
    warnings = list(content.warnings)
    for number, attachment in enumerate(iter_attachments(data, options), start=1):
        try:
            if depth >= _MAX_MAIL_DEPTH:
                raise LimitExceeded("mails within each other")
            attached += _iter_texts(attachment.data, f"{name}/{attachment.name}", options, depth + 1)
        except UnreadableFile as error:
            warnings.append(Warning("attachment_unreadable", f"attachment {number}: {type(error).__name__}"))
    if content.text.strip():
        yield _source(name, Format.EML, data, replace(content, warnings=tuple(warnings)))
    elif attached:
        attached[0] = replace(attached[0], warnings=(*warnings, *attached[0].warnings))
    else:
        raise EmptyFile("the mail has neither text nor a readable attachment")
    yield from attached


def _source(name: str, file_format: Format, data: bytes, content: Content) -> SourceText:
    return SourceText(
        name=name,
        media_type=file_format.value,
        sha256=hashlib.sha256(data).hexdigest(),
        text=content.text,
        blocks=content.blocks,
        words=content.words,
        n_pages=content.n_pages,
        encoding=content.encoding,
        warnings=content.warnings,
    )
