"""Speed, in turn with a peer in one run: `python -m training.bench [--texts DIR] [WHAT …]`.

Ratios and medians of rounds; the numbers of one machine say little about another. Words are runs without white space.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import torch

from extractor.batch.documents import DocumentReader, ReadingOptions
from extractor.batch.pool import Pool, PoolSettings, Task
from extractor.components import MODEL_FILE, TaggerComponent
from extractor.ingest import read_path
from extractor.ingest.source import plain_source
from extractor.pipeline import MAX_CHARS, extract_text, find_model, load
from extractor.runtime import read_network
from extractor.structure import parse_text
from extractor.tagger import Tagger, encode_text
from training.baselines import SpacyPeople

ROUNDS: Final = 5
REPOSITORY: Final = Path(__file__).parents[1]
GOLD: Final = REPOSITORY / "data" / "gold"
SAMPLES: Final = REPOSITORY / "data" / "samples"
SIZES: Final = (10_000, 20_000, 40_000, 80_000)
LONG_SIZES: Final = (125_000, 250_000, 500_000, 1_000_000, 2_000_000)
_COMMAND: Final = (sys.executable, "-m", "extractor.cli")
_PEAK: Final = "import sys; from extractor.cli import main; main(sys.argv[1:]); print(open('/proc/self/status').read())"


@dataclass(frozen=True, slots=True)
class Inputs:
    """What is measured with."""

    texts: Sequence[str]
    model: Path
    pdfs: Path
    """A folder of PDF files."""


def main() -> None:
    """Measure and print, as JSON, one line for each measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=Path, default=GOLD / "train", help="a folder of TXT files")
    parser.add_argument("--documents", type=int, default=24)
    parser.add_argument(
        "--model", type=Path, help="another model than the default one: a shipped one's name, or a folder"
    )
    parser.add_argument("--pdfs", type=Path, default=SAMPLES, help="a folder of PDF files")
    parser.add_argument("what", nargs="*", metavar="WHAT", help=f"of {', '.join(MEASUREMENTS)}; all without it")
    options = parser.parse_args()
    paths = sorted(options.texts.glob("*.txt"))
    step = max(1, len(paths) // options.documents)
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in paths[::step][: options.documents]]
    inputs = Inputs(texts, find_model(options.model), options.pdfs)
    for name in options.what or MEASUREMENTS:
        print(json.dumps({"what": name, **MEASUREMENTS[name](inputs)}), flush=True)


def tagger_against_spacy(inputs: Inputs) -> dict[str, float]:
    """The tagger alone against the NER of spaCy's small English model alone, on one core, words a second."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    tagger = _tagger(inputs.model, 1)
    structures = [parse_text(text) for text in inputs.texts]
    peer = SpacyPeople().nlp
    speeds = _in_turn(
        {
            "tagger": lambda: [
                tagger(text, structure) for text, structure in zip(inputs.texts, structures, strict=True)
            ],
            "spacy": lambda: list(peer.pipe(inputs.texts)),
        },
        n_units=_n_words(inputs.texts),
    )
    return {**speeds, "ratio": speeds["tagger"] / speeds["spacy"]}


def whole_way_against_tagger(inputs: Inputs) -> dict[str, float]:
    """From the text to the JSON against the tagger alone, words a second."""
    nlp = load(inputs.model)
    tagger = _tagger(inputs.model, 0)
    structures = [parse_text(text) for text in inputs.texts]
    speeds = _in_turn(
        {
            "whole": lambda: [extract_text(text, nlp=nlp).model_dump_json() for text in inputs.texts],
            "tagger": lambda: [
                tagger(text, structure) for text, structure in zip(inputs.texts, structures, strict=True)
            ],
        },
        n_units=_n_words(inputs.texts),
    )
    return {**speeds, "ratio": speeds["whole"] / speeds["tagger"]}


def share_of_int8_peak(inputs: Inputs) -> dict[str, float]:
    """What of the machine's 8-bit matrix products the whole way uses, if each word piece costs twice the weights.

    The peak is that of torch's 8-bit product of (2048, 1024) by (1024, 4096), multiplications and additions counted.
    """
    nlp = load(inputs.model)
    tagger = _tagger(inputs.model, 0)
    n_weights = _n_weights(inputs.model)
    n_pieces = sum(len(encode_text(text, parse_text(text), tagger.tokenizer).pieces.ids) for text in inputs.texts)
    layer = torch.ao.quantization.quantize_dynamic(  # type: ignore[no-untyped-call]
        torch.nn.Sequential(torch.nn.Linear(1024, 4096)), dtype=torch.qint8
    )
    rows = torch.randn(2048, 1024)
    speeds = _in_turn(
        {"whole": lambda: [extract_text(text, nlp=nlp) for text in inputs.texts]}, n_units=2 * n_weights * n_pieces
    )
    peak = _in_turn({"peak": lambda: layer(rows)}, n_units=2 * 2048 * 1024 * 4096)
    used = {"n_weights": n_weights, "gops": speeds["whole"] / 1e9, "peak_gops": peak["peak"] / 1e9}
    return {**used, "ratio": used["gops"] / used["peak_gops"]}


def _n_weights(model: Path) -> int:
    """Of the matrix products of a model, without its embeddings."""
    network = read_network(model / "minutes_tagger" / MODEL_FILE)
    products = (node for node in network.get_ordered_ops() if node.get_type_name() == "MatMul")
    weights = (node.input_value(1).get_node() for node in products)
    return sum(math.prod(node.get_output_shape(0)) for node in weights if node.get_type_name() == "Constant")


def pdf_pages(inputs: Inputs) -> dict[str, float]:
    """Milliseconds for a page of the PDFs, from bytes to text: over all pages, and the median of the files."""
    paths = sorted(inputs.pdfs.rglob("*.pdf"))
    n_pages = [read_path(path).n_pages or 1 for path in paths]
    seconds = [[_seconds(partial(read_path, path)) for path in paths] for _ in range(ROUNDS)]
    medians = [statistics.median(times) for times in zip(*seconds, strict=True)]
    of_files = [1000 * time / n for time, n in zip(medians, n_pages, strict=True)]
    return {
        "n_files": len(paths),
        "n_pages": sum(n_pages),
        "ms_a_page": 1000 * sum(medians) / sum(n_pages),
        "median_of_files": statistics.median(of_files),
    }


def first_result(inputs: Inputs) -> dict[str, float]:
    """Seconds from the start of the command to the JSON of one page, and the peak memory of the process in MB."""
    page = " ".join(inputs.texts[0].split(" ")[:400])
    seconds, peaks = [], []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.txt"
        path.write_text(page, encoding="utf-8")
        for _ in range(ROUNDS):
            started = time.perf_counter()
            subprocess.run([*_COMMAND, "extract", path, "--model", inputs.model], stdout=subprocess.DEVNULL, check=True)
            seconds.append(time.perf_counter() - started)
        done = subprocess.run(
            [sys.executable, "-c", _PEAK, "extract", path, "--model", inputs.model],
            capture_output=True,
            text=True,
            check=True,
        )
        peaks = [int(line.split()[1]) / 1024 for line in done.stdout.splitlines() if line.startswith("VmHWM")]
    return {"seconds": statistics.median(seconds), "peak_mb": peaks[0]}


def growth(inputs: Inputs) -> dict[str, float]:
    """time(2n) / time(n): the whole way for n to 80,000 characters, and all but the model up to two million."""
    nlp = load(inputs.model)
    whole = _times({size: partial(extract_text, _of_size(inputs.texts, size), nlp=nlp) for size in SIZES})
    rules = _times({size: partial(_without_model, _of_size(inputs.texts, size)) for size in LONG_SIZES})
    return {f"to_{size}": whole[size] / whole[size // 2] for size in SIZES[1:]} | {
        f"rules_to_{size}": rules[size] / rules[size // 2] for size in LONG_SIZES[1:]
    }


def growth_of_long_texts(inputs: Inputs) -> dict[str, float]:
    """time(2n) / time(n) of the whole way for n to two million characters, the most that are read at once."""
    nlp = load(inputs.model)
    extract_text(_of_size(inputs.texts, SIZES[0]), nlp=nlp)
    sizes = [size for size in LONG_SIZES if size <= MAX_CHARS]
    times = _times({size: partial(extract_text, _of_size(inputs.texts, size), nlp=nlp) for size in sizes})
    return {f"to_{size}": times[size] / times[size // 2] for size in sizes[1:]}


def workers(inputs: Inputs) -> dict[str, float]:
    """Words a second of `minutes batch` with one and with two workers of one thread, without their start."""
    speeds = {n: [_pool_speed(inputs.texts, inputs.model, n) for _ in range(3)] for n in (1, 2)}
    one, two = statistics.median(speeds[1]), statistics.median(speeds[2])
    return {"one": one, "two": two, "ratio": two / one}


def _pool_speed(texts: Sequence[str], model: Path, n_workers: int) -> float:
    tasks = [Task(str(n), f"{n}.txt", text.encode()) for n, text in enumerate(texts)]
    warm = [Task(f"warm {n}", "a.txt", b"Present: Ann Lee") for n in range(4 * n_workers)]
    with Pool(partial(DocumentReader, ReadingOptions(model, n_threads=1)), PoolSettings(n_workers=n_workers)) as pool:
        list(pool.run(warm))
        started = time.perf_counter()
        list(pool.run(tasks))
        return _n_words(texts) / (time.perf_counter() - started)


def _tagger(model: Path, n_threads: int) -> Tagger:
    component = load(model, n_threads=n_threads).get_pipe("minutes_tagger")
    assert isinstance(component, TaggerComponent)
    assert component.tagger is not None
    return component.tagger


def _without_model(text: str) -> None:
    parse_text(plain_source(text).text)


def _of_size(texts: Sequence[str], n_chars: int) -> str:
    whole = "\n\n".join(texts)
    return (whole * (1 + n_chars // len(whole)))[:n_chars]


def _n_words(texts: Sequence[str]) -> int:
    return sum(len(text.split()) for text in texts)


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _in_turn(calls: Mapping[str, Callable[[], object]], *, n_units: int) -> dict[str, float]:
    """Units a second of each call, the median of ROUNDS in which they take turns; one round before does not count."""
    speeds: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(1 + ROUNDS):
        for name, call in calls.items():
            seconds = _seconds(call)
            if number:
                speeds[name].append(n_units / seconds)
    return {name: statistics.median(found) for name, found in speeds.items()}


def _times(calls: Mapping[int, Callable[[], object]]) -> dict[int, float]:
    """Seconds of each call, the best of three rounds in which they take turns."""
    found: dict[int, list[float]] = {size: [] for size in calls}
    for _ in range(3):
        for size, call in calls.items():
            found[size].append(_seconds(call))
    return {size: min(times) for size, times in found.items()}


MEASUREMENTS: Final[Mapping[str, Callable[[Inputs], dict[str, float]]]] = {
    "whole_way_against_tagger": whole_way_against_tagger,
    "pdf_pages": pdf_pages,
    "first_result": first_result,
    "growth": growth,
    "growth_of_long_texts": growth_of_long_texts,
    "workers": workers,
    "share_of_int8_peak": share_of_int8_peak,
    "tagger_against_spacy": tagger_against_spacy,
}


if __name__ == "__main__":
    main()
