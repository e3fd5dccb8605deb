"""What every reader returns: the plain text, its blocks, and the way back to the file."""

import hashlib
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from extractor.normalize.dates import PartialDate

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in points, origin at the top left of the page."""


class BlockKind(StrEnum):
    """What a block is in the layout of the file."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    CELL = "cell"
    FURNITURE = "furniture"
    """A header or footer repeated over pages, or a page number: not part of the running text."""


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of the text that the file keeps together; blocks are sorted and do not overlap."""

    start: int
    end: int
    kind: BlockKind
    level: int | None = None
    """Depth of a heading or list item, from 1."""
    table: int | None = None
    row: int | None = None
    column: int | None = None
    """Number of the table in the file, row and column in it, from 0; for cells only."""


@dataclass(frozen=True, slots=True)
class Word:
    """A run of characters without white space and where it is printed; pages count from 1."""

    start: int
    end: int
    page: int
    box: Box


@dataclass(frozen=True, slots=True)
class Warning:
    """Something that a reader could not do, as a code and a detail without document text."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class SourceText:
    """A file as text. Lines end with LF; `words` is empty where the format has no pages."""

    name: str
    media_type: str
    sha256: str
    text: str
    blocks: tuple[Block, ...] = ()
    words: tuple[Word, ...] = ()
    n_pages: int | None = None
    encoding: str | None = None
    warnings: tuple[Warning, ...] = ()
    meeting_date: PartialDate | None = None
    """Of the meeting, as the caller knows it; what the text says comes first."""

    def locate(self, start: int, end: int) -> tuple[int | None, Box | None]:
        """The page on which the stretch begins and the box around its words there, or (None, None)."""
        first = bisect_left(self.words, start + 1, key=lambda w: w.end)
        inside = _until(self.words, first, end)
        if not inside:
            return None, None
        boxes = [w.box for w in inside if w.page == inside[0].page]
        x0, y0, x1, y1 = zip(*boxes, strict=True)
        return inside[0].page, (min(x0), min(y0), max(x1), max(y1))


def plain_source(text: str, name: str = "text") -> SourceText:
    """A string as if it had been read from a text file."""
    return SourceText(name, "text/plain", hashlib.sha256(text.encode()).hexdigest(), text)


def _until(words: Sequence[Word], first: int, end: int) -> Sequence[Word]:
    return words[first : bisect_left(words, end, key=lambda w: w.start)]
