"""Make a model folder that spacy.load opens: `python -m training.release --run DIR --out models/minutes-en`."""

import argparse
import hashlib
import json
import random
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, cast

import spacy
from spacy.language import Language
from torch import nn

from extractor.alignment import load_tokenizer
from extractor.components import MODEL_FILE, RANGES_FILE, VOCABULARY_FILE, load_tagger, write_settings
from extractor.scheme import LABELS
from training.corpus import LabelledDocument, from_row, load
from training.examples import Batch, iter_batches, random_windows, to_example
from training.export import export, quantise
from training.gptq import nearest, round_layers
from training.packing import BITS, Packed
from training.ranges import measure_ranges, write_ranges
from training.rounding import WORD_EMBEDDINGS, Bits, read_grids
from training.runs import TrainedRun, load_run, told_once
from training.train import START_BONUS, tagger_settings

N_CALIBRATION_DOCUMENTS: Final = 100
"""Whose windows show what the layers usually get."""
N_CALIBRATION_WINDOWS: Final = 128
CALIBRATION_BATCH_SIZE: Final = 8
KEPT: Final = ("README.md", "floors.json", "metrics.json")
"""Files of a model folder that are written by hand or by the evaluation, not by the release."""


def build_pipeline(tagger_folder: Path, *, name: str, version: str) -> Language:
    """The pipeline around an exported tagger."""
    nlp = spacy.blank("en", config={"nlp": {"tokenizer": {"@tokenizers": "minutes.Tokenizer.v1"}}})
    nlp.meta.update(
        {
            "name": name,
            "version": version,
            "license": "Apache-2.0",
            "description": "People, roles, actions, meetings, metrics and decisions in English minutes",
        }
    )
    nlp.add_pipe("minutes_structure")
    tagger = nlp.add_pipe("minutes_tagger")
    tagger.from_disk(tagger_folder)  # type: ignore[attr-defined]
    nlp.add_pipe("minutes_linker")
    nlp.add_pipe("minutes_records")
    return nlp


def release(
    run: Path,
    out: Path,
    *,
    version: str,
    bits: Bits,
    overlap_pieces: int,
    documents: Sequence[LabelledDocument],
    start_bonus: Mapping[str, float] = START_BONUS,
) -> None:
    """Export the trained run, quantise it, and write the folder, whose name is the model's, with its checksums.

    Weights are rounded, and the inputs of the products measured, on windows of the documents. The bits are not asked of
    a run that was trained with rounded weights, which stay as they are.
    """
    trained = load_run(run)
    layers, words = _rounded(run, trained, bits, documents)
    with tempfile.TemporaryDirectory() as folder:
        tagger = Path(folder)
        export(trained.model, tagger / "float32.onnx")
        quantise(tagger / "float32.onnx", tagger / MODEL_FILE, layers, words)
        shutil.copyfile(trained.encoder / VOCABULARY_FILE, tagger / VOCABULARY_FILE)
        ranges = measure_ranges(tagger / MODEL_FILE, usual_windows(documents, trained))
        write_ranges(ranges, tagger / RANGES_FILE)
        settings = tagger_settings(trained.model, trained.about["max_pieces"])
        settings = replace(settings, overlap_pieces=overlap_pieces, start_bonus=dict(start_bonus))
        write_settings(settings, tagger)
        load_tagger(tagger)
        load_tokenizer(tagger / VOCABULARY_FILE)
        kept = {name: (out / name).read_bytes() for name in KEPT if (out / name).is_file()}
        shutil.rmtree(out, ignore_errors=True)
        out.parent.mkdir(parents=True, exist_ok=True)
        build_pipeline(tagger, name=out.name, version=version).to_disk(out)
    for name, content in kept.items():
        (out / name).write_bytes(content)
    (out / "training.json").write_text(json.dumps(told_once(trained.about), indent=1) + "\n", encoding="utf-8")
    write_sums(out)


def _rounded(
    run: Path, trained: TrainedRun, bits: Bits, documents: Sequence[LabelledDocument]
) -> tuple[dict[str, Packed], Packed]:
    """The layers of the encoder by name, and the word embeddings; on the grids of the run, if it was trained on any."""
    embeddings = trained.model.encoder.get_input_embeddings().weight.detach()
    grids = read_grids(run)
    if not grids:
        windows = usual_windows(documents, trained)
        return round_layers(trained.model, bits.of_layers(trained.model), windows), nearest(embeddings, bits.embeddings)
    words = grids.pop(WORD_EMBEDDINGS).packed(embeddings)
    layers = {
        name: grid.packed(cast(nn.Linear, trained.model.get_submodule(name)).weight.detach())
        for name, grid in grids.items()
    }
    return layers, words


def usual_windows(
    documents: Sequence[LabelledDocument], trained: TrainedRun, n_windows: int = N_CALIBRATION_WINDOWS
) -> Iterator[Batch]:
    """Batches of so many windows of some of the documents, taken at random."""
    rng = random.Random(0)
    tokenizer = load_tokenizer(trained.encoder / VOCABULARY_FILE)
    chosen = rng.sample(documents, min(N_CALIBRATION_DOCUMENTS, len(documents)))
    examples = [to_example(document.annotated, tokenizer) for document in chosen]
    max_pieces = trained.about["max_pieces"]
    windows = [(example, window) for example in examples for window in random_windows(example, max_pieces, rng)]
    few = rng.sample(windows, min(n_windows, len(windows)))
    return iter_batches(few, CALIBRATION_BATCH_SIZE, tokenizer, 0.0, rng)


def write_sums(folder: Path) -> None:
    """Write SHA256SUMS over the files that the pipeline loads."""
    names = sorted(p for p in folder.rglob("*") if p.is_file() and p.name not in (*KEPT, "SHA256SUMS"))
    lines = [f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.relative_to(folder).as_posix()}" for p in names]
    (folder / "SHA256SUMS").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _bonus(given: str) -> tuple[str, float]:
    label, _, gain = given.partition("=")
    if label not in LABELS:
        raise argparse.ArgumentTypeError(f"{label} is no label")
    return label, float(gain)


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="folder that training.train wrote")
    parser.add_argument("--out", type=Path, default=Path("models/minutes-en"))
    parser.add_argument("--version", default="1.15.0")
    parser.add_argument("--attention-bits", type=int, choices=BITS, default=6, help="of a weight in these layers")
    parser.add_argument("--feed-forward-bits", type=int, choices=BITS, default=6)
    parser.add_argument("--embedding-bits", type=int, choices=BITS, default=5, help="of a word embedding's number")
    parser.add_argument("--overlap-pieces", type=int, default=80, help="word pieces that neighbouring windows share")
    parser.add_argument(
        "--start-bonus",
        type=_bonus,
        nargs="*",
        default=[],
        metavar="LABEL=GAIN",
        help="what the beginning of a label's span gains in decoding, where not as for the large model",
    )
    parser.add_argument("--texts", type=Path, help="texts of the real minutes, to round and to measure on")
    options = parser.parse_args(arguments)
    release(
        options.run,
        options.out,
        version=options.version,
        bits=Bits(options.attention_bits, options.feed_forward_bits, options.embedding_bits),
        overlap_pieces=options.overlap_pieces,
        documents=[from_row(row) for row in load(options.texts)["train"]],
        start_bonus=START_BONUS | dict(options.start_bonus),
    )
    size = sum(p.stat().st_size for p in options.out.rglob("*") if p.is_file())
    print(f"{options.out}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
