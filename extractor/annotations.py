"""The data model at the centre: spans and relations over one text, checked once, here.

Offsets are Unicode code points of the text, end exclusive.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from extractor.errors import AnnotationError
from extractor.scheme import ATTRIBUTES, FREE_ATTRIBUTES, LABELS, LAYERS, RELATIONS

SCHEME_VERSION: Final = 1


def _no_attributes() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Span:
    """A labelled stretch of the text; `score` is a probability, 1.0 for gold."""

    id: str
    label: str
    start: int
    end: int
    score: float = 1.0
    attributes: Mapping[str, str] = field(default_factory=_no_attributes)

    def text_of(self, text: str) -> str:
        """The characters that the span covers."""
        return text[self.start : self.end]

    def overlaps(self, other: "Span") -> bool:
        """Whether the two share a character."""
        return self.start < other.end and other.start < self.end

    def contains(self, other: "Span") -> bool:
        """Whether `other` lies inside this span."""
        return self.start <= other.start and other.end <= self.end


@dataclass(frozen=True, slots=True)
class Relation:
    """An arrow from the span `head` to the span `tail`, by their ids; `basis` says what it rests on."""

    kind: str
    head: str
    tail: str
    score: float = 1.0
    basis: str | None = None


@dataclass(frozen=True, slots=True)
class AnnotatedText:
    """A text with its spans, sorted by start (longer first), and the relations between them.

    Raises:
        AnnotationError: an offset outside the text, an unknown label, two spans of one id, two
            overlapping spans of one layer, or a relation that the scheme does not have.
    """

    doc_id: str
    text: str
    spans: tuple[Span, ...]
    relations: tuple[Relation, ...] = ()

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.spans, key=lambda s: (s.start, -s.end, s.label not in LAYERS["statement"])))
        object.__setattr__(self, "spans", ordered)
        _check_spans(self)
        _check_relations(self)

    def by_id(self) -> dict[str, Span]:
        """The spans by their ids."""
        return {span.id: span for span in self.spans}

    def with_label(self, *labels: str) -> tuple[Span, ...]:
        """The spans of the given labels, in order."""
        return tuple(span for span in self.spans if span.label in labels)

    def tails(self, head: str, kind: str) -> tuple[str, ...]:
        """The ids that the span `head` refers to by `kind`, in the order in which they were given."""
        return tuple(r.tail for r in self.relations if r.head == head and r.kind == kind)


def _check_spans(annotated: AnnotatedText) -> None:
    seen: set[str] = set()
    last: dict[str, Span] = {}
    layer_of = {label: layer for layer, labels in LAYERS.items() for label in labels}
    for span in annotated.spans:
        where = f"{annotated.doc_id}: {span.label} {span.id} at {span.start}-{span.end}"
        if span.label not in LABELS:
            raise AnnotationError(f"{where}: no such label")
        if not 0 <= span.start < span.end <= len(annotated.text):
            raise AnnotationError(f"{where}: outside the text of {len(annotated.text)} characters")
        if span.id in seen:
            raise AnnotationError(f"{where}: the id stands twice")
        seen.add(span.id)
        before = last.get(layer_of[span.label])
        if before is not None and span.start < before.end:
            raise AnnotationError(f"{where}: overlaps {before.label} {before.id} of the same layer")
        last[layer_of[span.label]] = span
        for key, value in span.attributes.items():
            allowed = ATTRIBUTES.get((span.label, key))
            if allowed is None and (span.label, key) not in FREE_ATTRIBUTES:
                raise AnnotationError(f"{where}: takes no {key}=")
            if allowed is not None and value not in allowed:
                raise AnnotationError(f"{where}: {key}= is not one of {', '.join(allowed)}")


def _check_relations(annotated: AnnotatedText) -> None:
    spans = annotated.by_id()
    for relation in annotated.relations:
        where = f"{annotated.doc_id}: {relation.kind} {relation.head} -> {relation.tail}"
        head, tail = spans.get(relation.head), spans.get(relation.tail)
        if head is None or tail is None:
            raise AnnotationError(f"{where}: no such span")
        if tail.label not in RELATIONS.get((head.label, relation.kind), ()):
            raise AnnotationError(f"{where}: not between {head.label} and {tail.label}")


def from_standoff(record: Mapping[str, Any], text: str) -> AnnotatedText:
    """Labels in stand-off form laid over their text.

    Raises:
        AnnotationError: the text is not the one that was labelled (sha256), or the labels are broken.
    """
    doc_id = str(record["doc_id"])
    if hashlib.sha256(text.encode()).hexdigest() != record["sha256"]:
        raise AnnotationError(f"{doc_id}: the text is not the one that was labelled (sha256 differs)")
    spans, relations = [], []
    for row in record["spans"]:
        attributes: dict[str, str] = {}
        for key, value in row.get("attrs", {}).items():
            if isinstance(value, list):
                relations += [Relation(key, row["id"], tail) for tail in value]
            else:
                attributes[key] = value
        spans.append(Span(row["id"], row["label"], row["start"], row["end"], 1.0, MappingProxyType(attributes)))
    return AnnotatedText(doc_id, text, tuple(spans), tuple(relations))


def to_standoff(annotated: AnnotatedText) -> dict[str, Any]:
    """The stand-off form, which carries no text: `from_standoff` reads it back."""
    rows = []
    for span in annotated.spans:
        attrs: dict[str, Any] = dict(span.attributes)
        for relation in annotated.relations:
            if relation.head == span.id:
                attrs.setdefault(relation.kind, []).append(relation.tail)
        row: dict[str, Any] = {"id": span.id, "label": span.label, "start": span.start, "end": span.end}
        rows.append({**row, "attrs": attrs} if attrs else row)
    sha256 = hashlib.sha256(annotated.text.encode()).hexdigest()
    return {
        "doc_id": annotated.doc_id,
        "sha256": sha256,
        "n_chars": len(annotated.text),
        "scheme": SCHEME_VERSION,
        "spans": rows,
    }


def read_standoff(labels: Path, text: Path) -> AnnotatedText:
    """A stand-off file laid over its text file (UTF-8; CRLF counts as one character)."""
    record = json.loads(labels.read_text(encoding="utf-8"))
    return from_standoff(record, text.read_bytes().decode("utf-8").replace("\r\n", "\n"))


def replace_spans(annotated: AnnotatedText, spans: Iterable[Span]) -> AnnotatedText:
    """The same text with other spans and no relations."""
    return AnnotatedText(annotated.doc_id, annotated.text, tuple(spans))
