"""Runs anything that labels a text over labelled documents; one that fails becomes a row, not an end."""

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from spacy.language import Language

from extractor.annotations import AnnotatedText
from extractor.errors import ExtractorError
from extractor.ingest import SourceText
from extractor.linking import link
from extractor.structure import parse
from training.gold import GoldDocument
from training.linking_report import without_links


class Predictor(Protocol):
    """The pipeline, or a baseline in its place."""

    @property
    def name(self) -> str:
        """What the report calls it."""
        ...

    def __call__(self, source: SourceText) -> AnnotatedText:
        """The text with the spans, attributes and relations that were found."""
        ...


class PipelinePredictor:
    """A loaded pipeline, whose components set `doc._.annotated`."""

    def __init__(self, nlp: Language) -> None:
        self.nlp = nlp
        self.name = f"{nlp.meta['name']} {nlp.meta['version']}"

    def __call__(self, source: SourceText) -> AnnotatedText:
        """See `Predictor`."""
        doc = self.nlp.make_doc(source.text)
        doc._.source = source
        annotated: AnnotatedText = self.nlp(doc)._.annotated
        return annotated


@dataclass(frozen=True, slots=True)
class Prediction:
    """What was predicted for a document; nothing where `failure` says why not."""

    gold: AnnotatedText
    predicted: AnnotatedText
    n_words: int
    seconds: float
    failure: str | None = None


def predict(document: GoldDocument, call: Callable[[SourceText], AnnotatedText]) -> Prediction:
    """The prediction for one document; an unforeseen error is told by its class and place.

    Its message is left out, as it may hold text of the document.
    """
    started = time.perf_counter()
    failure = None
    predicted = AnnotatedText(document.gold.doc_id, document.gold.text, ())
    try:
        found = call(document.source)
        if found.text == document.gold.text:
            predicted = found
        else:
            failure = "the text was changed"
    except ExtractorError as error:
        failure = f"{type(error).__name__}: {error}"
    except Exception as error:  # a document that fails is a row of the report, whatever the reason
        failure = _place_of(error)
    return Prediction(document.gold, predicted, document.n_words, time.perf_counter() - started, failure)


def _place_of(error: BaseException) -> str:
    """Class and line of the error, or of the one that it was raised from."""
    while error.__cause__ is not None:
        error = error.__cause__
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"


def link_gold_spans(document: GoldDocument) -> Prediction:
    """What the links would be if every span were found: gold spans, stripped, and linked again."""
    return predict(document, lambda source: link(without_links(document.gold), parse(source)))
