"""Put more of the encoder's pre-trained layers on top of a trained model: `python -m training.grow --run DIR …`.

What the new layers add to their input is weakened, and their normalisations are fitted so that the input comes out as
it went in but for that: so the grown model begins near to what the smaller one could do.
Sources: Chen, Goodfellow and Shlens 2016, Net2Net; Zhang, Dauphin and Ma 2019, Fixup initialization.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from training.corpus import from_row, load
from training.encoders import find_encoder
from training.examples import Batch
from training.model import ModelSettings, TokenClassifier
from training.release import usual_windows
from training.runs import RUN_FILE, WEIGHTS_FILE, load_run

SHARE: Final = 0.2
"""Of what the pre-trained layers add to their input."""
N_WINDOWS: Final = 64


def grow(
    small: TokenClassifier, encoder: Path, n_layers: int, batches: Sequence[Batch], share: float = SHARE
) -> TokenClassifier:
    """A model of `n_layers` layers that does nearly what the small one, a BERT of fewer layers, does.

    Raises:
        ValueError: the small model has as many layers.
    """
    large = TokenClassifier(ModelSettings(encoder, n_layers))
    missing, unexpected = large.load_state_dict(small.state_dict(), strict=False)
    n_small = len(small.encoder.encoder.layer)
    if n_small >= n_layers or unexpected or not missing:
        raise ValueError(f"{n_small} layers are not fewer than {n_layers}")
    with torch.inference_mode():
        shown = torch.cat([small.eval().encode(b.ids, b.mask, b.features)[b.mask > 0] for b in batches])
        for layer in large.encoder.encoder.layer[n_small:]:
            for part in (layer.attention.output, layer.output):
                part.dense.weight.mul_(share)
                part.dense.bias.mul_(share)
                fit_identity(part.LayerNorm, shown)
    return large


def fit_identity(norm: nn.LayerNorm, shown: Tensor) -> None:
    """Let the normalisation give back what it is given, as well as a factor and a shift of each channel can.

    Shape: shown (n, n_channels).
    """
    plain = nn.functional.layer_norm(shown, norm.normalized_shape, eps=norm.eps)
    around, around_plain = shown - shown.mean(0), plain - plain.mean(0)
    factor = (around * around_plain).sum(0) / around_plain.square().sum(0)
    norm.weight.copy_(factor)
    norm.bias.copy_(shown.mean(0) - factor * plain.mean(0))


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="folder of a run, or of a released model")
    parser.add_argument("--layers", type=int, required=True)
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--share", type=float, default=SHARE, help="of what the new layers add to their input")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    trained = load_run(options.run)
    documents = [from_row(row) for row in load(options.texts)["train"]]
    batches = list(usual_windows(documents, trained, N_WINDOWS))
    grown = grow(trained.model, find_encoder(trained.about["encoder"]), options.layers, batches, options.share)
    options.out.mkdir(parents=True, exist_ok=True)
    torch.save(grown.state_dict(), options.out / WEIGHTS_FILE)
    about = {name: trained.about[name] for name in ("encoder", "max_pieces")}
    about |= {"layers": options.layers, "share": options.share, "grown_from": trained.about}
    (options.out / RUN_FILE).write_text(json.dumps(about, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
