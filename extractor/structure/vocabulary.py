"""The words of `vocabulary.toml`, read once when they are first asked for."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class AttendanceWords:
    """What lists of people are called and marked with; the keys of the mappings are values of PERSON `att=`."""

    status: Mapping[str, tuple[str, ...]]
    everyday: frozenset[str]
    modifiers: Mapping[str, frozenset[str]]
    filler: frozenset[str]
    rosters: frozenset[str]
    stops: frozenset[str]
    prose: frozenset[str]
    marks: Mapping[str, frozenset[str]]
    honorifics: frozenset[str]


@cache
def attendance_words() -> AttendanceWords:
    """The vocabulary of attendance lists."""
    table = _table()
    attendance = table["attendance"]
    return AttendanceWords(
        status={key: tuple(value) for key, value in attendance["status"].items()},
        everyday=frozenset(attendance["everyday"]["words"]),
        modifiers={key: frozenset(value) for key, value in attendance["modifiers"].items()},
        filler=frozenset(attendance["filler"]["words"]),
        rosters=frozenset(attendance["rosters"]["words"]),
        stops=frozenset(attendance["stops"]["words"]),
        prose=frozenset(attendance["prose"]["words"]),
        marks={key: frozenset(value) for key, value in attendance["marks"].items()},
        honorifics=frozenset(table["names"]["honorifics"]),
    )


@cache
def words(section: str, key: str) -> frozenset[str]:
    """The phrases under a key of a section, "actions.columns" and the like."""
    table: Any = _table()
    for name in section.split("."):
        table = table[name]
    return frozenset(table[key])


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("vocabulary.toml").read_text(encoding="utf-8"))
