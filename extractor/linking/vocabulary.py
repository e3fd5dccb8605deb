"""The words of `vocabulary.toml` as compiled patterns."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files


@cache
def words(table: str, key: str) -> tuple[str, ...]:
    """The words of one list, as they stand in the file."""
    return tuple(_tables()[table][key])


@cache
def any_of(table: str, key: str) -> re.Pattern[str]:
    """Matches each word of a list as a whole word, in any case."""
    return re.compile(rf"(?<!\w)(?:{alternatives(words(table, key))})(?!\w)", re.IGNORECASE)


@cache
def keys(table: str) -> tuple[str, ...]:
    """The names of the lists of a table, in the order of the file."""
    return tuple(_tables()[table])


def alternatives(phrases: Sequence[str]) -> str:
    """A pattern of the phrases, the longest first; a space stands for any white space."""
    ordered = sorted(phrases, key=len, reverse=True)
    return "|".join(
        re.escape(p.removesuffix("*")).replace(r"\ ", r"\s+") + (r"\w*" if p[-1] == "*" else "") for p in ordered
    )


@cache
def _tables() -> Mapping[str, Mapping[str, Sequence[str]]]:
    return tomllib.loads(files("extractor.linking").joinpath("vocabulary.toml").read_text(encoding="utf-8"))
