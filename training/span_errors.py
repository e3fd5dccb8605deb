"""The wrong spans of a prediction: missed, invented, with another boundary, or with another label."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from extractor.annotations import AnnotatedText, Span
from extractor.scheme import LABELS, LAYERS
from training.predict import Prediction

KINDS: Final = ("missed", "invented", "boundary", "label")
CONTEXT_CHARS: Final = 50
_LAYER_OF: Final = {label: layer for layer, labels in LAYERS.items() for label in labels}


@dataclass(frozen=True, slots=True)
class SpanError:
    """A gold span without its prediction, a prediction without its gold span, or two that are nearly one."""

    kind: str
    text: AnnotatedText
    gold: Span | None
    predicted: Span | None

    @property
    def span(self) -> Span:
        """The gold span, else the predicted one."""
        span = self.gold or self.predicted
        assert span is not None
        return span

    @property
    def line(self) -> int:
        """Number of the line in which the span begins, from 1."""
        return self.text.text.count("\n", 0, self.span.start) + 1

    def marked(self) -> str:
        """The words around on one line, the gold span in [ ], the predicted one in { }."""
        pairs = [pair for pair in ((self.gold, "[]"), (self.predicted, "{}")) if pair[0] is not None]
        marks = [(span.start, 1, signs[0]) for span, signs in pairs if span]
        marks += [(span.end, 0, signs[1]) for span, signs in pairs if span]
        text = self.text.text
        start, end = max(0, min(marks)[0] - CONTEXT_CHARS), min(len(text), max(marks)[0] + CONTEXT_CHARS)
        shown, last = "", start
        for position, _, sign in sorted(marks):
            shown += text[last:position] + sign
            last = position
        return " ".join((shown + text[last:end]).replace("\n", " ⏎ ").split())


def iter_span_errors(prediction: Prediction) -> Iterator[SpanError]:
    """The errors of a document; each wrong span stands in one of them."""
    gold, predicted = prediction.gold, prediction.predicted
    ours = {(span.label, span.start, span.end): span for span in predicted.spans}
    theirs = {(span.label, span.start, span.end): span for span in gold.spans}
    missed = [span for key, span in theirs.items() if key not in ours]
    invented = [span for key, span in ours.items() if key not in theirs]
    for kind in ("boundary", "label"):
        for span in list(missed):
            partner = next((other for other in invented if _is_near(kind, span, other)), None)
            if partner is not None:
                missed.remove(span)
                invented.remove(partner)
                yield SpanError(kind, gold, span, partner)
    yield from (SpanError("missed", gold, span, None) for span in missed)
    yield from (SpanError("invented", gold, None, span) for span in invented)


def _is_near(kind: str, gold: Span, predicted: Span) -> bool:
    if not gold.overlaps(predicted) or _LAYER_OF[gold.label] != _LAYER_OF[predicted.label]:
        return False
    return (gold.label == predicted.label) == (kind == "boundary")


def list_span_errors(predictions: Iterable[Prediction], label: str | None = None) -> list[SpanError]:
    """The errors over all documents, of one label if given, by label, kind, document and place."""
    found = [error for prediction in predictions for error in iter_span_errors(prediction)]
    if label is not None:
        found = [e for e in found if label in {span.label for span in (e.gold, e.predicted) if span is not None}]
    return sorted(
        found,
        key=lambda e: (LABELS.index(e.span.label), KINDS.index(e.kind), e.text.doc_id, e.span.start),
    )


def count_errors(errors: Iterable[SpanError]) -> Counter[tuple[str, str]]:
    """(label, kind) to the number of errors."""
    return Counter((error.span.label, error.kind) for error in errors)
