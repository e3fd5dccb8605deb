"""PDF to text, with the page and box of every word."""

import threading
from collections.abc import Iterator
from typing import Any, Final

import pypdfium2
import pypdfium2.raw as pdfium

from extractor.errors import CorruptFile, EncryptedFile, LimitExceeded
from extractor.ingest.builder import Content, TextBuilder
from extractor.ingest.limits import ReadOptions
from extractor.ingest.pdf.drawings import read_edges
from extractor.ingest.pdf.fragments import FragmentedText, read_fragments
from extractor.ingest.pdf.furniture import take_furniture
from extractor.ingest.pdf.glyphs import UNKNOWN, has_pictures, read_glyphs
from extractor.ingest.pdf.hyphens import Hyphens
from extractor.ingest.pdf.layout import PageLayout, lay_out
from extractor.ingest.pdf.lines import read_turned
from extractor.ingest.pdf.tables import CellFinder, find_grids
from extractor.ingest.pdf.writer import PageWriter, typography
from extractor.ingest.programs import recognise
from extractor.ingest.source import Warning

MIN_PAGE_CHARS: Final = 25
"""A page with a picture and fewer printed characters counts as scanned."""
MAX_CUT_WORDS: Final = 3
MAX_OPEN_ROWS_FRACTION: Final = 0.5
MAX_CUT_FRACTION: Final = 0.02
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
        try:
            if len(document) > options.limits.max_pages:
                raise LimitExceeded(f"{len(document)} pages, more than {options.limits.max_pages}")
            pages = list(_iter_pages(document, builder))
        finally:
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


def _iter_pages(document: Any, builder: TextBuilder) -> Iterator[PageLayout]:
    for index in range(len(document)):
        try:
            page = document[index]
        except pypdfium2.PdfiumError:
            builder.warnings.append(Warning("page_unreadable", f"page {index + 1}"))
            yield PageLayout(index + 1, 0.0, [])
            continue
        try:
            yield _page(page, index, builder)
        finally:
            page.close()


def _page(page: Any, index: int, builder: TextBuilder) -> PageLayout:
    glyphs, frame = read_glyphs(page)
    grids = find_grids(read_edges(page, frame))
    finder = CellFinder(grids)
    text = read_fragments(glyphs, finder)
    sound = [
        grid
        for number, grid in enumerate(grids)
        if not _cuts_words(text, finder, number) and not _leaves_words(text, finder, number)
    ]
    if len(sound) < len(grids):
        grids, finder = sound, CellFinder(sound)
        text = read_fragments(glyphs, finder)
    if len("".join(glyphs.chars.split())) < MIN_PAGE_CHARS and has_pictures(page):
        builder.warnings.append(Warning("page_without_text", f"page {index + 1}"))
    n_unknown = glyphs.chars.count(UNKNOWN)
    if n_unknown:
        builder.warnings.append(Warning("characters_unknown", f"page {index + 1}: {n_unknown}"))
    layout = lay_out(index + 1, frame.height, text.fragments, finder, grids)
    layout.foot += read_turned(glyphs.iter_turned())
    return layout


def _leaves_words(text: FragmentedText, finder: CellFinder, grid: int) -> bool:
    """Whether most rows go on in words beside their cells: other borders of the table are not drawn."""
    rows = {number: cell[1] for number, cell in enumerate(finder.cells) if cell[0] == grid}
    base_lines: dict[int, set[int]] = {}
    for fragment in text.fragments:
        if fragment.cell in rows:
            base_lines.setdefault(rows[fragment.cell], set()).add(round(fragment.y1))
    outside = {round(f.y1) + step for f in text.fragments if f.cell is None for step in (-1, 0, 1)}
    n_left = sum(not outside.isdisjoint(lines) for lines in base_lines.values())
    return n_left > max(1, MAX_OPEN_ROWS_FRACTION * len(base_lines))


def _cuts_words(text: FragmentedText, finder: CellFinder, grid: int) -> bool:
    """Whether the grid is a drawing behind the text rather than a table around it."""
    cells = {number for number, cell in enumerate(finder.cells) if cell[0] == grid}
    n_cut = sum(count for number, count in text.n_cut_words.items() if number in cells)
    n_words = sum(len(fragment.words) for fragment in text.fragments if fragment.cell in cells)
    return n_cut > MAX_CUT_WORDS + MAX_CUT_FRACTION * n_words
