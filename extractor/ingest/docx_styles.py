"""Styles and numbering of a DOCX: which paragraphs are headings, and which number each list paragraph has."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from extractor.ingest.numbering import Counter, Level
from extractor.ingest.package import Package

W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
VAL: Final = f"{W}val"
_MAX_STYLE_CHAIN: Final = 20
MAX_HEADING_LEVEL: Final = 9


@dataclass(slots=True)
class Style:
    """A paragraph style; what is None comes from the style that it is based on."""

    name: str = ""
    based_on: str | None = None
    num_id: str | None = None
    num_level: int | None = None
    outline_level: int | None = None


def whole_number(text: str | None, default: int = 0) -> int:
    """An attribute's value as a number; the default where it is none or absurd."""
    try:
        number = int(text or "")
    except ValueError:
        return default
    return number if abs(number) < 1_000_000 else default


class _StyleEvents:
    """Hears styles.xml."""

    def __init__(self) -> None:
        self.styles: dict[str, Style] = {}
        self.default: str | None = None
        self._style: Style | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        value = attributes.get(VAL)
        if tag == f"{W}style" and attributes.get(f"{W}type") == "paragraph":
            style_id = attributes.get(f"{W}styleId", "")
            self._style = self.styles[style_id] = Style()
            if attributes.get(f"{W}default") in ("1", "true"):
                self.default = style_id
        elif self._style is None:
            return
        elif tag == f"{W}name":
            self._style.name = (value or "").lower()
        elif tag == f"{W}basedOn":
            self._style.based_on = value
        elif tag == f"{W}numId":
            self._style.num_id = value
        elif tag == f"{W}ilvl":
            self._style.num_level = whole_number(value)
        elif tag == f"{W}outlineLvl":
            self._style.outline_level = whole_number(value)

    def end(self, tag: str) -> None:
        if tag == f"{W}style":
            self._style = None

    def data(self, text: str) -> None:
        return None


@dataclass(slots=True)
class _Abstract:
    levels: dict[int, Level] = field(default_factory=dict)
    style_link: str | None = None
    """The numbering style whose levels this list takes."""
    defines_style: str | None = None


class _NumberingEvents:
    """Hears numbering.xml."""

    def __init__(self) -> None:
        self.abstracts: dict[str, _Abstract] = {}
        self.nums: dict[str, str] = {}
        self.overrides: dict[str, dict[int, Level]] = {}
        self.starts: dict[str, dict[int, int]] = {}
        self._abstract: _Abstract | None = None
        self._num: str | None = None
        self._index = 0
        self._level: Level | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name, value = tag.removeprefix(W), attributes.get(VAL)
        if name == "abstractNum":
            self._abstract = self.abstracts[attributes.get(f"{W}abstractNumId", "")] = _Abstract()
        elif name == "num":
            self._num = attributes.get(f"{W}numId", "")
        elif name == "abstractNumId" and self._num is not None:
            self.nums[self._num] = value or ""
        elif name in ("lvl", "lvlOverride"):
            self._index = whole_number(attributes.get(f"{W}ilvl"))
            self._level = Level() if name == "lvl" else None
        elif name == "startOverride" and self._num is not None:
            self.starts.setdefault(self._num, {})[self._index] = whole_number(value, 1)
        elif self._level is not None:
            self._set(name, value)
        elif self._abstract is not None and name == "numStyleLink":
            self._abstract.style_link = value
        elif self._abstract is not None and name == "styleLink":
            self._abstract.defines_style = value

    def _set(self, name: str, value: str | None) -> None:
        assert self._level is not None
        setters: dict[str, Callable[[Level], Level]] = {
            "start": lambda level: replace(level, start=whole_number(value, 1)),
            "numFmt": lambda level: replace(level, number_format=value or "decimal"),
            "lvlText": lambda level: replace(level, pattern=(value or "")[:40]),
            "isLgl": lambda level: replace(level, legal=value not in ("0", "false")),
            "lvlRestart": lambda level: replace(level, restarts=value != "0"),
        }
        if name in setters:
            self._level = setters[name](self._level)

    def end(self, tag: str) -> None:
        name = tag.removeprefix(W)
        if name == "lvl" and self._level is not None:
            if self._num is not None:
                self.overrides.setdefault(self._num, {})[self._index] = self._level
            elif self._abstract is not None:
                self._abstract.levels[self._index] = self._level
            self._level = None
        elif name == "num":
            self._num = None
        elif name == "abstractNum":
            self._abstract = None

    def data(self, text: str) -> None:
        return None


class StyleSheet:
    """Answers for a paragraph's style: heading level, list and list level; counts the lists as they are asked."""

    def __init__(self, package: Package, folder: str) -> None:
        styles, numbering = _StyleEvents(), _NumberingEvents()
        for part, events in ((f"{folder}styles.xml", styles), (f"{folder}numbering.xml", numbering)):
            if part in package.names:
                package.parse(part, events)
        self._styles = styles.styles
        self._default = styles.default
        self._numbering = numbering
        self._counters: dict[str, Counter] = {}
        self._begun: set[str] = set()

    def heading_level(self, style_id: str | None, outline_level: int | None) -> int | None:
        """From 1, or None where the paragraph is no heading; 9 in the file means body text."""
        chain = self._chain(style_id)
        levels = [outline_level, *(style.outline_level for style in chain)]
        found = next((level for level in levels if level is not None), None)
        if found is not None:
            return found + 1 if 0 <= found < MAX_HEADING_LEVEL else None
        if any(style.name == "title" for style in chain):
            return 1
        return None

    def label(self, style_id: str | None, num_id: str | None, level: int | None) -> tuple[str, int] | None:
        """The label as printed and the level from 0, or None where the paragraph is in no list; counts one on."""
        chain = self._chain(style_id)
        if num_id is None:
            num_id = next((style.num_id for style in chain if style.num_id is not None), None)
        if level is None:
            level = next((style.num_level for style in chain if style.num_level is not None), 0)
        if num_id is None or num_id == "0" or num_id not in self._numbering.nums:
            return None
        level = min(max(level, 0), 8)
        return self._counter(num_id).step(level), level

    def _chain(self, style_id: str | None) -> list[Style]:
        chain: list[Style] = []
        current = style_id if style_id is not None else self._default
        while current in self._styles and len(chain) < _MAX_STYLE_CHAIN:
            chain.append(self._styles[current])
            current = chain[-1].based_on
        return chain

    def _counter(self, num_id: str) -> Counter:
        """Lists of one definition count on together, unless one of them says where it starts."""
        numbering = self._numbering
        abstract_id = self._resolve(numbering.nums[num_id])
        abstract = numbering.abstracts.get(abstract_id, _Abstract())
        overrides = numbering.overrides.get(num_id)
        key = f"{abstract_id}/{num_id}" if overrides else abstract_id
        if key not in self._counters:
            self._counters[key] = Counter({**abstract.levels, **(overrides or {})})
        counter = self._counters[key]
        if num_id not in self._begun:
            self._begun.add(num_id)
            for index, start in numbering.starts.get(num_id, {}).items():
                counter.counts[index] = start - 1
        return counter

    def _resolve(self, abstract_id: str) -> str:
        """The definition that has the levels, where one only names the numbering style of another."""
        link = self._numbering.abstracts.get(abstract_id, _Abstract()).style_link
        if link is None:
            return abstract_id
        found = (key for key, abstract in self._numbering.abstracts.items() if abstract.defines_style == link)
        return next(found, abstract_id)
