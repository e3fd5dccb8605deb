"""A pipeline whose tagger is a table of phrases, so that the rest of the product runs without the model."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

import spacy
from spacy.language import Language

from extractor.annotations import AnnotatedText, Span
from extractor.components import TaggerComponent
from extractor.ingest.source import SourceText, Warning
from extractor.linking import link
from extractor.pipeline import extract_text
from extractor.records import build
from extractor.schema import Minutes, Model
from extractor.structure import parse
from extractor.structure.model import Structure
from extractor.tagger import Report
from tests.markup import annotate

PHRASES = {
    "Ann Lee": "PERSON",
    "Treasurer": "ROLE",
    "September meeting": "TARGET_MEETING",
    "Ann Lee will count the chairs by the September meeting": "ACTION",
    "The minutes were approved": "DECISION",
    "42 chairs": "METRIC",
}
TEXT = """Hall Committee

Present: Ann Lee (Treasurer)

The minutes were approved.
There are 42 chairs. Ann Lee will count the chairs by the September meeting.
"""


class PhraseTagger:
    """Finds the phrases of a table."""

    def __init__(self, phrases: Mapping[str, str]) -> None:
        self.phrases = phrases

    def __call__(self, text: str, structure: Structure, report: Report | None = None) -> tuple[Span, ...]:
        found = [
            (match.start(), match.end(), label)
            for phrase, label in self.phrases.items()
            for match in re.finditer(re.escape(phrase), text)
        ]
        return tuple(Span(f"u{n}", label, start, end, 0.9) for n, (start, end, label) in enumerate(sorted(found)))

    def pipe(self, documents: Iterable[tuple[str, Structure]]) -> Iterator[tuple[Span, ...]]:
        """Text by text."""
        for text, structure in documents:
            yield self(text, structure)


class BrokenTagger:
    """Fails on a text with the word, and quotes it."""

    def __init__(self, word: str) -> None:
        self.word = word

    def __call__(self, text: str, structure: Structure, report: Report | None = None) -> tuple[Span, ...]:
        if self.word in text:
            raise RuntimeError(text)
        return ()

    def pipe(self, documents: Iterable[tuple[str, Structure]]) -> Iterator[tuple[Span, ...]]:
        """Text by text."""
        for text, structure in documents:
            yield self(text, structure)


def pipeline(tagger: PhraseTagger | BrokenTagger | None = None) -> Language:
    """The components of the released pipeline around another tagger."""
    nlp = spacy.blank("en", config={"nlp": {"tokenizer": {"@tokenizers": "minutes.Tokenizer.v1"}}})
    nlp.add_pipe("minutes_structure")
    component = nlp.add_pipe("minutes_tagger")
    assert isinstance(component, TaggerComponent)
    component.tagger = tagger or PhraseTagger(PHRASES)  # type: ignore[assignment]
    nlp.add_pipe("minutes_linker")
    nlp.add_pipe("minutes_records")
    return nlp


@cache
def minutes_of(text: str) -> Minutes:
    """The record of a text by the phrases of the table, with its text."""
    return extract_text(text, nlp=pipeline()).model_copy(update={"text": text})


def record_of(inline: str, *, name: str = "m.txt", warnings: tuple[Warning, ...] = ()) -> Minutes:
    """The record of minutes with gold inside the text, by the rules for links."""
    gold = annotate(inline)
    source = SourceText(name, "text/plain", "0" * 64, gold.text, warnings=warnings)
    structure = parse(source)
    linked = link(AnnotatedText(gold.doc_id, gold.text, gold.spans), structure)
    return build(source, structure, linked, Model(name="minutes-en", version="1.0.0"))
