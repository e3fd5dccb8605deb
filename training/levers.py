"""Each lever of training alone, on several seeds: `python -m training.levers --texts DIR --out DIR`.

The small encoder learns from the real minutes of some organisations and a part of the invented ones, once as the
release does and once for each lever without it (or with it, where the release does without). It is measured on
organisations that it has not seen. What a run scored is added to `runs.jsonl`; runs that stand there are not done
again, and `--report` prints means, spreads and differences seed by seed.
"""

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, cast

import torch
from tokenizers import Tokenizer

from extractor.alignment import load_tokenizer
from extractor.annotations import AnnotatedText
from extractor.features import FEATURES
from extractor.scheme import HEADLINE_LABELS
from extractor.tagger import Encoding, Report, Scores, Tagger
from extractor.tokens import Gap
from training.corpus import LabelledDocument, from_row, load
from training.encoders import find_encoder
from training.examples import Example, to_example
from training.model import Crf, ModelSettings, TokenClassifier
from training.train import (
    TrainSettings,
    Vary,
    held_out_organisations,
    quick_scores,
    run,
    torch_tagger,
    with_soft_targets,
)
from training.variation import WAYS

ENCODER: Final = "minilm"
N_LAYERS: Final = 4
SETTINGS: Final = TrainSettings(epochs=2, encoder_lr=2e-4, average_decay=0.98)
N_FOLDS: Final = 5
MEASURED, LEARNED, MORE = 0, 1, 2
"""Folds of the real organisations: measured on, learned from, and learned from where more labels are the lever."""
STYLE_STEP: Final = 5
"""Of the styles of invented minutes, one in so many is learned from."""
VARIED_SHARE: Final = 0.5
"""Of the documents that a way of variation changes in an epoch."""
MEASURED_STEP: Final = 3
"""Of the documents of the organisations measured on, one in so many is."""
RUNS_FILE: Final = "runs.jsonl"
PLAIN: Final = "plain"
REPORTED: Final = ("headline", *HEADLINE_LABELS, "DECISION", "INDICATOR", "PERIOD", "DUE_DATE")


@dataclass(frozen=True, slots=True)
class Lever:
    """How a run differs from the plain one."""

    variation: bool = True
    """Whether people get other names and pieces are hidden."""
    invented: bool = True
    more_labels: bool = False
    blind: tuple[str, ...] = ()
    """Features whose embeddings stay zero."""
    transitions: bool = True
    """Whether the CRFs learn theirs, beyond which tag may follow which."""
    teacher: bool = False
    masked: bool = False
    """Whether the encoder has learned to guess hidden words of minutes before."""
    way: str | None = None
    """Of `training.variation`: how half of the documents are changed in each epoch."""
    from_paragraphs: bool = False
    """Whether windows begin and end with paragraphs, and share nothing where they are measured."""


LEVERS: Final[dict[str, Lever]] = {
    PLAIN: Lever(),
    "twice the real labels": Lever(more_labels=True),
    "no invented minutes": Lever(invented=False),
    "no structure features": Lever(blind=("line", "place", "listed", "part")),
    "no features of the whole document": Lever(blind=("case", "name")),
    "no learned transitions": Lever(transitions=False),
    "no other names, no hidden pieces": Lever(variation=False),
    "a teacher": Lever(teacher=True),
    "masked-language training before": Lever(masked=True),
    "other case": Lever(way="case"),
    "misread letters": Lever(way="misread letters"),
    "lists in two columns": Lever(way="columns"),
    "other line breaks": Lever(way="line breaks"),
    "windows from paragraph to paragraph": Lever(from_paragraphs=True),
    "no class or place of the line": Lever(blind=("line", "place")),
    "no attendance lists or parts": Lever(blind=("listed", "part")),
}


class ParagraphEncoding(Encoding):
    """A document whose windows begin where paragraphs do."""

    borders = (Gap.PARAGRAPH,)

    @classmethod
    def of(cls, encoding: Encoding) -> "ParagraphEncoding":
        """The same document."""
        return cls(encoding.tokens, encoding.pieces, encoding.features)


class ParagraphTagger(Tagger):
    """A tagger that cuts documents where paragraphs begin."""

    def score_all(self, encodings: Sequence[Encoding], report: Report | None = None) -> list[Scores]:
        """As that of any tagger."""
        return Tagger.score_all(self, [ParagraphEncoding.of(encoding) for encoding in encodings], report)


def learned_documents(documents: Sequence[LabelledDocument], lever: Lever) -> list[LabelledDocument]:
    """What a run learns from: one fold of the real organisations, or two, and every so many styles of ours."""
    folds = (LEARNED, MORE) if lever.more_labels else (LEARNED,)
    organisations = frozenset[str]().union(*(held_out_organisations(documents, fold, N_FOLDS) for fold in folds))
    styles = set(sorted({d.kind for d in documents if d.invented})[::STYLE_STEP]) if lever.invented else set()
    return [d for d in documents if (d.kind in styles if d.invented else d.organisation in organisations)]


def measured_documents(documents: Sequence[LabelledDocument]) -> list[LabelledDocument]:
    """The real documents that every run is measured on."""
    organisations = held_out_organisations(documents, MEASURED, N_FOLDS)
    return [d for d in documents if not d.invented and d.organisation in organisations][::MEASURED_STEP]


def lever_model(lever: Lever, encoder: Path, seed: int) -> TokenClassifier:
    """An untrained model with the parts frozen that the lever does without."""
    torch.manual_seed(seed)
    model = TokenClassifier(ModelSettings(encoder, N_LAYERS))
    for name in lever.blind:
        cast(torch.nn.Embedding, model.features[list(FEATURES).index(name)]).weight.requires_grad = False
    for crf in model.crfs.values():
        cast(Crf, crf).transitions.requires_grad = lever.transitions
    return model


def read_runs(folder: Path) -> list[dict[str, Any]]:
    """The runs that were done, in the order in which they ended."""
    path = folder / RUNS_FILE
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def report(runs: Sequence[Mapping[str, Any]], measured: str) -> str:
    """A table: a row for each lever with the mean over its seeds, and the mean difference from plain on the same seeds.

    In brackets behind the difference of the headline is its standard deviation over the seeds.
    """
    scores = {(row["lever"], row["seed"]): row[measured] for row in runs}
    rows = ["| lever | seeds | " + " | ".join(REPORTED) + " |", "|" + "---|" * (2 + len(REPORTED))]
    for lever in LEVERS:
        seeds = sorted(seed for name, seed in scores if name == lever and (PLAIN, seed) in scores)
        if not seeds:
            continue
        cells = []
        for label in REPORTED:
            values = [scores[lever, seed].get(label, 0.0) for seed in seeds]
            gains = [value - scores[PLAIN, seed].get(label, 0.0) for value, seed in zip(values, seeds, strict=True)]
            cells.append(_cell(values, gains, lever == PLAIN, label == "headline"))
        rows.append(f"| {lever} | {len(seeds)} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def _cell(values: Sequence[float], gains: Sequence[float], is_plain: bool, with_spread: bool) -> str:
    mean = f"{statistics.mean(values):.3f}"
    shown = values if is_plain else gains
    spread = f" ({statistics.stdev(shown):.3f})" if with_spread and len(shown) > 1 else ""
    return mean + spread if is_plain else f"{mean} {statistics.mean(gains):+.3f}{spread}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--levers", nargs="+", choices=LEVERS, default=list(LEVERS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--teacher", type=Path, help="folder of a run, or of a released model")
    parser.add_argument("--masked", type=Path, help="encoder by training.masked with --fold 0 --folds 5")
    parser.add_argument("--report", action="store_true", help="print what was measured and end")
    options = parser.parse_args(arguments)
    if options.report:
        for measured in ("fold", "real_dev"):
            print(f"{measured}\n\n{report(read_runs(options.out), measured)}\n")
        return
    for option in ("teacher", "masked"):
        if getattr(options, option) is None and any(getattr(LEVERS[name], option) for name in options.levers):
            parser.error(f"--{option} is needed for one of the levers")
    options.out.mkdir(parents=True, exist_ok=True)
    corpora = load(options.texts)
    documents = [from_row(row) for row in corpora["train"]]
    watched = {"fold": measured_documents(documents), "real_dev": [from_row(row) for row in corpora["real_dev"]]}
    for name in options.levers:
        lever = LEVERS[name]
        encoder = options.masked if lever.masked else find_encoder(ENCODER)
        learned = learned_documents(documents, lever)
        tokenizer = load_tokenizer(encoder / "vocab.txt")
        examples = [to_example(d.annotated, tokenizer) for d in learned]
        if lever.teacher:
            examples = with_soft_targets(examples, learned, options.teacher)
        if lever.from_paragraphs:
            examples = [replace(e, encoding=ParagraphEncoding.of(e.encoding)) for e in examples]
        vary = None if lever.way is None else varied([d.annotated for d in learned], examples, lever.way, tokenizer)
        for seed in options.seeds:
            if any((row["lever"], row["seed"]) == (name, seed) for row in read_runs(options.out)):
                continue
            print(f"{name}, seed {seed}", flush=True)
            row = {"lever": name, "seed": seed, "n_documents": len(learned)}
            row |= measure(lever_model(lever, encoder, seed), examples, lever, seed, watched, vary)
            with (options.out / RUNS_FILE).open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(row) + "\n")


def varied(texts: Sequence[AnnotatedText], examples: Sequence[Example], way: str, tokenizer: Tokenizer) -> Vary:
    """What gives half of the examples changed in a way, and the others as they are."""

    def vary(number: int, rng: random.Random) -> Example:
        if rng.random() < VARIED_SHARE:
            return to_example(WAYS[way](texts[number], rng), tokenizer)
        return examples[number]

    return vary


def measure(
    model: TokenClassifier,
    examples: Sequence[Example],
    lever: Lever,
    seed: int,
    watched: Mapping[str, Sequence[LabelledDocument]],
    vary: Vary | None = None,
) -> dict[str, Any]:
    """Train the model and score it on each of the watched sets."""
    settings = replace(SETTINGS if lever.variation else replace(SETTINGS, rename_rate=0.0, mask_rate=0.0), seed=seed)
    tokenizer = load_tokenizer(Path(model.encoder.config.name_or_path) / "vocab.txt")
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        trained = run(model, examples, tokenizer, settings, {}, Path(scratch), vary)
    minutes = round((time.monotonic() - started) / 60, 1)
    tagger = torch_tagger(trained, tokenizer, settings.max_pieces)
    if lever.from_paragraphs:
        tagger = ParagraphTagger(tagger.tokenizer, tagger.scorer, replace(tagger.settings, overlap_pieces=0))
    return {"minutes": minutes} | {name: quick_scores(tagger, chosen) for name, chosen in watched.items()}


if __name__ == "__main__":
    main()
