import pytest

from extractor.normalize.names import display_name, may_be_same, parse_name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann Lee", "Lee"),
        ("Ann Lee", "Ann"),
        ("Ann Lee", "A Lee"),
        ("Ann Lee", "A. Lee"),
        ("Ann Lee", "AL"),
        ("Ann Lee", "A.L."),
        ("Ann Mary Lee", "AML"),
        ("Ann Mary Lee", "AL"),
        ("Ann Mary Lee", "Mary"),
        ("Ann Lee", "ALee"),
        ("Christopher Ray", "Chris"),
        ("Mrs Ann Lee", "ann lee"),
        ("Jan van der Berg", "van der Berg"),
        ("Jan van der Berg", "Berg"),
        ("Jan van der Berg", "JB"),
        ("Sean O'Dea", "O’Dea"),
        ("Ann Lee-Fox", "Fox"),
        ("Ann Lee-Fox", "ALF"),
        ("Ann Lee", "Ann L"),
        ("José Núñez", "Jose Nunez"),
        ("Lee", "Lee"),
        ("AL", "AL"),
        ("Ann (Annie) Lee", "Ann Lee"),
    ],
)
def test_one_person(one: str, other: str) -> None:
    assert may_be_same(parse_name(one), parse_name(other))
    assert may_be_same(parse_name(other), parse_name(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann Lee", "Bo Lee"),
        ("Ann Lee", "Ann Ray"),
        ("Ann Lee", "Ray"),
        ("Ann Lee", "AR"),
        ("Ann Lee", "Le"),
        ("Lee", "AL"),
        ("Lee", "Ray"),
        ("AL", "AR"),
        ("Ann Lee", "123"),
    ],
)
def test_two_people(one: str, other: str) -> None:
    assert not may_be_same(parse_name(one), parse_name(other))
    assert not may_be_same(parse_name(other), parse_name(one))


def test_the_fullest_name_is_shown() -> None:
    assert display_name(["AL", "Lee", "Ann\nLee", "A Lee"]) == "Ann Lee"
    assert display_name(["@ann", "ann"]) == "@ann"
