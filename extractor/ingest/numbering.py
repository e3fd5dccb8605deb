"""Numbers of lists as they are printed: counters over levels, and the formats of a single number."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

BULLET: Final = "-"
_ROMAN: Final = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl")),
    *((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)
_MAX_ROMAN: Final = 3999
_PLACEHOLDER: Final = re.compile(r"%([1-9])")


@dataclass(frozen=True, slots=True)
class Level:
    """A level of a list: `pattern` has %1 … %9 for the levels' numbers; `number_format` is "decimal", "bullet" …"""

    number_format: str = "decimal"
    pattern: str = "%1."
    start: int = 1
    legal: bool = False
    """Whether the numbers of all levels are printed as digits."""
    restarts: bool = True
    """Whether the count begins again below a new number of a level above."""


def format_number(number: int, number_format: str) -> str:
    """A number as digits, letters or Roman numerals; a format not known gives digits, "none" nothing."""
    if number_format == "none":
        return ""
    if number_format in ("lowerLetter", "upperLetter") and number > 0:
        letters = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return (letters.upper() if number_format == "upperLetter" else letters)[:8]
    if number_format in ("lowerRoman", "upperRoman") and 0 < number <= _MAX_ROMAN:
        return _roman(number).upper() if number_format == "upperRoman" else _roman(number)
    if number_format == "decimalZero":
        return f"{number:02d}"
    if number_format == "ordinal":
        suffix = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
        return f"{number}{suffix}"
    return str(number)


def _roman(number: int) -> str:
    out = ""
    for value, sign in _ROMAN:
        while number >= value:
            out, number = out + sign, number - value
    return out


@dataclass(slots=True)
class Counter:
    """The state of one list."""

    levels: Mapping[int, Level]
    counts: dict[int, int] = field(default_factory=dict)

    def step(self, level: int) -> str:
        """Count one more on the level (from 0), and give the label as printed: "3.1", "(a)", "-" for a bullet."""
        for above in range(level):
            self.counts.setdefault(above, self._level(above).start)
        own = self._level(level)
        self.counts[level] = self.counts.get(level, own.start - 1) + 1
        for below in [key for key in self.counts if key > level and self._level(key).restarts]:
            del self.counts[below]
        if own.number_format == "bullet":
            return BULLET
        return self._label(own)

    def _label(self, own: Level) -> str:
        def number(match: re.Match[str]) -> str:
            index = int(match.group(1)) - 1
            of_level = self._level(index)
            count = self.counts.get(index, of_level.start)
            return format_number(count, "decimal" if own.legal else of_level.number_format)

        return _PLACEHOLDER.sub(number, own.pattern).strip()

    def _level(self, index: int) -> Level:
        return self.levels.get(index, Level("decimal", f"%{index + 1}.") if index < 9 else Level("bullet", ""))
