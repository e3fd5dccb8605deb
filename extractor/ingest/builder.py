"""Builds the flattened text of a document together with its blocks and printed words."""

from dataclasses import dataclass, field

from extractor.errors import LimitExceeded
from extractor.ingest.limits import Limits
from extractor.ingest.source import Block, BlockKind, Box, Warning, Word


@dataclass(frozen=True, slots=True)
class Content:
    """What a reader found, before the file's name and checksum are added."""

    text: str
    blocks: tuple[Block, ...] = ()
    words: tuple[Word, ...] = ()
    n_pages: int | None = None
    encoding: str | None = None
    warnings: tuple[Warning, ...] = ()


@dataclass(slots=True)
class TextBuilder:
    """Appends text; offsets of blocks and words follow from what was appended before."""

    limits: Limits
    blocks: list[Block] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    warnings: list[Warning] = field(default_factory=list)
    n_chars: int = 0
    _parts: list[str] = field(default_factory=list)
    _last: str = ""

    def add(self, text: str) -> None:
        """Append characters that belong to no printed word."""
        if text:
            self._parts.append(text)
            self._last = (self._last + text)[-2:]
            self.n_chars += len(text)
            if self.n_chars > self.limits.max_text_chars:
                raise LimitExceeded(f"more than {self.limits.max_text_chars} characters of text")

    def add_word(self, text: str, page: int, box: Box) -> None:
        """Append a printed word."""
        start = self.n_chars
        self.add(text)
        self.words.append(Word(start, self.n_chars, page, box))

    def new_line(self, *, blank: bool = False) -> None:
        """Begin a line, after a blank one if asked; does nothing where that is so already."""
        if self.n_chars and not self._last.endswith("\n"):
            self.add("\n")
        if blank and self.n_chars and self._last != "\n\n":
            self.add("\n")

    def add_block(
        self,
        start: int,
        kind: BlockKind,
        *,
        level: int | None = None,
        table: int | None = None,
        row: int | None = None,
        column: int | None = None,
    ) -> None:
        """Close a block that began at the offset `start`; an empty one is left out."""
        if start < self.n_chars:
            self.blocks.append(Block(start, self.n_chars, kind, level, table, row, column))

    def build(self, *, n_pages: int | None = None, encoding: str | None = None) -> Content:
        """The text without white space at its end."""
        text = "".join(self._parts).rstrip()
        words = tuple(self.words)
        return Content(text, tuple(self.blocks), words, n_pages, encoding, tuple(self.warnings))
