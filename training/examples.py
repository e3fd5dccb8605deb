"""Labelled documents as training examples: tags of both layers, targets of the attribute heads, and variation."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from torch import Tensor

from extractor.alignment import align, piece_id
from extractor.annotations import AnnotatedText
from extractor.features import FEATURES, Shape, shape_of
from extractor.structure import parse_text
from extractor.tagger import Encoding, encode_text, window_arrays
from extractor.tags import encode, tag_names
from extractor.tokens import Token
from extractor.windows import Window, cut
from training.model import HEADS, LAYER_NAMES
from training.names import NamePools

IGNORED: Final = -100
"""Target of a token that a head says nothing about."""
STRUCTURE_DROP: Final = 0.1
"""Share of the windows that are trained without the structure, whose rules miss things in new styles."""
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Example:
    """A document with its targets, a row for each token."""

    encoding: Encoding
    tags: dict[str, Ints]
    """Layer to shape (n_tokens,)."""
    heads: Ints
    """Shape: (n_tokens, n_heads). The class of each attribute at the first token of its span, else IGNORED."""
    n_unaligned: int
    soft: npt.NDArray[np.float16] | None = None
    """Shape: (n_tokens, n_scores). The probabilities of tags and classes by a teacher, if there is one."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Windows of one training step. Pieces are padded with mask 0, tokens with token_mask False."""

    ids: Tensor
    mask: Tensor
    features: Tensor
    first: Tensor
    token_mask: Tensor
    tags: dict[str, Tensor]
    heads: Tensor
    soft: Tensor | None
    """Shape: (batch, n_tokens, n_scores); None without a teacher."""


def to_example(annotated: AnnotatedText, tokenizer: Tokenizer) -> Example:
    """The example of a labelled document; spans that cut a token are counted."""
    encoding = encode_text(annotated.text, parse_text(annotated.text), tokenizer)
    encoded = {layer: encode(annotated.spans, encoding.tokens, layer) for layer in LAYER_NAMES}
    heads = np.full((len(encoding.tokens), len(HEADS)), IGNORED, dtype=np.int64)
    ends = [token.end for token in encoding.tokens]
    defaults = {("ACTION", "status"): "open", ("METRIC", "kind"): "level", ("PERSON", "att"): "none"}
    for column, ((label, attribute), classes) in enumerate(HEADS.items()):
        for span in annotated.with_label(label):
            value = span.attributes.get(attribute, defaults.get((label, attribute)))
            if value is not None:
                heads[int(np.searchsorted(ends, span.start, side="right")), column] = classes.index(value)
    return Example(
        encoding,
        {layer: np.array(e.tags, dtype=np.int64) for layer, e in encoded.items()},
        heads,
        sum(e.n_unaligned for e in encoded.values()),
    )


def rename_people(example: Example, pools: NamePools, rng: random.Random, tokenizer: Tokenizer) -> Example:
    """The same document with other names of the same shape, each name replaced alike all over it."""
    names = tag_names("entity")
    begin, inside = names.index("B-PERSON"), names.index("I-PERSON")
    replaced: dict[str, str] = {}
    tokens = list(example.encoding.tokens)
    for index, tag in enumerate(example.tags["entity"]):
        token = tokens[index]
        if tag in (begin, inside):
            if token.text not in replaced:
                replaced[token.text] = _other_name(token, tag == begin, pools, rng)
            tokens[index] = replace(token, text=replaced[token.text])
    pieces = align(tokens, tokenizer)
    return replace(example, encoding=replace(example.encoding, tokens=tuple(tokens), pieces=pieces))


def _other_name(token: Token, is_first: bool, pools: NamePools, rng: random.Random) -> str:
    shape = shape_of(token)
    if shape is Shape.TITLE and len(token.text) > 2:
        return rng.choice(pools.first_names if is_first else pools.surnames)
    if shape is Shape.UPPER and len(token.text) <= 4:
        return "".join(rng.choice("ABCDEFGHJKLMNPRSTW") for _ in token.text)
    if shape is Shape.UPPER:
        return rng.choice(pools.first_names if is_first else pools.surnames).upper()
    return rng.choice("ABCDEFGHJKLMNPRSTW") if shape is Shape.LETTER else token.text


def random_windows(example: Example, max_pieces: int, rng: random.Random) -> tuple[Window, ...]:
    """Windows whose length and place differ from call to call."""
    first = example.encoding.pieces.first
    if not len(first):
        return ()
    size = rng.randint(max_pieces // 2, max_pieces)
    return cut(
        first,
        len(example.encoding.pieces.ids),
        example.encoding.is_border,
        max_pieces=size,
        overlap_pieces=rng.randint(0, size // 8),
    )


def iter_batches(
    examples: Sequence[tuple[Example, Window]],
    batch_size: int,
    tokenizer: Tokenizer,
    mask_rate: float,
    rng: random.Random,
) -> Iterator[Batch]:
    """Batches of windows of like length, in random order; `mask_rate` of the pieces become [MASK]."""
    order = list(examples)
    rng.shuffle(order)
    pools = [order[k : k + batch_size * 24] for k in range(0, len(order), batch_size * 24)]
    batches = []
    for pool in pools:
        pool.sort(key=lambda item: item[1].token_end - item[1].token_start)
        batches += [pool[k : k + batch_size] for k in range(0, len(pool), batch_size)]
    rng.shuffle(batches)
    for batch in batches:
        yield _batch(batch, tokenizer, mask_rate, rng)


def _batch(
    items: Sequence[tuple[Example, Window]], tokenizer: Tokenizer, mask_rate: float, rng: random.Random
) -> Batch:
    arrays = window_arrays([(example.encoding, window) for example, window in items], tokenizer)
    n_tokens = max(window.token_end - window.token_start for _, window in items)
    ids, mask, features = (torch.from_numpy(array) for array in (arrays.ids, arrays.mask, arrays.features))
    blind = torch.tensor([rng.random() < STRUCTURE_DROP for _ in items])
    for name in ("listed", "part"):
        column = list(FEATURES).index(name)
        features[..., column] = torch.where(blind[:, None], features[..., column].clamp(max=1), features[..., column])
    if mask_rate:
        generator = torch.Generator().manual_seed(rng.getrandbits(32))
        hidden = (torch.rand(ids.shape, generator=generator) < mask_rate) & (features[..., 0] > 0)
        ids = torch.where(hidden & (features[..., 0] < Shape.LINE), piece_id(tokenizer, "[MASK]"), ids)
    slices = [slice(window.token_start, window.token_end) for _, window in items]
    counts = torch.tensor([s.stop - s.start for s in slices])
    return Batch(
        ids,
        mask,
        features,
        torch.stack([_pad(torch.from_numpy(first), n_tokens, 0) for first in arrays.first]),
        torch.arange(n_tokens)[None] < counts[:, None],
        {
            layer: torch.stack(
                [_pad(torch.from_numpy(e.tags[layer][s]), n_tokens, 0) for (e, _), s in zip(items, slices, strict=True)]
            )
            for layer in LAYER_NAMES
        },
        torch.stack(
            [_pad(torch.from_numpy(e.heads[s]), n_tokens, IGNORED) for (e, _), s in zip(items, slices, strict=True)]
        ),
        _soft([e.soft[s] for (e, _), s in zip(items, slices, strict=True) if e.soft is not None], n_tokens),
    )


def _soft(rows: Sequence[npt.NDArray[np.float16]], n_tokens: int) -> Tensor | None:
    return torch.stack([_pad(torch.from_numpy(r).float(), n_tokens, 0) for r in rows]) if rows else None


def _pad(rows: Tensor, length: int, value: int) -> Tensor:
    padding = torch.full((length - len(rows), *rows.shape[1:]), value, dtype=rows.dtype)
    return torch.cat([rows, padding])
