"""Documents that are scored together get what each gets alone."""

import numpy as np
import pytest
from tokenizers import Tokenizer

from extractor.scheme import LAYERS
from extractor.structure import parse_text
from extractor.tagger import Ints, Scores, Tagger, TaggerSettings, encode_text
from extractor.tags import allowed_transitions, tag_names

TEXTS = [
    "Ann Lee will write to the council by the September meeting.\n" * 5,
    "",
    "Ann Lee",
    "The chair: a b l\n\nCases rose",
]
N_SCORES = sum(len(tag_names(layer)) for layer in LAYERS)


def scorer(ids: Ints, mask: Ints, features: Ints) -> Scores:
    """Scores that depend on the piece alone."""
    columns = np.arange(1, N_SCORES + 1)
    scores: Scores = (np.sin(ids[..., None] * columns) * mask[..., None]).astype(np.float32)
    return scores


@pytest.fixture
def tagger(tokenizer: Tokenizer) -> Tagger:
    transitions = {layer: allowed_transitions(layer).tolist() for layer in LAYERS}
    return Tagger(tokenizer, scorer, TaggerSettings(transitions, {}, max_pieces=8, overlap_pieces=3, batch_size=3))


def test_together_and_alone(tagger: Tagger) -> None:
    documents = [(text, parse_text(text)) for text in TEXTS]
    together = list(tagger.pipe(documents))
    assert together == [tagger(text, structure) for text, structure in documents]
    assert together[1] == ()
    assert any(together)


def test_scores_are_those_of_the_first_pieces(tagger: Tagger) -> None:
    encodings = [encode_text(text, parse_text(text), tagger.tokenizer) for text in TEXTS if text]
    for encoding, scores in zip(encodings, tagger.score_all(encodings), strict=True):
        ids = encoding.pieces.ids[encoding.pieces.first][None]
        np.testing.assert_array_equal(scores, scorer(ids, np.ones_like(ids), ids)[0])


def test_how_far_it_is(tagger: Tagger) -> None:
    heard: list[float] = []
    tagger(TEXTS[0], parse_text(TEXTS[0]), heard.append)
    assert heard == sorted(heard)
    assert len(heard) > 2
    assert heard[-1] == 1.0


@pytest.mark.parametrize(
    ("listed_bonus", "unlisted_bonus", "expected"),
    [(0.0, 0.0, [None, None]), (1.5, 0.0, ["present", None]), (0.0, 1.5, [None, "present"])],
)
def test_who_is_in_a_list_depends_on_the_structure(
    tokenizer: Tokenizer, listed_bonus: float, unlisted_bonus: float, expected: list[str | None]
) -> None:
    settings = TaggerSettings(
        {layer: allowed_transitions(layer).tolist() for layer in LAYERS},
        {"PERSON.att": ["none", "present", "absent"]},
        listed_bonus=listed_bonus,
        unlisted_bonus=unlisted_bonus,
    )
    text = "Present: Ann Lee\n\n1. Report\n\nThe report of Bo Ray was heard."
    encoding = encode_text(text, parse_text(text), tokenizer)
    names = [tag_names(layer) for layer in LAYERS]
    scores = np.zeros((len(encoding.tokens), sum(map(len, names)) + 3), dtype=np.float32)
    for row, token in enumerate(encoding.tokens):
        tag = {"Ann": "B-PERSON", "Lee": "I-PERSON", "Bo": "B-PERSON", "Ray": "I-PERSON"}.get(token.text, "O")
        scores[row, names[0].index(tag)] = 9
        scores[row, len(names[0]) + names[1].index("O")] = 9
        scores[row, -3:] = [1, 0, -9]
    spans = Tagger(tokenizer, scorer, settings).decode(encoding, scores)
    assert [span.attributes.get("att") for span in spans] == expected


@pytest.mark.parametrize(
    ("figure", "label"),
    [
        ("18.01.17", "PERIOD"),
        ("3/7/2024", "PERIOD"),
        ("18.01", "METRIC"),
        ("18.01/17", "METRIC"),
        ("180.01.17", "METRIC"),
    ],
)
def test_a_date_is_no_metric(tokenizer: Tokenizer, figure: str, label: str) -> None:
    tagger = Tagger(
        tokenizer, scorer, TaggerSettings({layer: allowed_transitions(layer).tolist() for layer in LAYERS}, {})
    )
    encoding = encode_text(figure, parse_text(figure), tokenizer)
    names = [tag_names(layer) for layer in LAYERS]
    scores = np.zeros((len(encoding.tokens), sum(map(len, names))), dtype=np.float32)
    scores[:, names[0].index("I-METRIC")] = 9
    scores[0, names[0].index("B-METRIC")] = 19
    scores[:, len(names[0]) + names[1].index("O")] = 9
    assert [(span.label, span.start, span.end) for span in tagger.decode(encoding, scores)] == [(label, 0, len(figure))]


@pytest.mark.parametrize(
    ("known", "unknown", "expected"),
    [
        pytest.param(0.0, 0.0, ["Ann Lee", "BCC"], id="scores alone"),
        pytest.param(2.0, 0.0, ["Ann Lee", "AL", "BCC"], id="those of a name"),
        pytest.param(0.0, -2.0, ["Ann Lee"], id="those of none"),
    ],
)
def test_initials_are_judged_by_the_names_of_the_document(
    tokenizer: Tokenizer, known: float, unknown: float, expected: list[str]
) -> None:
    settings = TaggerSettings(
        {layer: allowed_transitions(layer).tolist() for layer in LAYERS},
        {},
        known_initials_bonus=known,
        unknown_initials_bonus=unknown,
    )
    text = "Ann Lee spoke. AL and BCC agreed."
    encoding = encode_text(text, parse_text(text), tokenizer)
    names = [tag_names(layer) for layer in LAYERS]
    scores = np.zeros((len(encoding.tokens), sum(map(len, names))), dtype=np.float32)
    emissions = {"Ann": ("B-PERSON", 9), "Lee": ("I-PERSON", 9), "AL": ("O", 5), "BCC": ("O", 3)}
    for row, token in enumerate(encoding.tokens):
        tag, score = emissions.get(token.text, ("O", 9))
        scores[row, names[0].index(tag)] = score
        scores[row, len(names[0]) + names[1].index("O")] = 9
        if token.text in ("AL", "BCC"):
            scores[row, names[0].index("B-PERSON")] = 4
    spans = Tagger(tokenizer, scorer, settings).decode(encoding, scores)
    assert [span.text_of(text) for span in spans] == expected
