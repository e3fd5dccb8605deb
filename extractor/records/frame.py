"""What every part of the record is built from: the annotated text, its structure, and the ids that the record gives."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from extractor.annotations import AnnotatedText, Relation, Span
from extractor.normalize.meetings import Calendar
from extractor.structure.model import AgendaEntry, Structure


@dataclass(frozen=True)
class Frame:
    """One document on its way to the record; offsets are characters of the text."""

    annotated: AnnotatedText
    structure: Structure
    calendar: Calendar

    @property
    def text(self) -> str:
        """The text of the document."""
        return self.annotated.text

    @cached_property
    def spans(self) -> dict[str, Span]:
        """The spans by their ids."""
        return self.annotated.by_id()

    @cached_property
    def persons(self) -> tuple[Span, ...]:
        """The PERSON spans, in order."""
        return self.annotated.with_label("PERSON")

    @cached_property
    def span_ids(self) -> dict[str, str]:
        """The id that a span has in the record: s1, s2, … in the order of the text."""
        return {span.id: f"s{n}" for n, span in enumerate(self.annotated.spans, 1)}

    @cached_property
    def by_record_id(self) -> dict[str, Span]:
        """The spans by the ids that the record gives them."""
        return {self.span_ids[span.id]: span for span in self.annotated.spans}

    @cached_property
    def _relations(self) -> dict[tuple[str, str], list[Relation]]:
        found: dict[tuple[str, str], list[Relation]] = {}
        for relation in self.annotated.relations:
            found.setdefault((relation.head, relation.kind), []).append(relation)
        return found

    def relations(self, head: Span, kind: str) -> list[Relation]:
        """The relations of a kind that the span has, in order."""
        return self._relations.get((head.id, kind), [])

    def tails(self, head: Span, kind: str) -> list[Span]:
        """The spans that the span refers to by a relation, in order."""
        return [self.spans[relation.tail] for relation in self.relations(head, kind)]

    def words(self, span: Span) -> str:
        """The text of a span on one line."""
        return " ".join(span.text_of(self.text).split())

    def confidence(self, span: Span) -> float:
        """The score of a span; rounding beyond 0 and 1 is cut off."""
        return min(1.0, max(0.0, span.score))

    @cached_property
    def agenda_ids(self) -> tuple[str, ...]:
        """The ids of the agenda entries, in their order."""
        return tuple(f"i{n}" for n, _ in enumerate(self.structure.agenda, 1))

    def agenda_item(self, span: Span) -> str | None:
        """The id of the innermost agenda entry in which the span begins."""
        around = [(at, entry) for at, entry in self._entries() if entry.start <= span.start < entry.end]
        return self.agenda_ids[max(around, key=lambda pair: (pair[1].level, pair[0]))[0]] if around else None

    def _entries(self) -> Iterator[tuple[int, AgendaEntry]]:
        return enumerate(self.structure.agenda)
