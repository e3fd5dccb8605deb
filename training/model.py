"""The token classifier: one pre-trained encoder, two CRF layers, and heads for the attributes of spans."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel

from extractor.features import N_CLASSES
from extractor.scheme import ATTRIBUTES
from extractor.tags import allowed_transitions, tag_names

LAYER_NAMES: Final = ("entity", "statement")
N_TAGS: Final = {layer: len(tag_names(layer)) for layer in LAYER_NAMES}
HEADS: Final = {key: (("none",) if key == ("PERSON", "att") else ()) + values for key, values in ATTRIBUTES.items()}
"""(label, attribute) to the classes of its head; a person who is in no attendance list has `none`."""
N_SCORES: Final = sum(N_TAGS.values()) + sum(len(classes) for classes in HEADS.values())


TINY: Final = 1e-300
"""Smallest probability that the recursions divide by."""


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """What the model is made of."""

    encoder: Path
    """Folder with config.json and model.safetensors of a BERT or MPNet encoder."""
    n_layers: int | None = None
    """How many of the encoder's layers are kept, from the bottom; all without it."""
    dropout: float = 0.15
    """On the encoder's output; between 0 and 1."""
    n_heads: tuple[int, ...] | None = None
    """How many heads of attention each layer of a BERT keeps; all without it."""


class Crf(nn.Module):
    """A linear-chain CRF over tags (Lafferty, McCallum and Pereira 2001)."""

    def __init__(self, layer: str) -> None:
        super().__init__()
        allowed = torch.from_numpy(allowed_transitions(layer)).clone()
        allowed[0] = 0.0  # a window may begin inside a span
        self.allowed: Tensor
        self.register_buffer("allowed", allowed)
        self.transitions = nn.Parameter(torch.zeros_like(allowed))

    def forward(self, emissions: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
        """The negative log likelihood, summed.

        Shape: emissions (batch, n_tokens, n_tags); tags and mask (batch, n_tokens).
        """
        transitions = self.transitions + self.allowed
        log_partition = cast(Tensor, _LogPartition.apply(emissions, mask, transitions))  # type: ignore[no-untyped-call]
        return log_partition - self._path(emissions, tags, mask, transitions).sum()

    def against(self, marginals: Tensor, emissions: Tensor, mask: Tensor) -> Tensor:
        """The cross-entropy, summed, to what another CRF says of the tags, but for what the transitions add to a path.

        So the transitions learn nothing by it, and the sum drifts with them.

        Shape: marginals and emissions (batch, n_tokens, n_tags), mask (batch, n_tokens).
        Source: Wang, Jiang, Bach, Wang, Huang and Tu 2020, Structure-level knowledge distillation, section 3.2.
        """
        transitions = (self.transitions + self.allowed).detach()
        log_partition = cast(Tensor, _LogPartition.apply(emissions, mask, transitions))  # type: ignore[no-untyped-call]
        return log_partition - (marginals * emissions * mask[..., None]).sum()

    @staticmethod
    def _path(emissions: Tensor, tags: Tensor, mask: Tensor, transitions: Tensor) -> Tensor:
        emitted = emissions.gather(2, tags[..., None]).squeeze(2)
        before = torch.cat([torch.zeros_like(tags[:, :1]), tags[:, :-1] + 1], dim=1)
        return ((emitted + transitions[before, tags]) * mask).sum(1)


class _LogPartition(torch.autograd.Function):
    """The log partition functions of a batch, summed, with their gradient by the forward-backward algorithm.

    Letting autograd walk the recursion takes a fifth of a step. Source: Rabiner 1989, section V A for the scaling.
    """

    @staticmethod
    def forward(ctx: Any, emissions: Tensor, mask: Tensor, transitions: Tensor) -> Tensor:
        """Shape: emissions (batch, n_tokens, n_tags), mask (batch, n_tokens), transitions (1 + n_tags, n_tags)."""
        scores = emissions.detach().double().numpy()
        inside = mask.numpy()[..., None]
        peaks = scores.max(axis=2, keepdims=True)
        emitted = np.where(inside, np.exp(scores - peaks), 1.0)
        moves = np.exp(transitions.detach().double().numpy())
        between = moves[1:]
        n_tokens = scores.shape[1]
        forward, scales = np.empty_like(emitted), np.ones((*scores.shape[:2], 1))
        row = moves[0] * emitted[:, 0]
        for position in range(n_tokens):
            if position:
                row = np.where(inside[:, position], (row @ between) * emitted[:, position], row)
            scales[:, position] = np.maximum(row.sum(axis=1, keepdims=True), TINY)
            row = row / scales[:, position]
            forward[:, position] = row
        ratios = emitted / scales
        backward = np.ones_like(emitted)
        for position in range(n_tokens - 2, -1, -1):
            after = (ratios[:, position + 1] * backward[:, position + 1]) @ between.T
            backward[:, position] = np.where(inside[:, position + 1], after, 1.0)
        marginals = forward * backward * inside
        following = (ratios * backward * inside)[:, 1:]
        expected = np.empty_like(moves)
        expected[0] = marginals[:, 0].sum(axis=0)
        expected[1:] = between * np.einsum("bni,bnj->ij", forward[:, :-1], following)
        ctx.save_for_backward(torch.from_numpy(marginals).float(), torch.from_numpy(expected).float())
        return torch.tensor(((np.log(scales) + peaks) * inside).sum(), dtype=emissions.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, Tensor]:
        """The marginal probabilities of the tags, and how often each transition is expected."""
        marginals, expected = ctx.saved_tensors
        return gradients[0] * marginals, None, gradients[0] * expected


class TokenClassifier(nn.Module):
    """Word pieces and their features to scores, a row for each piece.

    The columns are the emissions of the entity layer, of the statement layer, and the logits of each head.
    """

    def __init__(self, settings: ModelSettings) -> None:
        super().__init__()
        config = AutoConfig.from_pretrained(settings.encoder)
        config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.0
        if settings.n_layers is not None:
            config.num_hidden_layers = settings.n_layers
        self.encoder = AutoModel.from_pretrained(settings.encoder, config=config, add_pooling_layer=False)
        if settings.n_heads is not None:
            for layer, n_heads in zip(self.encoder.encoder.layer, settings.n_heads, strict=True):
                keep_heads(layer, range(n_heads))
        for weight in _frozen(self.encoder):
            weight.requires_grad = False
        width = config.hidden_size
        self.features = nn.ModuleList(_zero_embedding(n, width) for n in N_CLASSES.values())
        self.dropout = nn.Dropout(settings.dropout)
        self.scores = nn.Linear(width, N_SCORES)
        self.crfs = nn.ModuleDict({layer: Crf(layer) for layer in LAYER_NAMES})

    def forward(self, ids: Tensor, mask: Tensor, features: Tensor) -> Tensor:
        """Scores of each piece.

        Shape: ids and mask (batch, n_pieces), features (batch, n_pieces, n_features) to (batch, n_pieces, n_scores).
        """
        return self.score(self.encode(ids, mask, features))

    def encode(self, ids: Tensor, mask: Tensor, features: Tensor) -> Tensor:
        """What the encoder's last layer gives.

        Shape: as `forward`, to (batch, n_pieces, n_channels).
        """
        embedded = self.encoder.embeddings.word_embeddings(ids)
        for column, embedding in enumerate(self.features):
            embedded = embedded + embedding(features[..., column])
        encoded: Tensor = self.encoder(inputs_embeds=embedded, attention_mask=mask).last_hidden_state
        return encoded

    def score(self, encoded: Tensor) -> Tensor:
        """Scores of what `encode` gives, with the same leading dimensions."""
        scores: Tensor = self.scores(self.dropout(encoded))
        return scores


def keep_heads(layer: Any, heads: Sequence[int]) -> None:
    """Leave these heads of attention to a layer of a BERT, in place.

    Source: Michel, Levy and Neubig 2019, Are sixteen heads really better than one?
    """
    attention, output = layer.attention.self, layer.attention.output
    size = attention.attention_head_size
    kept = torch.cat([torch.arange(head * size, (head + 1) * size) for head in heads])
    for name in ("query", "key", "value"):
        whole = getattr(attention, name)
        setattr(attention, name, _linear(whole.weight[kept], whole.bias[kept]))
    output.dense = _linear(output.dense.weight[:, kept], output.dense.bias)
    attention.num_attention_heads, attention.all_head_size = len(heads), len(kept)


def _linear(weight: Tensor, bias: Tensor) -> nn.Linear:
    linear = nn.Linear(weight.shape[1], weight.shape[0])
    linear.weight.data, linear.bias.data = weight.detach().clone(), bias.detach().clone()
    return linear


def _zero_embedding(n_classes: int, width: int) -> nn.Embedding:
    embedding = nn.Embedding(n_classes, width, padding_idx=0)
    nn.init.zeros_(embedding.weight)
    return embedding


def _frozen(encoder: nn.Module) -> list[nn.Parameter]:
    """Word embeddings, and MPNet's position bias, whose gradient costs a third of a step and brings nothing."""
    return [w for n, w in encoder.named_parameters() if "word_embeddings" in n or "relative_attention_bias" in n]
