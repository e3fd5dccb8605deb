"""Makes an archive of our own minutes in five formats, with broken and deadly files among them, in folders and zips.

`python -m tests.batch.made_archive DIR [FILES]`
"""

import io
import random
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from html import escape
from pathlib import Path
from typing import Final

from docx import Document
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from tests.pipelines import TEXT

ROOT: Final = Path(__file__).parents[2]
GOLD: Final = ROOT / "data" / "gold"
BROKEN_SHARE: Final = 0.01
POISON: Final = "This kills its reader."
FILES_IN_FOLDER: Final = 200
FILES_IN_ZIP: Final = 20


@dataclass(frozen=True)
class Made:
    """What the archive holds."""

    n_documents: int
    bad: frozenset[str]
    """Paths of the files that cannot be read."""


def make_archive(folder: Path, n_files: int, *, texts: list[str] | None = None, seed: int = 0) -> Made:
    """Make the archive; each document differs from the others in its last line."""
    rng = random.Random(seed)
    texts = texts or [TEXT]
    bad: set[str] = set()
    pack: dict[str, bytes] = {}
    forms = list(FORMS.items())
    for number in range(n_files):
        where = f"{2000 + number // FILES_IN_FOLDER}"
        text = f"{texts[number % len(texts)]}\nPaper {number}\n"
        suffix, render = forms[number % len(forms)]
        name, content = f"{number:05d}{suffix}", render(text)
        if rng.random() < BROKEN_SHARE:
            suffix, content = rng.choice(BROKEN)(content)
            name = f"{number:05d}{suffix}"
            bad.add(f"{where}/{name}")
        elif number % FILES_IN_ZIP < 3:
            pack[f"{where}/{name}"] = content
            continue
        path = folder / where / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    if pack:
        with zipfile.ZipFile(folder / "boxes.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in pack.items():
                archive.writestr(name, content)
    return Made(n_files, frozenset(bad))


def _pdf(text: str) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=True)
    lines = [line for paragraph in text.split("\n") for line in _wrapped(paragraph)]
    for start in range(0, len(lines), 55):
        page = canvas.beginText(50, 790)
        page.setFont("Helvetica", 10)
        for line in lines[start : start + 55]:
            page.textLine(line)
        canvas.drawText(page)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _wrapped(paragraph: str) -> list[str]:
    lines = [""]
    for word in paragraph.split(" "):
        if len(lines[-1]) + len(word) > 95:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _docx(text: str) -> bytes:
    document = Document()
    for line in text.split("\n"):
        document.add_paragraph("".join(c for c in line if c >= " "))
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _html(text: str) -> bytes:
    return f"<html><body>{''.join(f'<p>{escape(line)}</p>' for line in text.split(chr(10)))}</body></html>".encode()


def _mail(text: str) -> bytes:
    message = EmailMessage()
    message["Subject"] = "Minutes"
    message.set_content(text)
    return message.as_bytes()


FORMS: Final[dict[str, Callable[[str], bytes]]] = {
    ".txt": lambda text: text.encode(),
    ".pdf": _pdf,
    ".docx": _docx,
    ".html": _html,
    ".eml": _mail,
}
BROKEN: Final[list[Callable[[bytes], tuple[str, bytes]]]] = [
    lambda content: (".pdf", b"%PDF-1.7 and no more " + content[:20]),
    lambda content: (".docx", b"PK\x03\x04" + content[:40]),
    lambda content: (".txt", b" \n"),
    lambda content: (".png", b"\x89PNG\r\n\x1a\n" + bytes(64) + content[:8]),
    lambda content: (".txt", POISON.encode() + content[-20:]),
]


def main() -> None:
    """Make one of the gold minutes and print what is in it."""
    folder, n_files = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5000
    texts = [path.read_text(encoding="utf-8") for path in sorted(GOLD.glob("*/*.txt"))]
    made = make_archive(folder, n_files, texts=texts)
    print(f"{made.n_documents} documents, {len(made.bad)} of them bad")


if __name__ == "__main__":
    main()
