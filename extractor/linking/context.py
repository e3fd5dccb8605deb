"""A text with its spans as the linking rules ask for them: by label, by place, by sentence, line and cell."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from extractor.annotations import AnnotatedText, Span
from extractor.linking.table import ActionTable
from extractor.scheme import LABELS
from extractor.structure.model import Structure

_SENTENCE_END: Final = re.compile(
    r"(?<!\b[A-Z])(?<!\b(?:Mr|Dr|St|No|vs|eg|ie))(?<!\b(?:Mrs|Rev|etc|Clr|Cmr))(?<!\bCllr)[.!?]['\")\]*_]{0,3}\s+(?=[\"'(\[*_•]{0,3}[A-Z0-9])"
    r"|\n[ \t]*\n\s*|\n\s*(?=(?:[-*•▪o+]|\(?\w{1,3}[.)])\s)|\n(?=[A-Z][\w ]{0,30}:)|\n\s*(?=\|)"
)
_COLUMN: Final = re.compile(r"\s*\|\s*|\t+|[ ]{3,}")


@dataclass(frozen=True)
class Context:
    """Lookups over one annotated text; offsets are characters."""

    annotated: AnnotatedText
    structure: Structure

    @cached_property
    def table(self) -> ActionTable:
        """The action tables of the document."""
        return ActionTable(self.structure)

    @cached_property
    def _set_apart(self) -> set[int]:
        """Where the task behind an action label begins."""
        return {self._first_sign(label.end) for label in self.structure.action_labels if label.content == "task"}

    def _first_sign(self, position: int) -> int:
        while position < len(self.text) and not self.text[position].isalnum():
            position += 1
        return position

    def is_set_apart(self, action: Span) -> bool:
        """Whether the task stands behind a label such as "Action 3:", in an action table, or in a summary."""
        starts = range(action.start, min(action.start + 3, action.end))
        if any(start in self._set_apart for start in starts):
            return True
        return any(region.start <= action.start < region.end for region in self.structure.action_regions)

    @property
    def text(self) -> str:
        """The text itself."""
        return self.annotated.text

    @cached_property
    def _by_label(self) -> dict[str, tuple[Span, ...]]:
        return {label: self.annotated.with_label(label) for label in LABELS}

    @cached_property
    def agents(self) -> tuple[Span, ...]:
        """Persons and roles, in order."""
        return self.annotated.with_label("PERSON", "ROLE")

    @cached_property
    def times(self) -> tuple[Span, ...]:
        """Target meetings and due dates, in order."""
        return self.annotated.with_label("TARGET_MEETING", "DUE_DATE")

    @cached_property
    def _cuts(self) -> list[int]:
        return [0, *(m.end() for m in _SENTENCE_END.finditer(self.text)), len(self.text)]

    @cached_property
    def _breaks(self) -> list[int]:
        return [m.start() for m in re.finditer("\n", self.text)]

    @cached_property
    def _paragraph_breaks(self) -> list[int]:
        return [m.end() for m in re.finditer(r"\n[ \t]*\n", self.text)]

    def of(self, label: str) -> tuple[Span, ...]:
        """The spans of a label, in order."""
        return self._by_label[label]

    def sentence(self, position: int) -> tuple[int, int]:
        """Start and end of the sentence, list entry or table row around a character."""
        at = min(bisect_right(self._cuts, position), len(self._cuts) - 1)
        return self._cuts[at - 1], self._cuts[at]

    def line(self, position: int) -> tuple[int, int]:
        """Start and end of the line around a character, without its break."""
        at = bisect_left(self._breaks, position)
        start = self._breaks[at - 1] + 1 if at else 0
        return start, self._breaks[at] if at < len(self._breaks) else len(self.text)

    def paragraph(self, position: int) -> int:
        """The number of the paragraph around a character."""
        return bisect_right(self._paragraph_breaks, position)

    def paragraph_bounds(self, position: int) -> tuple[int, int]:
        """Start and end of the paragraph around a character."""
        breaks, number = self._paragraph_breaks, self.paragraph(position)
        return breaks[number - 1] if number else 0, breaks[number] if number < len(breaks) else len(self.text)

    def between(self, one: Span, other: Span) -> str:
        """The characters from the end of the earlier span to the start of the later one."""
        first, last = (one, other) if one.start <= other.start else (other, one)
        return self.text[first.end : last.start]

    def is_cell(self, first: Span, last: Span | None = None) -> bool:
        """Whether the span (or all up to `last`) stands in a column of its own, not the first, on its line."""
        past = (last or first).end
        start, end = self.line(first.start)
        before, after = self.text[start : first.start], self.text[past : max(past, end)]
        return bool(
            re.search(r"(?:\|[\s*_@]*|\t\s*|[ ]{3,})$", before)
            and before.strip(" \t|*_")
            and re.match(r"[\s*_]*(?:\||$|\t|[ ]{3,})", after)
        )


def within(spans: Sequence[Span], start: int, end: int) -> tuple[Span, ...]:
    """The spans, given in order, that lie inside the stretch."""
    first = bisect_left(spans, start, key=lambda s: s.start)
    last = bisect_left(spans, end, key=lambda s: s.start)
    return tuple(span for span in spans[first:last] if span.end <= end)


def n_columns_between(gap: str) -> int:
    """How many column gaps a stretch holds."""
    return len(_COLUMN.findall(gap))
