"""Labels that a model which never saw the document doubts: `python -m training.label_review --run DIR --texts DIR`.

DIR is a run of `training.train --fold N`; its held-out documents are read. Each line names the document, the line, the
kind of disagreement, the label, how sure the model is, and the words with the gold span in [ ] and the model's in { }.
A person, or a reader under the guidelines, decides which of the two is right.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from extractor.alignment import load_tokenizer
from extractor.annotations import AnnotatedText, Span, replace_spans
from extractor.components import VOCABULARY_FILE
from extractor.decoding import best_path
from extractor.scheme import LAYERS
from extractor.structure import parse_text
from extractor.tagger import Encoding, Scores, Tagger, encode_text
from extractor.tags import encode, tag_names
from training.corpus import from_row, load
from training.predict import Prediction
from training.runs import load_run
from training.span_errors import SpanError, iter_span_errors
from training.train import held_out_organisations, torch_tagger

SURE: Final = 0.8
"""From this marginal probability on a span of the model contradicts gold."""
UNLIKELY: Final = 0.1
"""Up to this marginal probability a gold span is doubted."""


def tag_probabilities(tagger: Tagger, scores: Scores) -> dict[str, Scores]:
    """Layer to the marginal probability of each tag, shape (n_tokens, n_tags)."""
    found, offset = {}, 0
    for layer in LAYERS:
        n_tags = len(tag_names(layer))
        transitions = np.array(tagger.settings.transitions[layer], dtype=np.float32)
        found[layer] = best_path(scores[:, offset : offset + n_tags], transitions).marginals
        offset += n_tags
    return found


def iter_doubts(
    gold: AnnotatedText, tagger: Tagger, encoding: Encoding, scores: Scores
) -> Iterator[tuple[SpanError, float]]:
    """The disagreements in which the model is sure, each with its probability (of the gold span where it is missed)."""
    predicted = replace_spans(gold, tagger.decode(encoding, scores))
    probabilities = tag_probabilities(tagger, scores)
    for error in iter_span_errors(Prediction(gold, predicted, 0, 0.0)):
        if error.predicted is not None:
            if error.predicted.score >= SURE:
                yield error, error.predicted.score
        elif error.gold is not None:
            likely = span_probability(error.gold, encoding, probabilities)
            if likely <= UNLIKELY:
                yield error, likely


def span_probability(span: Span, encoding: Encoding, probabilities: Mapping[str, Scores]) -> float:
    """The smallest probability among the tags of a span."""
    layer = next(layer for layer, labels in LAYERS.items() if span.label in labels)
    tags: npt.NDArray[np.int64] = np.array(encode([span], encoding.tokens, layer).tags, dtype=np.int64)
    rows = np.flatnonzero(tags)
    return float(probabilities[layer][rows, tags[rows]].min()) if len(rows) else 0.0


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="List the labels that a model doubts.")
    parser.add_argument("--run", type=Path, required=True, help="folder of a run with --fold")
    parser.add_argument("--texts", type=Path, required=True, help="texts of the real minutes")
    options = parser.parse_args(arguments)
    trained = load_run(options.run)
    fold, n_folds = trained.about.get("fold"), trained.about.get("folds")
    if not isinstance(fold, int) or not isinstance(n_folds, int):
        parser.error("the run held nothing out: train it with --fold")
    tokenizer = load_tokenizer(trained.encoder / VOCABULARY_FILE)
    tagger = torch_tagger(trained.model, tokenizer, trained.about["max_pieces"])
    documents = [from_row(row) for row in load(options.texts)["train"]]
    held_out = held_out_organisations(documents, fold, n_folds)
    for document in documents:
        gold = document.annotated
        if document.organisation in held_out and gold.text.strip():
            encoding = encode_text(gold.text, parse_text(gold.text), tagger.tokenizer)
            for error, sure in iter_doubts(gold, tagger, encoding, tagger.scores(encoding)):
                fields = (gold.doc_id, error.line, error.kind, error.span.label, f"{sure:.2f}", error.marked())
                print(*fields, sep="\t", flush=True)


if __name__ == "__main__":
    main()
