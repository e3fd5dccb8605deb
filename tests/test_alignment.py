from tokenizers import Tokenizer

from extractor.alignment import MAX_PIECES, align
from extractor.tokens import tokenize


def test_each_token_knows_its_first_piece(tokenizer: Tokenizer) -> None:
    tokens = tokenize("Ann will\nwrite\n\nto  xyz")
    pieces = align(tokens, tokenizer)
    names = [tokenizer.id_to_token(int(i)) for i in pieces.ids]
    assert names == ["ann", "will", "[unused1]", "write", "[unused2]", "to", "[unused3]", "x", "##y", "##z"]
    assert pieces.first.tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    assert pieces.token_of.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 7, 7]


def test_a_long_word_keeps_its_first_pieces(tokenizer: Tokenizer) -> None:
    pieces = align(tokenize("abcdefghijkl"), tokenizer)
    assert len(pieces.ids) == MAX_PIECES


def test_a_word_without_pieces_is_unknown(tokenizer: Tokenizer) -> None:
    pieces = align(tokenize("漢"), tokenizer)
    assert pieces.ids.tolist() == [tokenizer.token_to_id("[UNK]")]


def test_no_tokens_no_pieces(tokenizer: Tokenizer) -> None:
    assert align((), tokenizer).ids.shape == (0,)
