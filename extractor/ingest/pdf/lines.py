"""Fragments to lines; the order of the lines over the page is decided elsewhere."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from extractor.ingest.characters import plain
from extractor.ingest.pdf.fragments import SAME_LINE_OVERLAP, WIDE_GAP_HEIGHTS, Fragment, PrintedWord
from extractor.ingest.pdf.glyphs import MIN_SIZE_POINTS, Glyph
from extractor.ingest.source import Box


@dataclass(slots=True)
class PrintedLine:
    """The fragments of a line from left to right; between them are wide gaps."""

    fragments: list[Fragment] = field(default_factory=list)

    @property
    def x0(self) -> float:
        """Points from the left."""
        return self.fragments[0].x0

    @property
    def x1(self) -> float:
        """Points from the left."""
        return max(f.x1 for f in self.fragments)

    @property
    def y0(self) -> float:
        """Points from the top."""
        return min(f.y0 for f in self.fragments)

    @property
    def y1(self) -> float:
        """Points from the top."""
        return max(f.y1 for f in self.fragments)

    @property
    def height(self) -> float:
        """Of the widest fragment, in points."""
        return max(self.fragments, key=lambda f: f.x1 - f.x0).height

    @property
    def order(self) -> int:
        """Rank in which the page prints its first fragment."""
        return min(f.order for f in self.fragments)

    @property
    def words(self) -> list[PrintedWord]:
        """The words of all fragments."""
        return [word for f in self.fragments for word in f.words]

    @property
    def text(self) -> str:
        """The fragments, two spaces between them."""
        return "  ".join(f.text for f in self.fragments)


def same_line(a: Fragment, b: Fragment) -> bool:
    """Whether two fragments stand on one line, by their heights alone."""
    shared = min(a.y1, b.y1) - max(a.y0, b.y0)
    return shared > SAME_LINE_OVERLAP * max(min(a.height, b.height), MIN_SIZE_POINTS)


def read_turned(glyphs: Iterable[Glyph]) -> list[PrintedLine]:
    """Text that runs up, down or aslant, such as a watermark or a stamp at the margin, as one line if there is any."""
    words: list[PrintedWord] = []
    chars: list[Glyph] = []
    for glyph in (*glyphs, None):
        if glyph is not None and plain(glyph.char).strip():
            chars.append(glyph)
        elif chars and (glyph is None or glyph.char == " "):
            x0, y0 = min(g.x0 for g in chars), min(g.y0 for g in chars)
            x1, y1 = max(g.x1 for g in chars), max(g.y1 for g in chars)
            words.append(PrintedWord("".join(plain(g.char) for g in chars), (x0, y0, x1, y1)))
            chars = []
    if not words:
        return []
    x0, y0 = min(w.box[0] for w in words), min(w.box[1] for w in words)
    return [PrintedLine([Fragment(words, x0, y0, max(w.box[2] for w in words), max(w.box[3] for w in words))])]


def join_lines(fragments: Sequence[Fragment]) -> list[PrintedLine]:
    """Lines in the order of their first fragments.

    A fragment continues the line before it where it stands to the right of it; any other line only where it almost
    touches it, as bullets and words do that are printed out of order.
    """
    lines: list[PrintedLine] = []
    rows: dict[int, list[PrintedLine]] = {}
    for fragment in fragments:
        if lines and _continues(lines[-1].fragments[-1], fragment):
            lines[-1].fragments.append(fragment)
            continue
        home = next((line for line in _near(rows, fragment) if _touches(line, fragment)), None)
        if home is not None:
            home.fragments.append(fragment)
            home.fragments.sort(key=lambda f: f.x0)
        else:
            lines.append(PrintedLine([fragment]))
            for row in _row_keys(fragment):
                rows.setdefault(row, []).append(lines[-1])
    for line in lines:
        line.fragments = list(_fused(line.fragments))
    return lines


_ROW_POINTS: Final = 20.0


def _row_keys(fragment: Fragment) -> range:
    return range(int(fragment.y0 // _ROW_POINTS), int(fragment.y1 // _ROW_POINTS) + 1)


def _near(rows: dict[int, list[PrintedLine]], fragment: Fragment) -> Iterator[PrintedLine]:
    for row in _row_keys(fragment):
        yield from rows.get(row, ())


def _continues(last: Fragment, fragment: Fragment) -> bool:
    tolerance = 0.3 * max(last.height, MIN_SIZE_POINTS)
    return same_line(last, fragment) and fragment.x0 >= last.x1 - tolerance and last.cell == fragment.cell


def _touches(line: PrintedLine, fragment: Fragment) -> bool:
    if line.fragments[0].cell != fragment.cell:
        return False
    reach = WIDE_GAP_HEIGHTS * max(fragment.height, MIN_SIZE_POINTS)
    for other in line.fragments:
        gap = max(fragment.x0 - other.x1, other.x0 - fragment.x1)
        if same_line(other, fragment) and -0.3 * fragment.height <= gap <= reach:
            return True
    return False


def _fused(fragments: Sequence[Fragment]) -> Iterator[Fragment]:
    """Neighbours without a wide gap as one fragment; without any gap their words are one, too."""
    held: Fragment | None = None
    for fragment in fragments:
        if held is None:
            held = fragment
            continue
        gap = fragment.x0 - held.x1
        if gap > WIDE_GAP_HEIGHTS * max(held.height, fragment.height):
            yield held
            held = fragment
        else:
            held = _joined(held, fragment, gap)
    if held is not None:
        yield held


def _joined(a: Fragment, b: Fragment, gap: float) -> Fragment:
    words = [*a.words, *b.words]
    if gap < 0.1 * min(a.height, b.height):
        left, right = a.words[-1], b.words[0]
        box = (left.box[0], min(left.box[1], right.box[1]), right.box[2], max(left.box[3], right.box[3]))
        words = [*a.words[:-1], PrintedWord(left.text + right.text, box, right.soft_hyphen), *b.words[1:]]
    return Fragment(words, *_around(a, b), a.cell, min(a.order, b.order))


def _around(a: Fragment, b: Fragment) -> Box:
    return min(a.x0, b.x0), min(a.y0, b.y0), max(a.x1, b.x1), max(a.y1, b.y1)
