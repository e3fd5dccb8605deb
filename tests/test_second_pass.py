import numpy as np
import pytest

from extractor.second_pass import LAYER, Mention, indicator_bonus, initials_bonus, repeat_bonus
from extractor.tags import tag_names
from extractor.tokens import Gap, Token, tokenize

NAMES = tag_names(LAYER)
TEXT = "Ann Lee, Board member\nBo Ray, Board member. Later board\nmember Ray spoke; Board member business came."


def _mention(tokens: tuple[Token, ...], label: str, words: str, occurrence: int = 0, score: float = 0.9) -> Mention:
    parts = [token.text for token in tokenize(words)]
    places = [k for k in range(len(tokens)) if [t.text for t in tokens[k : k + len(parts)]] == parts]
    return Mention(label, places[occurrence], places[occurrence] + len(parts), score)


def _gains(mentions: list[Mention], label: str, tokens: tuple[Token, ...]) -> list[tuple[str, str]]:
    """(prefix, word) of each tag of the label that gains."""
    added = repeat_bonus(mentions, tokens, 1.0)
    rows = [(prefix, added[:, NAMES.index(f"{prefix}-{label}")]) for prefix in "BI"]
    return sorted((prefix, tokens[k].text) for prefix, row in rows for k in np.flatnonzero(row > 0))


def test_a_title_that_is_labelled_twice_gains_everywhere_also_across_a_line() -> None:
    tokens = tokenize(TEXT)
    twice = [_mention(tokens, "ROLE", "Board member", k) for k in (0, 1)]
    gains = _gains(twice, "ROLE", tokens)
    assert [word for prefix, word in gains if prefix == "B"] == ["Board", "Board", "Board", "board"]
    assert ("I", "\n") in gains
    assert _gains(twice, "PERSON", tokens) == []


@pytest.mark.parametrize(
    ("n_mentions", "score"),
    [
        pytest.param(1, 0.9, id="once"),
        pytest.param(2, 0.6, id="unsure"),
    ],
)
def test_what_is_labelled_once_or_unsurely_gains_nothing(n_mentions: int, score: float) -> None:
    tokens = tokenize(TEXT)
    mentions = [_mention(tokens, "ROLE", "Board member", k, score) for k in range(n_mentions)]
    assert not repeat_bonus(mentions, tokens, 1.0).any()


def test_the_longest_string_counts_and_must_not_run_on() -> None:
    tokens = tokenize("Head and Chief Nurse; Head and Chief Nurse; Head; Head; Head and Chief Nurse Jo")
    mentions = [
        *(_mention(tokens, "ROLE", "Head and Chief Nurse", k) for k in (0, 1)),
        *(_mention(tokens, "ROLE", "Head", k) for k in (2, 3)),
    ]
    added = repeat_bonus(mentions, tokens, 1.0)
    inside = added[:, NAMES.index("I-ROLE")]
    last = max(k for k, token in enumerate(tokens) if token.text == "Nurse")
    assert inside[last] == 1.0
    assert inside[last + 1] == -0.5


def test_marks_alone_are_no_string() -> None:
    tokens = tokenize("- - -")
    dashes = [k for k, token in enumerate(tokens) if token.gap is Gap.NONE]
    assert not repeat_bonus([Mention("PERSON", k, k + 1, 0.9) for k in dashes], tokens, 1.0).any()


def test_an_indicator_gains_only_in_the_sentence_of_a_metric_that_has_none() -> None:
    tokens = tokenize("Turnover was high. Absence rose to 5%. Income was 9 pounds; costs were 4.\n\nThe end")
    mentions = [
        _mention(tokens, "METRIC", "5 %"),
        _mention(tokens, "INDICATOR", "Income"),
        _mention(tokens, "METRIC", "9 pounds"),
    ]
    added = indicator_bonus(mentions, tokens, 2.0)
    column = added[:, NAMES.index("B-INDICATOR")]
    assert [tokens[k].text for k in np.flatnonzero(column)] == ["Absence", "rose", "to", "5", "%"]
    assert added.sum() == column.sum()


def test_an_indicator_is_sought_near_its_metric_only() -> None:
    tokens = tokenize("word " * 100 + "5 pounds" + " word" * 100)
    added = indicator_bonus([_mention(tokens, "METRIC", "5 pounds")], tokens, 1.0)
    gained = np.flatnonzero(added.any(axis=1))
    assert 40 <= 100 - gained[0] <= 41
    assert 23 <= gained[-1] - 101 <= 24


def _gain_of_people(text: str, mentions: list[tuple[str, str, float]]) -> dict[str, float]:
    """Word to what it gains as a person."""
    tokens = tokenize(text)
    found = [_mention(tokens, label, words, score=score) for label, words, score in mentions]
    added = initials_bonus(found, tokens, 2.0, -1.0)
    column = added[:, NAMES.index("B-PERSON")]
    assert np.abs(added).sum() == np.abs(column).sum()
    return {tokens[k].text: float(column[k]) for k in np.flatnonzero(column)}


@pytest.mark.parametrize(
    ("initials", "name"),
    [
        pytest.param("AL", "Ann Lee", id="two words"),
        pytest.param("AML", "Ann Mary Lee", id="three words"),
        pytest.param("AL", "Ann Mary Lee", id="first and last of three"),
        pytest.param("ALB", "Ann Lee-Bow", id="hyphen"),
        pytest.param("ALE", "Ann Lee", id="first letter and the surname's beginning"),
        pytest.param("AL", "Cllr Ann Lee", id="form of address"),
    ],
)
def test_initials_of_somebody_who_is_named_in_full_gain_as_a_person(initials: str, name: str) -> None:
    gains = _gain_of_people(f"{name} spoke. {initials} to ask BCC, THE END of it", [("PERSON", name, 0.9)])
    assert gains == {initials: 2.0, "BCC": -1.0, "THE": -1.0, "END": -1.0}


def test_capitals_in_a_reference_are_no_initials() -> None:
    assert _gain_of_people("Ann Lee spoke of 7AL, AL3 and AL-3. AL left", [("PERSON", "Ann Lee", 0.9)]) == {"AL": 2.0}
    tokens = tokenize("Ann Lee spoke of AL3")
    assert not initials_bonus([_mention(tokens, "PERSON", "Ann Lee")], tokens, 2.0, -1.0).any()


@pytest.mark.parametrize(
    "mention",
    [
        pytest.param(("PERSON", "Lee", 0.9), id="one word"),
        pytest.param(("PERSON", "Ann Lee", 0.5), id="unsure"),
        pytest.param(("ROLE", "Ann Lee", 0.9), id="no person"),
        pytest.param(("PERSON", "Ms Lee", 0.9), id="no given name"),
    ],
)
def test_initials_are_judged_only_by_people_who_are_surely_named_in_full(mention: tuple[str, str, float]) -> None:
    assert _gain_of_people("Ms Ann Lee spoke. Ms Lee left. AL to ask BCC", [mention]) == {}
