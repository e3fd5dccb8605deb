"""The weighted mean of several models: `python -m training.mean --runs DIR … --shares 0.25 … --out DIR`."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import torch

from extractor.errors import ModelError
from training.runs import RUN_FILE, WEIGHTS_FILE, load_run
from training.train import mean_weights

SHAPE: Final = ("encoder", "layers", "heads", "max_pieces")
"""What the runs must have in common."""


def write_mean(runs: Sequence[Path], shares: Sequence[float], out: Path) -> None:
    """Write the mean of runs, or of released models, as a run of its own; shares count by their sum.

    Source: Wortsman et al. 2022, Model soups.

    Raises:
        ModelError: the models are of different shapes.
    """
    mean, total, parts = None, 0.0, []
    shape: dict[str, Any] = {}
    for run, share in zip(runs, shares, strict=True):
        trained = load_run(run)
        its_shape = {name: trained.about[name] for name in SHAPE if trained.about.get(name) is not None}
        if shape and its_shape != shape:
            raise ModelError(f"{run}: not of the shape of {runs[0]}")
        shape = its_shape
        weights = trained.model.state_dict()
        total += share
        mean = weights if mean is None else mean_weights(mean, weights, 1 - share / total)
        parts.append({"share": share, "run": trained.about})
    out.mkdir(parents=True, exist_ok=True)
    torch.save(mean, out / WEIGHTS_FILE)
    (out / RUN_FILE).write_text(json.dumps(shape | {"mean_of": parts}, indent=1), encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, nargs="+", required=True, help="folders of runs, or of released models")
    parser.add_argument("--shares", type=float, nargs="+", required=True, help="as many numbers above 0")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    if len(options.runs) != len(options.shares) or min(options.shares) <= 0:
        parser.error("--shares needs a number above 0 for each of --runs")
    write_mean(options.runs, options.shares, options.out)


if __name__ == "__main__":
    main()
