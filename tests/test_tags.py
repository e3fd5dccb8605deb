import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.annotations import Span
from extractor.scheme import LAYERS
from extractor.tags import FORBIDDEN, allowed_transitions, decode, encode, tag_names
from extractor.tokens import tokenize
from tests.markup import annotate

GOLD = (
    "⟨P role=r1|Ann Lee⟩, ⟨R r1|Clerk⟩\n\n⟨A|The ⟨R|Chair⟩ would write to\n⟨P|J. O'Dowd⟩ before the ⟨M|May meeting⟩⟩. "
    "⟨I i1|Cases⟩ rose by ⟨Q of=i1|– 0.3%⟩."
)


@pytest.mark.parametrize("layer", list(LAYERS))
def test_gold_survives_encoding_and_decoding(layer: str) -> None:
    gold = annotate(GOLD)
    tokens = tokenize(gold.text)
    encoded = encode(gold.spans, tokens, layer)
    found = {
        (label, tokens[first].start, tokens[past - 1].end) for label, first, past in decode(encoded.tags, tokens, layer)
    }
    assert encoded.n_unaligned == 0
    assert found == {(s.label, s.start, s.end) for s in gold.spans if s.label in LAYERS[layer]}


@given(st.lists(st.sampled_from(range(5)), max_size=12))
def test_decoding_any_tags_and_encoding_them_again_changes_nothing(tags: list[int]) -> None:
    text = " ".join("word" for _ in tags)
    tokens = tokenize(text)
    spans = decode(tags, tokens, "statement")
    as_spans = [Span(str(k), label, tokens[a].start, tokens[b - 1].end) for k, (label, a, b) in enumerate(spans)]
    assert decode(encode(as_spans, tokens, "statement").tags, tokens, "statement") == spans


def test_a_span_that_cuts_a_token_is_counted() -> None:
    tokens = tokenize("Chairmans report")
    encoded = encode([Span("a", "ROLE", 0, 8)], tokens, "entity")
    assert encoded.n_unaligned == 1
    assert decode(encoded.tags, tokens, "entity") == (("ROLE", 0, 1),)


def test_trailing_white_space_is_left_out() -> None:
    tokens = tokenize("to write\n\nNext")
    names = tag_names("statement")
    tags = [names.index(tag) for tag in ("B-ACTION", "I-ACTION", "I-ACTION", "O")]
    assert decode(tags, tokens, "statement") == (("ACTION", 0, 2),)


@pytest.mark.parametrize("layer", list(LAYERS))
def test_an_inside_tag_follows_its_own_label_only(layer: str) -> None:
    names = ("START", *tag_names(layer))
    matrix = allowed_transitions(layer)
    for row, before in enumerate(names):
        for column, tag in enumerate(names[1:]):
            allowed = not tag.startswith("I-") or before in (f"B-{tag[2:]}", tag)
            assert matrix[row, column] == (0.0 if allowed else np.float32(FORBIDDEN))
