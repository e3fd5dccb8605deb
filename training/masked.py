"""Masked-language training of an encoder on minutes: `python -m training.masked --texts DIR --out DIR`.

The encoder goes on learning to guess hidden words, now on the texts that the classifier will be trained on, and is
written as a folder that `training.train --encoder` takes. Labels are not looked at.
"""

import argparse
import random
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel

from extractor.alignment import load_tokenizer, piece_id
from training.corpus import LabelledDocument, from_row, load
from training.encoders import WEIGHTS, find_encoder
from training.examples import Example, random_windows, to_example
from training.train import held_out_organisations

HIDDEN_RATE: Final = 0.15
"""Share of the word pieces that are to be guessed."""
MASKED, CHANGED = 0.8, 0.1
"""Of these, the share that becomes [MASK] and the share that becomes another piece; the rest stays as it is.

Source: Devlin, Chang, Lee and Toutanova 2019, BERT, section 3.1.
"""
NOT_GUESSED: Final = -100
MAX_PIECES: Final = 254
N_WARMUP: Final = 50


class MaskedModel(nn.Module):
    """An encoder with a head whose output layer is the table of its word embeddings, which stays as it is."""

    def __init__(self, encoder_folder: Path, n_layers: int) -> None:
        super().__init__()
        config = AutoConfig.from_pretrained(encoder_folder)
        config.num_hidden_layers = n_layers
        self.encoder = AutoModel.from_pretrained(encoder_folder, config=config, add_pooling_layer=False)
        self.encoder.embeddings.word_embeddings.weight.requires_grad = False
        width = config.hidden_size
        self.head = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.LayerNorm(width))
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))

    def forward(self, ids: Tensor, mask: Tensor, wanted: Tensor) -> Tensor:
        """The mean cross-entropy of the pieces to be guessed.

        Shape: all (batch, n_pieces); `wanted` has the true piece where one is to be guessed, else NOT_GUESSED.
        """
        hidden = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        guessed = wanted != NOT_GUESSED
        words = self.encoder.embeddings.word_embeddings.weight
        logits = self.head(hidden[guessed]) @ words.T + self.bias
        return nn.functional.cross_entropy(logits.float(), wanted[guessed])


def hide(ids: Tensor, mask: Tensor, mask_id: int, n_words: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """The pieces with some of them hidden, and what is to be guessed; special pieces are never hidden.

    Shape: all (batch, n_pieces).
    """
    inner = mask.bool() & (mask.roll(-1, 1) == 1)
    inner[:, 0] = False  # [CLS]; what precedes the padding, or the end, is [SEP]
    inner[:, -1] = False
    guessed = inner & (torch.rand(ids.shape, generator=generator) < HIDDEN_RATE)
    draw = torch.rand(ids.shape, generator=generator)
    others = torch.randint(0, n_words, ids.shape, generator=generator)
    hidden = torch.where(draw < MASKED, mask_id, torch.where(draw < MASKED + CHANGED, others, ids))
    return torch.where(guessed, hidden, ids), torch.where(guessed, ids, NOT_GUESSED)


def iter_pieces(
    examples: Sequence[Example], batch_size: int, tokenizer: Tokenizer, rng: random.Random
) -> Iterator[tuple[Tensor, Tensor]]:
    """Pieces and mask of windows of like length, in random order; shape (batch, n_pieces)."""
    windows = []
    for example in examples:
        first = np.append(example.encoding.pieces.first, len(example.encoding.pieces.ids))
        for window in random_windows(example, MAX_PIECES, rng):
            windows.append(example.encoding.pieces.ids[first[window.token_start] : first[window.token_end]])
    windows.sort(key=len)
    batches = [windows[k : k + batch_size] for k in range(0, len(windows), batch_size)]
    rng.shuffle(batches)
    ends = piece_id(tokenizer, "[CLS]"), piece_id(tokenizer, "[SEP]")
    for batch in batches:
        rows = [torch.from_numpy(np.concatenate([[ends[0]], pieces, [ends[1]]])) for pieces in batch]
        lengths = torch.tensor([len(row) for row in rows])
        ids = nn.utils.rnn.pad_sequence(rows, batch_first=True)
        yield ids, (torch.arange(ids.shape[1])[None] < lengths[:, None]).long()


def train(
    model: MaskedModel, examples: Sequence[Example], tokenizer: Tokenizer, *, epochs: int, lr: float, seed: int
) -> list[float]:
    """Train the encoder; the mean loss a guessed piece in each epoch."""
    rng, generator = random.Random(seed), torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    trained = [weights for weights in model.parameters() if weights.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=lr, weight_decay=0.01, fused=True)
    n_steps = epochs * sum(1 for _ in iter_pieces(examples, 8, tokenizer, random.Random(seed)))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / N_WARMUP, max(0.02, (n_steps - step) / n_steps))
    )
    mask_id, n_words = piece_id(tokenizer, "[MASK]"), len(model.bias)
    means = []
    for epoch in range(1, epochs + 1):
        started, losses = time.monotonic(), []
        for ids, mask in iter_pieces(examples, 8, tokenizer, rng):
            hidden, wanted = hide(ids, mask, mask_id, n_words, generator)
            if not (wanted != NOT_GUESSED).any():
                continue
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = model(hidden, mask, wanted)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(trained, 1.0)
            optimizer.step()
            schedule.step()
            losses.append(float(loss.detach()))
        means.append(float(np.mean(losses)))
        print(f"epoch {epoch} loss {means[-1]:.4f} {time.monotonic() - started:.0f} s", flush=True)
    return means


def write_encoder(model: MaskedModel, source: Path, out: Path) -> None:
    """Write the trained layers as an encoder folder, with the vocabulary of the one that it was made from."""
    out.mkdir(parents=True, exist_ok=True)
    weights = {name: value.contiguous() for name, value in model.encoder.state_dict().items()}
    save_file(weights, out / WEIGHTS, metadata={"format": "pt"})
    model.encoder.config.save_pretrained(out)
    shutil.copy(source / "vocab.txt", out / "vocab.txt")


def texts_to_learn(documents: Sequence[LabelledDocument], fold: int | None, folds: int) -> list[LabelledDocument]:
    """The documents whose organisations the fold does not hold out; all without a fold."""
    if fold is None:
        return list(documents)
    held_out = held_out_organisations(documents, fold, folds)
    return [document for document in documents if document.organisation not in held_out]


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", default="minilm", help="name in training/encoders.py, or a folder")
    parser.add_argument("--layers", type=int, default=4, help="layers kept of the encoder, from the bottom")
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--fold", type=int, help="which fold of the organisations is not to be read")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--lr", type=float, default=2e-4)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    source = find_encoder(options.encoder)
    tokenizer = load_tokenizer(source / "vocab.txt")
    documents = [from_row(row) for row in load(options.texts)["train"]]
    chosen = texts_to_learn(documents, options.fold, options.folds)
    examples = [to_example(document.annotated, tokenizer) for document in chosen]
    model = MaskedModel(source, options.layers)
    train(model, examples, tokenizer, epochs=options.epochs, lr=options.lr, seed=options.seed)
    write_encoder(model, source, options.out)


if __name__ == "__main__":
    main()
