"""Tokens to word pieces, nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer

from extractor.errors import ModelError
from extractor.tokens import Gap, Token

MAX_PIECES: Final = 6
"""Pieces kept of one token; the rest of a longer one is dropped, its tag is read off the first piece."""
GAP_PIECES: Final = {Gap.LINE: "[unused1]", Gap.PARAGRAPH: "[unused2]", Gap.COLUMN: "[unused3]"}
_OTHER_NAMES: Final = {"[CLS]": "<s>", "[SEP]": "</s>", "[MASK]": "<mask>"}


def load_tokenizer(vocabulary: Path) -> Tokenizer:
    """The word-piece tokenizer (lower case, no accents) of a vocabulary file, one piece a line (Wu et al. 2016)."""
    pieces = vocabulary.read_text(encoding="utf-8").rstrip("\n").split("\n")
    ids = {piece: number for number, piece in enumerate(pieces)}
    ids |= {name: ids[other] for name, other in _OTHER_NAMES.items() if other in ids}
    tokenizer = Tokenizer(WordPiece(ids, unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer(lowercase=True)
    return tokenizer


def piece_id(tokenizer: Tokenizer, piece: str) -> int:
    """The id of a piece that the vocabulary must have. Raises ModelError where it has not."""
    found = tokenizer.token_to_id(piece)
    if found is None:
        raise ModelError(f"the vocabulary lacks {piece}")
    return int(found)


@dataclass(frozen=True, slots=True)
class Pieces:
    """Word pieces of a document, without the special ones at its ends.

    `ids` has shape (n_pieces,); `first` has shape (n_tokens,) and gives the first piece of each token.
    """

    ids: npt.NDArray[np.int64]
    first: npt.NDArray[np.int64]

    @property
    def token_of(self) -> npt.NDArray[np.int64]:
        """Shape: (n_pieces,). The token that each piece belongs to."""
        n_pieces = np.diff(np.append(self.first, len(self.ids)))
        return np.repeat(np.arange(len(self.first)), n_pieces)


def align(tokens: Sequence[Token], tokenizer: Tokenizer) -> Pieces:
    """The word pieces of the tokens; every token has one at least."""
    unknown = piece_id(tokenizer, "[UNK]")
    gaps = {gap: piece_id(tokenizer, piece) for gap, piece in GAP_PIECES.items()}
    words = [token.text for token in tokens if token.gap is Gap.NONE]
    distinct = sorted(set(words))
    encodings = tokenizer.encode_batch(distinct, add_special_tokens=False) if distinct else []
    pieces = {word: encoding.ids[:MAX_PIECES] or [unknown] for word, encoding in zip(distinct, encodings, strict=True)}
    ids: list[int] = []
    first: list[int] = []
    for token in tokens:
        first.append(len(ids))
        ids += pieces[token.text] if token.gap is Gap.NONE else [gaps[token.gap]]
    return Pieces(np.array(ids, dtype=np.int64), np.array(first, dtype=np.int64))
