import numpy as np
import pytest

from extractor.features import FEATURES, N_CLASSES, Case, Line, Name, Place, Shape, shape_of, token_features
from extractor.structure import parse_text
from extractor.tokens import tokenize

MINUTES = """HILLTOP PARISH COUNCIL

Present: Ann Lee (Chair), Bo Marsh
Clerk | Joan Brook

1. Welcome
The clerk welcomed all, and Marsh thanked AL for the tea that was served to everybody.
- a bullet
"""


def _of(word: str, feature: str, occurrence: int = 0) -> int:
    tokens = tokenize(MINUTES)
    rows = token_features(MINUTES, tokens, parse_text(MINUTES))
    places = [k for k, token in enumerate(tokens) if token.text == word]
    return int(rows[places[occurrence], list(FEATURES).index(feature)])


@pytest.mark.parametrize(
    ("word", "shape"),
    [
        ("the", Shape.LOWER),
        ("Ann", Shape.TITLE),
        ("AL", Shape.UPPER),
        ("A", Shape.LETTER),
        ("McLeod", Shape.MIXED),
        ("1.2", Shape.DIGITS),
        ("%", Shape.SIGN),
        ("\n", Shape.LINE),
        ("\n\n", Shape.PARAGRAPH),
        ("\t", Shape.COLUMN),
    ],
)
def test_shape(word: str, shape: Shape) -> None:
    assert shape_of(tokenize(word)[0]) is shape


def test_lines() -> None:
    assert _of("HILLTOP", "line") == Line.HEADING
    assert _of("Present", "line") == Line.LABELLED
    assert _of("Joan", "line") == Line.TABLE
    assert _of("Welcome", "line") == Line.NUMBERED
    assert _of("welcomed", "line") == Line.PROSE
    assert _of("bullet", "line") == Line.BULLET


def test_a_word_that_is_also_written_small_is_no_certain_name() -> None:
    assert _of("Clerk", "case") == Case.ALSO_LOWER
    assert _of("Marsh", "case") == Case.ALWAYS_CAPITAL
    assert _of("Brook", "case") == Case.ONCE


def test_names_and_initials_of_the_lists_are_known_elsewhere() -> None:
    assert _of("Marsh", "name", 1) == Name.LISTED
    assert _of("AL", "name") == Name.INITIALS
    assert _of("tea", "name") == Name.OTHER


def test_places() -> None:
    assert _of("HILLTOP", "place") == Place.FIRST
    assert _of("bullet", "place") == Place.LAST


def test_every_class_has_a_row_in_its_embedding() -> None:
    rows = token_features(MINUTES, tokenize(MINUTES), parse_text(MINUTES))
    assert (rows > 0).all()
    assert (rows < np.array(list(N_CLASSES.values()))).all()
