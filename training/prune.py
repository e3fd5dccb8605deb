"""Take the heads of attention off a trained model that it needs least: `python -m training.prune --run DIR …`.

Each head is left out by itself on windows of training text; those whose absence moves the scores least go, some at a
time. Source: Michel, Levy and Neubig 2019, Are sixteen heads really better than one?
"""

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, cast

import torch
from torch import Tensor

from training.corpus import from_row, load
from training.examples import Batch
from training.model import LAYER_NAMES, N_TAGS, TokenClassifier, keep_heads
from training.release import usual_windows
from training.runs import RUN_FILE, WEIGHTS_FILE, load_run

N_WINDOWS: Final = 48
AT_ONCE: Final = 4
"""Heads that go before the others are looked at again."""
Head = tuple[int, int]
"""Layer and head, both from 0."""


def least_needed(model: TokenClassifier, n_heads: int, batches: Sequence[Batch]) -> dict[Head, float]:
    """So many heads, each with the divergence of all tags' probabilities when it was chosen, with those before gone."""
    chosen: dict[Head, float] = {}
    whole = [_log_probabilities(model, batch) for batch in batches]
    heads = [
        (number, head)
        for number, layer in enumerate(_layers(model))
        for head in range(layer.attention.self.num_attention_heads)
    ]
    while len(chosen) < n_heads:
        left = [head for head in heads if head not in chosen]
        costs = {head: _cost(model, [*chosen, head], batches, whole) for head in left}
        for head in sorted(costs, key=lambda head: costs[head])[: min(AT_ONCE, n_heads - len(chosen))]:
            chosen[head] = costs[head]
    return chosen


def _cost(model: TokenClassifier, heads: Sequence[Head], batches: Sequence[Batch], whole: Sequence[Tensor]) -> float:
    """The mean Kullback-Leibler divergence of the pieces' tags without the heads from those with them."""
    with without_heads(model, heads):
        parts = [_log_probabilities(model, batch) for batch in batches]
    pairs = list(zip(parts, whole, strict=True))
    return float(sum((true.exp() * (true - part)).sum() for part, true in pairs) / sum(len(true) for true in whole))


def _log_probabilities(model: TokenClassifier, batch: Batch) -> Tensor:
    """Shape: (n_pieces, n_tags of both layers)."""
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
        scores = model.eval()(batch.ids, batch.mask, batch.features)[batch.mask > 0].float()
    sizes = [N_TAGS[layer] for layer in LAYER_NAMES]
    return torch.cat([part.log_softmax(1) for part in scores[:, : sum(sizes)].split(sizes, dim=1)], dim=1)


@contextmanager
def without_heads(model: TokenClassifier, heads: Sequence[Head]) -> Iterator[None]:
    """Meanwhile what these heads give is zero."""
    hooks = []
    for number, layer in enumerate(_layers(model)):
        gone = [head for at, head in heads if at == number]
        if gone:
            hooks.append(layer.attention.output.dense.register_forward_pre_hook(_silencer(layer.attention.self, gone)))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _silencer(attention: Any, gone: Sequence[int]) -> Callable[[Any, Any], tuple[Tensor]]:
    """What a product is given, with what these heads give set to zero."""
    gate = torch.ones(attention.num_attention_heads)
    gate[list(gone)] = 0
    gates = gate.repeat_interleave(attention.attention_head_size)
    return lambda _, inputs: (inputs[0] * gates.to(inputs[0].dtype),)


def _layers(model: TokenClassifier) -> Any:
    return cast(Any, model.encoder).encoder.layer


def prune(model: TokenClassifier, heads: Mapping[Head, float]) -> tuple[int, ...]:
    """Take the heads off, in place; gives how many each layer keeps."""
    for number, layer in enumerate(_layers(model)):
        n_heads = layer.attention.self.num_attention_heads
        keep_heads(layer, [head for head in range(n_heads) if (number, head) not in heads])
    return tuple(layer.attention.self.num_attention_heads for layer in _layers(model))


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="folder of a run, or of a released model, a BERT")
    parser.add_argument("--heads", type=int, required=True, help="how many are taken off, of all layers together")
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    trained = load_run(options.run)
    documents = [from_row(row) for row in load(options.texts)["train"]]
    heads = least_needed(trained.model, options.heads, list(usual_windows(documents, trained, N_WINDOWS)))
    for (layer, head), cost in heads.items():
        print(f"layer {layer + 1} head {head + 1}: {cost:.5f}")
    kept = prune(trained.model, heads)
    options.out.mkdir(parents=True, exist_ok=True)
    torch.save(trained.model.state_dict(), options.out / WEIGHTS_FILE)
    about = {name: trained.about[name] for name in ("encoder", "layers", "max_pieces")}
    about |= {"heads": kept, "pruned": trained.about}
    (options.out / RUN_FILE).write_text(json.dumps(about, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
