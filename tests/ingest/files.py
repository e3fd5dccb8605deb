"""Small files of every format, made by code. All names in them are invented."""

import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import Any

from docx import Document
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
ODT_MEDIA_TYPE = "application/vnd.oasis.opendocument.text"
_CONTENT_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Override PartName="/word/document.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
_ODT_SPACES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (("office", "office"), ("text", "text"), ("table", "table"), ("style", "style"))
)


def zip_of(members: dict[str, str | bytes]) -> bytes:
    """A zip archive."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def docx_of(body: str, *, numbering: str = "", styles: str = "", prolog: str = "") -> bytes:
    """A DOCX with the given XML in its body, numbering and styles."""
    members: dict[str, str | bytes] = {
        "[Content_Types].xml": _CONTENT_TYPES,
        "word/document.xml": f'{prolog}<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>',
    }
    if numbering:
        members["word/numbering.xml"] = f'<w:numbering xmlns:w="{W}">{numbering}</w:numbering>'
    if styles:
        members["word/styles.xml"] = f'<w:styles xmlns:w="{W}">{styles}</w:styles>'
    return zip_of(members)


def p(text: str, properties: str = "") -> str:
    """A DOCX paragraph of one run."""
    return f'<w:p><w:pPr>{properties}</w:pPr><w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def listed(text: str, level: int = 0, num_id: int = 1) -> str:
    """A DOCX paragraph in a list."""
    return p(text, f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{num_id}"/></w:numPr>')


def levels(*formats: tuple[str, str]) -> str:
    """A DOCX list definition 0 with list 1, a (format, pattern) a level."""
    rows = "".join(
        f'<w:lvl w:ilvl="{i}"><w:start w:val="1"/><w:numFmt w:val="{fmt}"/><w:lvlText w:val="{pattern}"/></w:lvl>'
        for i, (fmt, pattern) in enumerate(formats)
    )
    abstract = f'<w:abstractNum w:abstractNumId="0">{rows}</w:abstractNum>'
    return abstract + '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'


def word_docx(paragraphs: list[str]) -> bytes:
    """A DOCX as a common library writes it."""
    document = Document()
    for text in paragraphs:
        document.add_paragraph(text)
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def odt_of(body: str, styles: str = "", *, manifest: str = "") -> bytes:
    """An ODT with the given XML in its body and automatic styles."""
    content = (
        f"<office:document-content {_ODT_SPACES}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:text>{body}</office:text></office:body></office:document-content>"
    )
    members: dict[str, str | bytes] = {"mimetype": ODT_MEDIA_TYPE, "content.xml": content}
    if manifest:
        members["META-INF/manifest.xml"] = manifest
    return zip_of(members)


class PdfMaker:
    """Draws pages; positions are points from the top left of a page of 600 by 800."""

    def __init__(self, *, password: str | None = None, compressed: bool = True) -> None:
        self._out = BytesIO()
        encrypt: Any = StandardEncryption(password, canPrint=1) if password else None
        self._canvas = Canvas(
            self._out, pagesize=(600, 800), encrypt=encrypt, pageCompression=int(compressed), invariant=1
        )
        self.size = 11.0

    def text(self, x: float, y: float, *lines: str, size: float | None = None, pitch: float = 14.0) -> None:
        """Lines one below the other, the first with its baseline at y."""
        self._canvas.setFont("Helvetica", size or self.size)
        for index, line in enumerate(lines):
            self._canvas.drawString(x, 800 - y - index * pitch, line)

    def rule(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """A thin line."""
        self._canvas.line(x0, 800 - y0, x1, 800 - y1)

    def grid(self, xs: list[float], ys: list[float]) -> None:
        """The rules of a table."""
        for x in xs:
            self.rule(x, ys[0], x, ys[-1])
        for y in ys:
            self.rule(xs[0], y, xs[-1], y)

    def shade(self, x0: float, y0: float, x1: float, y1: float, grey: float) -> None:
        """A filled rectangle without border."""
        self._canvas.setFillGray(grey)
        self._canvas.rect(x0, 800 - y1, x1 - x0, y1 - y0, stroke=0, fill=1)
        self._canvas.setFillGray(0)

    def picture(self) -> None:
        """A picture over the page."""
        from PIL import Image
        from reportlab.lib.utils import ImageReader

        self._canvas.drawImage(ImageReader(Image.new("RGB", (8, 8), (200, 200, 200))), 0, 0, 600, 800)

    def turn(self, degrees: int) -> None:
        """Show the page turned."""
        self._canvas.setPageRotation(degrees)

    def drawn_turned(self, degrees: float, x: float, y: float, text: str) -> None:
        """A line turned against the clock around its start; x and y are from the bottom left of the sheet."""
        self._canvas.saveState()
        self._canvas.translate(x if degrees != 180 else 400, y if degrees != 270 else 400)
        self._canvas.rotate(degrees)
        self._canvas.setFont("Helvetica", self.size)
        self._canvas.drawString(0, 0, text)
        self._canvas.restoreState()

    def form(self, x: float, y: float, draw: Callable[["PdfMaker"], None]) -> None:
        """What `draw` draws, as a form that the page shows moved to the right and down."""
        self._canvas.beginForm("form")
        draw(self)
        self._canvas.endForm()
        self._canvas.saveState()
        self._canvas.translate(x, -y)
        self._canvas.doForm("form")
        self._canvas.restoreState()

    def next_page(self) -> None:
        """Begin a page."""
        self._canvas.showPage()

    def done(self) -> bytes:
        """The file."""
        self._canvas.showPage()
        self._canvas.save()
        return self._out.getvalue()
