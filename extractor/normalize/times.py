"""Times of day as minutes write them, as HH:MM; morning and afternoon are told apart only where the text does."""

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

_WORDS: Final = {"noon": "12:00", "midday": "12:00", "midnight": "00:00"}
_TIME: Final = re.compile(
    r"(?<![\d.:£$€/])(?:"
    r"(?:12(?:[:.]00)?\s?)?(?P<word>noon|midday|midnight)(?![a-z])"
    r"|(?P<hour>[01]?\d|2[0-4])\s?(?:[:.;]\s?(?P<minute>[0-5]\d)(?!\d)(?:[:.][0-5]\d(?!\d))?)?\s?(?P<half>[ap])\.?\s?m(?![a-z])\.?"
    r"|(?P<hour24>[01]?\d|2[0-3])\s?[:h]\s?(?P<minute24>[0-5]\d)(?![\d:])(?:\s?h(?:ou)?rs?(?![a-z]))?"
    r"|(?P<military>[01]\d|2[0-3])[.:]?(?P<minute_military>[0-5]\d)\s?(?:h(?:ou)?rs?|h)(?![a-z])"
    r"|(?P<hour_dot>[01]?\d|2[0-3])\.(?P<minute_dot>[0-5]\d)(?![\d%]|\.\d)"
    r"|(?P<clock>1[0-2]|[1-9])\s?o['’]?clock"
    r")",
    re.IGNORECASE,
)
_BETWEEN: Final = re.compile(r"\s{0,3}(?:[-–—]|to|until|till)\s{0,3}", re.IGNORECASE)
_BARE_FIRST: Final = re.compile(
    r"(?<![\d.:£$€/-])(?P<hour>[01]?\d|2[0-3])(?:[:.](?P<minute>[0-5]\d))?(?P<between>\s{0,3}(?:[-–—]|to)\s{0,3})$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Time:
    """A time of day at its place in the text; `half` is "a" or "p" where the text says so, else ""."""

    start: int
    end: int
    hour: int
    minute: int
    half: str

    def __str__(self) -> str:
        return f"{self.hour:02}:{self.minute:02}"

    @property
    def is_definite(self) -> bool:
        """Whether the text leaves no doubt between morning and afternoon."""
        return bool(self.half) or self.hour > 12 or self.hour == 0


def find_times(text: str) -> list[Time]:
    """Every time of day in `text`, in order; "3.15" is taken for one, so look only where a time is expected."""
    return [time for match in _TIME.finditer(text) if (time := _read(match)) is not None]


def parse_time(text: str) -> str | None:
    """The first time of day that `text` states as HH:MM, one with am, pm or a colon before "3.15"."""
    times = find_times(text)
    marked = [t for t in times if t.half or ":" in text[t.start : t.end] or not text[t.end - 1].isdigit()]
    return next((str(t) for t in marked + times), None)


def parse_time_range(text: str) -> tuple[str, str] | None:
    """The first stretch "from - to" of times, as two HH:MM; an am or pm said once holds for both where it can."""
    times = find_times(text)
    for first, last in pairwise(times):
        if _BETWEEN.fullmatch(text, first.end, last.start):
            return str(_before(first, last)), str(after(last, first))
    for last in times:
        bare = _BARE_FIRST.search(text[max(0, last.start - 16) : last.start])
        if bare is not None and last.half:
            start = Time(0, 0, int(bare["hour"]), int(bare["minute"] or 0), "")
            return str(_before(start, last)), str(last)
    return None


def after(time: Time, earlier: Time) -> Time:
    """`time` in the afternoon where it is not marked, and else would come before `earlier`."""
    if not time.is_definite and earlier.is_definite and str(time) < str(earlier) and time.hour < 12:
        return Time(time.start, time.end, time.hour + 12, time.minute, "p")
    return time


def _before(first: Time, last: Time) -> Time:
    """`first` in the half of the day that `last` says, unless it would then come after it."""
    if first.is_definite or not last.half or last.half == "a" or first.hour >= 12:
        return first
    moved = Time(first.start, first.end, first.hour + 12, first.minute, "p")
    return moved if str(moved) <= str(last) else first


def _read(match: re.Match[str]) -> Time | None:
    groups = {name: value for name, value in match.groupdict().items() if value is not None}
    end = match.start() + len(match[0].rstrip())
    if "word" in groups:
        noon = _WORDS[groups["word"].lower()]
        return Time(match.start(), end, int(noon[:2]), 0, "p" if noon == "12:00" else "a")
    hour = int(next(groups[name] for name in ("hour", "hour24", "military", "hour_dot", "clock") if name in groups))
    minute = int(next((v for name, v in groups.items() if name.startswith("minute")), "0"))
    half = groups.get("half", "").lower()
    if half and hour <= 12:
        hour = hour % 12 + (12 if half == "p" else 0)
    return Time(match.start(), end, hour, minute, half) if hour < 24 else None
