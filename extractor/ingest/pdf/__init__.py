"""PDF to text, with the page and box of every word."""

import threading
from collections.abc import Iterator
from typing import Any, Final

import pypdfium2
import pypdfium2.raw as pdfium

from extractor.errors import CorruptFile, EncryptedFile, LimitExceeded
from extractor.ingest.builder import Content, TextBuilder
from extractor.ingest.limits import ReadOptions
from extractor.ingest.pdf.furniture import take_furniture
from extractor.ingest.pdf.glyphs import frame_of, has_pictures, iter_glyphs, iter_paths
from extractor.ingest.pdf.hyphens import Hyphens
from extractor.ingest.pdf.layout import PageLayout, lay_out
from extractor.ingest.pdf.lines import read_fragments
from extractor.ingest.pdf.tables import CellFinder, RuledTables, is_ruled
from extractor.ingest.pdf.writer import PageWriter, typography
from extractor.ingest.programs import recognise
from extractor.ingest.source import Warning

MIN_PAGE_CHARS: Final = 25
"""A page with a picture and fewer printed characters counts as scanned."""
_LOCK: Final = threading.Lock()
"""pdfium works for one thread at a time."""


def read_pdf(data: bytes, options: ReadOptions) -> Content:
    """The text of all pages; a warning names each page that has a picture and no text.

    Raises:
        EncryptedFile: the file needs a password.
        CorruptFile: pdfium cannot open it.
        MissingProgram: OCR is asked for and needed, and not installed.
    """
    content = _read(data, options)
    if options.ocr and any(warning.code == "page_without_text" for warning in content.warnings):
        return _read(recognise(data, options.limits), options)
    return content


def _read(data: bytes, options: ReadOptions) -> Content:
    builder = TextBuilder(options.limits)
    with _LOCK:
        document = _open(data)
        tables = RuledTables(data)
        try:
            if len(document) > options.limits.max_pages:
                raise LimitExceeded(f"{len(document)} pages, more than {options.limits.max_pages}")
            pages = list(_iter_pages(document, tables, builder))
        finally:
            tables.close()
            document.close()
    take_furniture(pages)
    lines = [line for page in pages for line in page.text_lines()]
    writer = PageWriter(builder, typography(pages), Hyphens(lines))
    for page in pages:
        writer.write(page)
    return builder.build(n_pages=len(pages))


def _open(data: bytes) -> Any:
    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if pdfium.FPDF_GetLastError() == pdfium.FPDF_ERR_PASSWORD or "password" in str(error).lower():
            raise EncryptedFile("the PDF needs a password") from error
        raise CorruptFile("the PDF is incomplete or damaged") from error


def _iter_pages(document: Any, tables: RuledTables, builder: TextBuilder) -> Iterator[PageLayout]:
    for index in range(len(document)):
        try:
            page = document[index]
        except pypdfium2.PdfiumError:
            builder.warnings.append(Warning("page_unreadable", f"page {index + 1}"))
            yield PageLayout(index + 1, 0.0, [])
            continue
        try:
            yield _page(page, index, tables, builder)
        finally:
            page.close()


def _page(page: Any, index: int, tables: RuledTables, builder: TextBuilder) -> PageLayout:
    frame = frame_of(page)
    grids = tables.find(index) if is_ruled(iter_paths(page, frame)) else []
    finder = CellFinder(grids)
    fragments = read_fragments(iter_glyphs(page, frame), finder)
    n_chars = sum(len(word.text) for fragment in fragments for word in fragment.words)
    if n_chars < MIN_PAGE_CHARS and has_pictures(page):
        builder.warnings.append(Warning("page_without_text", f"page {index + 1}"))
    return lay_out(index + 1, frame.height, fragments, finder, grids)
