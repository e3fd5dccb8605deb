from hypothesis import given
from hypothesis import strategies as st
from spacy.vocab import Vocab

from extractor.components import LinearTokenizer
from extractor.tokens import MAX_TOKEN_CHARS, Gap, tokenize

LAYOUT = st.text(alphabet=st.sampled_from("aZé9.,'’-–£%()|\t\n \u2003𝒳"), max_size=60)


@given(st.one_of(st.text(max_size=60), LAYOUT))
def test_tokens_cover_the_text_but_for_single_spaces(text: str) -> None:
    position = 0
    for token in tokenize(text):
        assert text[position : token.start] in ("", " ")
        assert text[token.start : token.end] == token.text
        position = token.end
    assert text[position:] in ("", " ")


@given(st.one_of(st.text(max_size=60), LAYOUT))
def test_a_doc_has_the_text_that_it_was_made_from(text: str) -> None:
    assert LinearTokenizer(Vocab())(text).text == text


def test_words_numbers_and_signs_are_apart() -> None:
    words = [token.text for token in tokenize("The Chair's £1.2m, 63,251 (A7) DT/MS")]
    assert words == ["The", "Chair", "'", "s", "£", "1.2", "m", ",", "63,251", "(", "A", "7", ")", "DT", "/", "MS"]


def test_white_space_tells_the_layout() -> None:
    gaps = [token.gap for token in tokenize("one two\nthree\n\n  four    five\tsix") if token.gap is not Gap.NONE]
    assert gaps == [Gap.LINE, Gap.PARAGRAPH, Gap.COLUMN, Gap.COLUMN]


def test_a_long_run_of_letters_is_cut() -> None:
    tokens = tokenize("x" * 1_000)
    assert max(len(token.text) for token in tokens) == MAX_TOKEN_CHARS + 1
    assert "".join(token.text for token in tokens) == "x" * 1_000
