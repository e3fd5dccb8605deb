"""Printed characters to words, words to fragments of a line, fragments to lines; their order is decided elsewhere."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from extractor.ingest.characters import plain
from extractor.ingest.pdf.glyphs import MIN_SIZE_POINTS, Glyph
from extractor.ingest.source import Box

SAME_LINE_OVERLAP: Final = 0.55
"""Fraction of the lower height that two boxes of one line share."""
WIDE_GAP_HEIGHTS: Final = 1.0
"""A gap that no justified line has, in line heights: it parts columns."""
BACK_HEIGHTS: Final = 0.5
NEW_WORD_HEIGHTS: Final = 0.3
SOFT_HYPHENS: Final = "\u0002\u00ad\ufffe"


@dataclass(slots=True)
class PrintedWord:
    """Characters without white space; `soft_hyphen` says that the typesetter broke the word after it."""

    text: str
    box: Box
    soft_hyphen: bool = False


@dataclass(slots=True)
class Fragment:
    """Words on one line without a wide gap; `cell` is the number of the table cell that they lie in."""

    words: list[PrintedWord]
    x0: float
    y0: float
    x1: float
    y1: float
    cell: int | None = None
    order: int = 0
    """Rank in which the page prints it."""

    @property
    def height(self) -> float:
        """Points."""
        return self.y1 - self.y0

    @property
    def text(self) -> str:
        """The words, a space between them."""
        return " ".join(word.text for word in self.words)


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


@dataclass(frozen=True, slots=True)
class FragmentedText:
    """The fragments of a page, and for each cell how many words its borders cut."""

    fragments: list[Fragment]
    n_cut_words: Mapping[int, int]


def read_fragments(glyphs: Iterable[Glyph], cell_of: Callable[[float, float], int | None]) -> FragmentedText:
    """The characters, in the order given, cut where the line, the column or the table cell changes."""
    reader = _FragmentReader(cell_of)
    for glyph in glyphs:
        reader.take(glyph)
    reader.end_fragment()
    return FragmentedText(reader.fragments, reader.n_cut_words)


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


class _FragmentReader:
    def __init__(self, cell_of: Callable[[float, float], int | None]) -> None:
        self.fragments: list[Fragment] = []
        self.n_cut_words: Counter[int] = Counter()
        self._cell_of = cell_of
        self._current: Fragment | None = None
        self._chars: list[str] = []
        self._box: list[float] = []
        self._last: Glyph | None = None

    def take(self, glyph: Glyph) -> None:
        if glyph.char in SOFT_HYPHENS:
            self._hyphen()
            return
        char = plain(glyph.char)
        if glyph.char in "\r\n":
            return
        if not char.strip():
            self._end_word()
            return
        cell = self._cell_of((glyph.x0 + glyph.x1) / 2, (glyph.y0 + glyph.y1) / 2)
        if self._is_double(glyph):
            return
        if self._current is not None and self._breaks(glyph, cell):
            self.end_fragment()
        if self._box and glyph.x0 - self._box[2] > self._new_word_gap(char, glyph):
            self._end_word()
        if self._current is None:
            self._current = Fragment([], glyph.x0, glyph.y0, glyph.x1, glyph.y1, cell)
        self._extend(char, glyph)

    def _extend(self, char: str, glyph: Glyph) -> None:
        current = self._current
        assert current is not None
        if not self._box:
            self._box = [glyph.x0, glyph.y0, glyph.x1, glyph.y1]
        box = self._box
        box[:] = min(box[0], glyph.x0), min(box[1], glyph.y0), max(box[2], glyph.x1), max(box[3], glyph.y1)
        self._chars.append(char)
        current.x0, current.x1 = min(current.x0, glyph.x0), max(current.x1, glyph.x1)
        if glyph.y1 - glyph.y0 > current.height:
            current.y0, current.y1 = glyph.y0, glyph.y1
        self._last = glyph

    def _new_word_gap(self, char: str, glyph: Glyph) -> float:
        """From which gap on a word begins without a space, in points; more where a raised "th" follows a figure."""
        raised = self._chars[-1:] and self._chars[-1].isdigit() and char in "snrt" and glyph.y1 < self._box[3] - 1
        return (2 * NEW_WORD_HEIGHTS if raised else NEW_WORD_HEIGHTS) * (glyph.y1 - glyph.y0)

    def _is_double(self, glyph: Glyph) -> bool:
        """Whether the character is printed once more, a little aside, to look bold."""
        last = self._last
        return (
            last is not None
            and not _same_box(last, glyph)
            and last.char == glyph.char
            and abs(last.x0 - glyph.x0) < 0.25 * (glyph.x1 - glyph.x0)
            and abs(last.y0 - glyph.y0) < 0.25 * (glyph.y1 - glyph.y0)
        )

    def _breaks(self, glyph: Glyph, cell: int | None) -> bool:
        current = self._current
        assert current is not None
        if self._last is not None and _same_box(self._last, glyph):
            return False  # the letters of a ligature
        if cell != current.cell:
            self._count_cut(glyph, cell)
            return True
        height = glyph.y1 - glyph.y0
        shared = min(current.y1, glyph.y1) - max(current.y0, glyph.y0)
        if shared <= SAME_LINE_OVERLAP * max(min(current.height, height), MIN_SIZE_POINTS):
            return True
        size = max(current.height, MIN_SIZE_POINTS)
        return glyph.x0 > current.x1 + WIDE_GAP_HEIGHTS * size or glyph.x0 < current.x1 - BACK_HEIGHTS * size

    def _count_cut(self, glyph: Glyph, cell: int | None) -> None:
        """Note a border that runs through the middle of a word."""
        current = self._current
        assert current is not None
        height = glyph.y1 - glyph.y0
        if self._chars and abs(glyph.x0 - current.x1) < 0.1 * height and abs(glyph.y1 - current.y1) < 0.3 * height:
            self.n_cut_words.update(number for number in (cell, current.cell) if number is not None)

    def _hyphen(self) -> None:
        if self._chars:
            self._chars.append("-")
            self._end_word(soft_hyphen=True)

    def _end_word(self, *, soft_hyphen: bool = False) -> None:
        if self._chars and self._current is not None:
            x0, y0, x1, y1 = (round(value, 2) for value in self._box)
            self._current.words.append(PrintedWord("".join(self._chars), (x0, y0, x1, y1), soft_hyphen))
        self._chars, self._box = [], []

    def end_fragment(self) -> None:
        self._end_word()
        if self._current is not None and self._current.words:
            self._current.order = len(self.fragments)
            self.fragments.append(self._current)
        self._current = None


def _same_box(a: Glyph, b: Glyph) -> bool:
    return (a.x0, a.y0, a.x1, a.y1) == (b.x0, b.y0, b.x1, b.y1)


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
