"""The token classifier at run time: text to spans. What computes the scores of a window is passed in."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar, Final, Protocol

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from extractor.alignment import Pieces, align, piece_id
from extractor.annotations import Span
from extractor.decoding import Path, best_path, changed_path
from extractor.features import FEATURES, token_features
from extractor.regions import Listed
from extractor.scheme import LAYERS
from extractor.second_pass import LAYER as SECOND_PASS_LAYER
from extractor.second_pass import Mention, indicator_bonus, initials_bonus, repeat_bonus
from extractor.structure.model import Structure
from extractor.tags import decode, tag_names
from extractor.tokens import Gap, Token, tokenize
from extractor.windows import Window, cut, merge

Ints = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float32]
Report = Callable[[float], None]
"""Is told which share of the work is done, from 0 to 1."""

LAYER_PREFIX: Final = {"entity": "e", "statement": "s"}
NO_VALUE: Final = "none"
"""Class of an attribute that a span need not have."""
LISTED_COLUMN: Final = list(FEATURES).index("listed")
DATE: Final = re.compile(r"\d{1,2}([./-])\d{1,2}\1(?:\d{2}|\d{4})")
"""A figure that is wholly a date, such as that of a payment, is no metric but a period."""
MAX_WINDOWS_TOGETHER: Final = 32
"""Of several documents, whose scores are kept at once."""


class Scorer(Protocol):
    """The encoder with its heads."""

    def __call__(self, ids: Ints, mask: Ints, features: Ints) -> Scores:
        """Scores of each piece.

        Shape: ids and mask (batch, n_pieces), features (batch, n_pieces, n_features) to (batch, n_pieces, n_scores).
        """
        ...


@dataclass(frozen=True, slots=True)
class TaggerSettings:
    """How a document is cut, and how the scores of the model are laid out."""

    transitions: dict[str, list[list[float]]]
    """Layer to log scores, shape (1 + n_tags, n_tags)."""
    heads: dict[str, list[str]]
    """"LABEL.attribute" to its classes, in the order of the columns behind the tags."""
    max_pieces: int = 254
    """Word pieces in a window, without the two special ones."""
    overlap_pieces: int = 80
    batch_size: int = 4
    """Windows that are scored at once."""
    start_bonus: dict[str, float] = field(default_factory=dict)
    """Label to what the log score of its beginning gains: below 0 fewer spans are found, above 0 more."""
    repeat_bonus: float = 0.0
    """What each token of a string gains that the document labels more than once, wherever it stands."""
    known_initials_bonus: float = 0.0
    """What capitals gain as a person if they are the initials of someone whom the document names in full."""
    unknown_initials_bonus: float = 0.0
    """What they gain if not."""
    indicator_bonus: float = 0.0
    """What the beginning of an indicator gains in a sentence with a metric and no indicator."""
    listed_bonus: float = 0.0
    """What the statuses of attendance gain against `none` for a person in a list that the structure knows."""
    unlisted_bonus: float = 0.0
    """The same for a person in no such list."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """A document as the model sees it."""

    tokens: tuple[Token, ...]
    pieces: Pieces
    features: Ints
    """Shape: (n_tokens, n_features)."""
    borders: ClassVar[tuple[Gap, ...]] = (Gap.LINE, Gap.PARAGRAPH)
    """Behind which gaps a window may best begin."""

    @property
    def is_border(self) -> npt.NDArray[np.bool_]:
        """Shape: (n_tokens,). Whether a line begins at the token."""
        breaks = np.array([token.gap in self.borders for token in self.tokens], dtype=np.bool_)
        return np.concatenate([[True], breaks[:-1]]) if len(breaks) else breaks


def encode_text(text: str, structure: Structure, tokenizer: Tokenizer) -> Encoding:
    """Tokens, word pieces and features of a text."""
    tokens = tokenize(text)
    return Encoding(tokens, align(tokens, tokenizer), token_features(text, tokens, structure))


@dataclass(frozen=True, slots=True)
class Tagger:
    """Finds the spans of a text, with their predicted attributes, but without relations."""

    tokenizer: Tokenizer
    scorer: Scorer
    settings: TaggerSettings

    def __call__(self, text: str, structure: Structure, report: Report | None = None) -> tuple[Span, ...]:
        """The spans of both layers, sorted; `score` is the smallest marginal probability among the span's tokens."""
        encoding = encode_text(text, structure, self.tokenizer)
        (scores,) = self.score_all([encoding], report)
        return self.decode(encoding, scores) if encoding.tokens else ()

    def pipe(self, documents: Iterable[tuple[str, Structure]]) -> Iterator[tuple[Span, ...]]:
        """The spans of each text, in order; the windows of short texts are scored together."""
        encodings = (encode_text(text, structure, self.tokenizer) for text, structure in documents)
        for group in _groups(encodings, self.settings.max_pieces * MAX_WINDOWS_TOGETHER):
            for encoding, scores in zip(group, self.score_all(group), strict=True):
                yield self.decode(encoding, scores) if encoding.tokens else ()

    def scores(self, encoding: Encoding) -> Scores:
        """Shape: (n_tokens, n_scores). The raw scores of each token, read off its first piece."""
        (scores,) = self.score_all([encoding])
        return scores

    def score_all(self, encodings: Sequence[Encoding], report: Report | None = None) -> list[Scores]:
        """As `scores`, of several documents; windows of one length are scored together, whatever their document."""
        windows = [self._cut(encoding) for encoding in encodings]
        places = [(which, k) for which, cuts in enumerate(windows) for k in range(len(cuts))]
        order = sorted(places, key=lambda place: _n_tokens(windows[place[0]][place[1]]), reverse=True)
        rows: dict[tuple[int, int], Scores] = {}
        for batch in _batches(order, self.settings.batch_size):
            arrays = window_arrays([(encodings[which], windows[which][k]) for which, k in batch], self.tokenizer)
            scored = self.scorer(arrays.ids, arrays.mask, arrays.features)
            rows |= {place: scored[row, arrays.first[row]] for row, place in enumerate(batch)}
            if report is not None:
                report(len(rows) / len(order))
        return [
            merge(cuts, [rows[which, k] for k in range(len(cuts))], len(encodings[which].tokens))
            for which, cuts in enumerate(windows)
        ]

    def _cut(self, encoding: Encoding) -> tuple[Window, ...]:
        return cut(
            encoding.pieces.first,
            len(encoding.pieces.ids),
            encoding.is_border,
            max_pieces=self.settings.max_pieces,
            overlap_pieces=self.settings.overlap_pieces,
        )

    def decode(self, encoding: Encoding, scores: Scores) -> tuple[Span, ...]:
        """The spans of a document from its raw scores, shape (n_tokens, n_scores)."""
        found: list[Span] = []
        offset = 0
        head_start = sum(len(tag_names(layer)) for layer in LAYERS)
        for layer in LAYERS:
            n_tags = len(tag_names(layer))
            emissions = scores[:, offset : offset + n_tags]
            offset += n_tags
            emissions = emissions + self._start_bonus(layer)
            transitions = np.array(self.settings.transitions[layer], dtype=np.float32)
            path = best_path(emissions, transitions)
            mentions = _mentions(path, encoding, layer)
            if layer == SECOND_PASS_LAYER and mentions:
                bonus = repeat_bonus(mentions, encoding.tokens, self.settings.repeat_bonus)
                bonus += indicator_bonus(mentions, encoding.tokens, self.settings.indicator_bonus)
                known, unknown = self.settings.known_initials_bonus, self.settings.unknown_initials_bonus
                bonus += initials_bonus(mentions, encoding.tokens, known, unknown)
                is_changed = np.asarray(bonus.any(axis=1))
                path = changed_path(path, is_changed, emissions + bonus, transitions)
                mentions = _mentions(path, encoding, layer)
            for number, mention in enumerate(mentions):
                start, end = encoding.tokens[mention.first].start, encoding.tokens[mention.past - 1].end
                is_listed = bool(encoding.features[mention.first, LISTED_COLUMN] > Listed.NONE)
                logits = scores[mention.first, head_start:]
                label = _plain_label(mention, encoding.tokens)
                attributes = MappingProxyType(self._attributes(label, logits, is_listed))
                name = f"{LAYER_PREFIX[layer]}{number}"
                found.append(Span(name, label, start, end, mention.score, attributes))
        return tuple(sorted(found, key=lambda span: (span.start, -span.end)))

    def _start_bonus(self, layer: str) -> Scores:
        """Shape: (n_tags,)."""
        wanted = {f"B-{label}": bonus for label, bonus in self.settings.start_bonus.items()}
        return np.array([wanted.get(name, 0.0) for name in tag_names(layer)], dtype=np.float32)

    def _attributes(self, label: str, logits: Scores, is_listed: bool) -> dict[str, str]:
        attributes: dict[str, str] = {}
        offset = 0
        for key, classes in self.settings.heads.items():
            head_label, attribute = key.split(".")
            if head_label == label:
                bonus = self.settings.listed_bonus if is_listed else self.settings.unlisted_bonus
                value = _best_class(logits[offset : offset + len(classes)], classes, bonus)
                attributes |= {attribute: value} if value != NO_VALUE else {}
            offset += len(classes)
        return attributes


def _mentions(path: Path, encoding: Encoding, layer: str) -> list[Mention]:
    """The labelled runs of one layer on the best path."""
    sure = path.marginals[np.arange(len(path.tags)), path.tags]
    return [
        Mention(label, first, past, float(np.clip(sure[first:past].min(), 0.0, 1.0)))
        for label, first, past in decode(path.tags.tolist(), encoding.tokens, layer)
    ]


def _plain_label(mention: Mention, tokens: Sequence[Token]) -> str:
    words = "".join(token.text for token in tokens[mention.first : mention.past])
    return "PERIOD" if mention.label == "METRIC" and DATE.fullmatch(words) else mention.label


def _best_class(logits: Scores, classes: Sequence[str], bonus: float) -> str:
    """The class of the highest score; NO_VALUE, if there is such a class, unless all others and a bonus outweigh it."""
    if NO_VALUE not in classes:
        return classes[int(logits.argmax())]
    none = classes.index(NO_VALUE)
    others = np.delete(logits, none)
    if np.logaddexp.reduce(others) + bonus <= logits[none]:
        return NO_VALUE
    return [name for name in classes if name != NO_VALUE][int(others.argmax())]


@dataclass(frozen=True, slots=True)
class WindowArrays:
    """The model's input for a batch of windows."""

    ids: Ints
    """Shape: (batch, n_pieces)."""
    mask: Ints
    """Shape: (batch, n_pieces)."""
    features: Ints
    """Shape: (batch, n_pieces, n_features)."""
    first: tuple[Ints, ...]
    """Of each window, where the first piece of each of its tokens stands; shape (n_tokens,)."""


def window_arrays(windows: Sequence[tuple[Encoding, Window]], tokenizer: Tokenizer) -> WindowArrays:
    """The input for windows of any documents, padded to the longest."""
    spans = [_piece_span(encoding, window) for encoding, window in windows]
    shape = (len(windows), 2 + max(end - start for start, end in spans))
    ids, mask = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    features = np.zeros((*shape, len(FEATURES)), dtype=np.int64)
    ids[:, 0] = piece_id(tokenizer, "[CLS]")
    for row, ((encoding, _), (start, end)) in enumerate(zip(windows, spans, strict=True)):
        n = end - start
        ids[row, 1 : n + 1] = encoding.pieces.ids[start:end]
        ids[row, n + 1] = piece_id(tokenizer, "[SEP]")
        mask[row, : n + 2] = 1
        features[row, 1 : n + 1] = encoding.features[encoding.pieces.token_of[start:end]]
    first = (
        1 + encoding.pieces.first[window.token_start : window.token_end] - start
        for (encoding, window), (start, _) in zip(windows, spans, strict=True)
    )
    return WindowArrays(ids, mask, features, tuple(first))


def _piece_span(encoding: Encoding, window: Window) -> tuple[int, int]:
    """The pieces of a window, end exclusive."""
    first = encoding.pieces.first
    end = first[window.token_end] if window.token_end < len(first) else len(encoding.pieces.ids)
    return int(first[window.token_start]), int(end)


def _n_tokens(window: Window) -> int:
    return window.token_end - window.token_start


def _groups(encodings: Iterable[Encoding], max_pieces: int) -> Iterator[list[Encoding]]:
    """Runs of documents of so many pieces in sum, or a single longer one."""
    group: list[Encoding] = []
    n_pieces = 0
    for encoding in encodings:
        if group and n_pieces + len(encoding.pieces.ids) > max_pieces:
            yield group
            group, n_pieces = [], 0
        group.append(encoding)
        n_pieces += len(encoding.pieces.ids)
    if group:
        yield group


def _batches(order: Sequence[tuple[int, int]], size: int) -> Iterator[Sequence[tuple[int, int]]]:
    for start in range(0, len(order), size):
        yield order[start : start + size]
