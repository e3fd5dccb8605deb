"""How much a file may cost before reading it is given up. No logic lives here."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one document; each field says its unit and is above 0."""

    max_file_bytes: int = 200_000_000
    max_members: int = 5_000
    """Entries of a zip archive."""
    max_expanded_bytes: int = 300_000_000
    """Sum over the archive's members that are read."""
    max_expansion_ratio: int = 200
    """Expanded over compressed size of a member, from 10 MB expanded on."""
    max_depth: int = 200
    """Elements within each other in XML; HTML, which browsers nest deeper, gets five times as many."""
    max_paragraphs: int = 200_000
    max_text_chars: int = 50_000_000
    max_pages: int = 5_000
    max_attachments: int = 100
    max_memory_bytes: int = 3_000_000_000
    """Address space of the child process."""
    max_cpu_s: int = 120
    max_wall_s: float = 240.0


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the caller asked for; `encoding` is a codec's name and holds for text, Markdown, HTML and mail."""

    limits: Limits = Limits()
    encoding: str | None = None
    ocr: bool = False
