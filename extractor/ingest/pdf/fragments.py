"""Printed characters to words, words to fragments: runs of words on one line, in one column, in one table cell."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

from extractor.ingest.characters import plain_character
from extractor.ingest.pdf.glyphs import MAX_STAGGER, MIN_SIZE_POINTS, Glyph, PageGlyphs
from extractor.ingest.pdf.tables import CellFinder
from extractor.ingest.source import Box

SAME_LINE_OVERLAP: Final = 0.55
"""Fraction of the lower height that two boxes of one line share."""
WIDE_GAP_HEIGHTS: Final = 1.0
"""A gap that no justified line has, in line heights: it parts columns."""
BACK_HEIGHTS: Final = 0.5
NEW_WORD_HEIGHTS: Final = 0.3
MIN_PLAIN_RUN: Final = 2
"""Characters of a run of which each is known to be typed as it is printed."""
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


@dataclass(frozen=True, slots=True)
class FragmentedText:
    """The fragments of a page, and for each cell how many words its borders cut."""

    fragments: list[Fragment]
    n_cut_words: Mapping[int, int]


def read_fragments(glyphs: PageGlyphs, finder: CellFinder) -> FragmentedText:
    """The upright characters, in the order given, cut where the line, the column or the table cell changes."""
    reader = _FragmentReader(finder)
    for run, turn in enumerate(glyphs.turns):
        if turn == 0:
            reader.take_run(glyphs, run)
    reader.end_fragment()
    return FragmentedText(reader.fragments, reader.n_cut_words)


class _FragmentReader:
    def __init__(self, finder: CellFinder) -> None:
        self.fragments: list[Fragment] = []
        self.n_cut_words: Counter[int] = Counter()
        self._finder = finder
        self._current: Fragment | None = None
        self._chars: list[str] = []
        self._box: list[float] = []
        self._last: Glyph | None = None

    def take_run(self, glyphs: PageGlyphs, run: int) -> None:
        """As `take` of each character; of a run, most that is asked about the first one holds for the others."""
        start, past = glyphs.starts[run], glyphs.starts[run + 1]
        if glyphs.chars[start] == " ":
            if self._chars:
                self._end_word()
            return
        if self._goes_on(glyphs, run, start, past):
            return
        first = Glyph(glyphs.chars[start], *glyphs.first_boxes[run])
        before = self._last
        self.take(first)
        if past - start == 1:
            return
        last = Glyph(glyphs.chars[past - 1], *glyphs.last_boxes[run])
        is_new = self._last is first and (before is None or before[1:5] != first[1:5])
        if not is_new or not self._finder.holds((last.x0 + last.x1) / 2, (last.y0 + last.y1) / 2, first.x0):
            for glyph in islice(glyphs.iter_run(run), 1, None):
                self.take(glyph)
            return
        self._chars.append(glyphs.chars[start + 1 : past])
        self._widen(*glyphs.boxes[run], *glyphs.tallest[run])
        self._last = last

    def _goes_on(self, glyphs: PageGlyphs, run: int, start: int, past: int) -> bool:
        """Take a run that is the next word of the line, as most are; False for one that is not plainly so."""
        current = self._current
        if current is None or self._chars or past - start < MIN_PLAIN_RUN:
            return False
        x0, y0, x1, y1 = glyphs.boxes[run]
        height = y1 - y0
        stagger = MAX_STAGGER * height
        if height < MIN_SIZE_POINTS or abs(y0 - current.y0) > stagger or abs(y1 - current.y1) > stagger:
            return False
        if glyphs.first_boxes[run][2] <= x0 or not 0.0 < x0 - current.x1 <= WIDE_GAP_HEIGHTS * current.height:
            return False
        if self._finder.cells and not self._is_in_cell(glyphs, run, current.cell):
            return False
        self._chars.append(glyphs.chars[start:past])
        self._box = [x0, y0, x1, y1]
        self._widen(x0, y0, x1, y1, *glyphs.tallest[run])
        self._last = Glyph(glyphs.chars[past - 1], *glyphs.last_boxes[run])
        return True

    def _is_in_cell(self, glyphs: PageGlyphs, run: int, cell: int | None) -> bool:
        """Whether all characters of a run lie in the cell, or all in none."""
        x0, y0, x1, y1 = glyphs.first_boxes[run]
        if self._finder((x0 + x1) / 2, (y0 + y1) / 2) != cell:
            return False
        last_x0, last_y0, last_x1, last_y1 = glyphs.last_boxes[run]
        return self._finder.holds((last_x0 + last_x1) / 2, (last_y0 + last_y1) / 2, x0)

    def take(self, glyph: Glyph) -> None:
        if glyph.char in SOFT_HYPHENS:
            self._hyphen()
            return
        if glyph.char in "\r\n":
            return
        char = plain_character(glyph.char)
        if not char or char.isspace():
            self._end_word()
            return
        cell = self._finder((glyph.x0 + glyph.x1) / 2, (glyph.y0 + glyph.y1) / 2)
        is_same_place = self._last is not None and self._last[1:5] == glyph[1:5]  # the letters of a ligature
        if not is_same_place and self._is_double(glyph):
            return
        if not is_same_place and self._current is not None and self._breaks(glyph, cell):
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
        self._chars.append(char)
        self._widen(*glyph[1:5], glyph.y0, glyph.y1)
        self._last = glyph

    def _widen(self, x0: float, y0: float, x1: float, y1: float, tallest_y0: float, tallest_y1: float) -> None:
        """Let the word hold a box, and the fragment its sides and the height of its tallest character.

        Comparisons, for this runs for every word.
        """
        current, box = self._current, self._box
        assert current is not None
        if x0 < box[0]:
            box[0] = x0
        if y0 < box[1]:
            box[1] = y0
        if x1 > box[2]:
            box[2] = x1
        if y1 > box[3]:
            box[3] = y1
        if x0 < current.x0:
            current.x0 = x0
        if x1 > current.x1:
            current.x1 = x1
        if tallest_y1 - tallest_y0 > current.y1 - current.y0:
            current.y0, current.y1 = tallest_y0, tallest_y1

    def _new_word_gap(self, char: str, glyph: Glyph) -> float:
        """From which gap on a word begins without a space, in points; more where a raised "th" follows a figure."""
        raised = self._chars and self._chars[-1][-1].isdigit() and char in "snrt" and glyph.y1 < self._box[3] - 1
        return (2 * NEW_WORD_HEIGHTS if raised else NEW_WORD_HEIGHTS) * (glyph.y1 - glyph.y0)

    def _is_double(self, glyph: Glyph) -> bool:
        """Whether the character is printed once more, a little aside, to look bold."""
        last = self._last
        return (
            last is not None
            and last.char == glyph.char
            and abs(last.x0 - glyph.x0) < 0.25 * (glyph.x1 - glyph.x0)
            and abs(last.y0 - glyph.y0) < 0.25 * (glyph.y1 - glyph.y0)
        )

    def _breaks(self, glyph: Glyph, cell: int | None) -> bool:
        current = self._current
        assert current is not None
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
            x0, y0, x1, y1 = self._box
            self._current.words.append(PrintedWord("".join(self._chars), (x0, y0, x1, y1), soft_hyphen))
        self._chars, self._box = [], []

    def end_fragment(self) -> None:
        self._end_word()
        if self._current is not None and self._current.words:
            self._current.order = len(self.fragments)
            self.fragments.append(self._current)
        self._current = None
