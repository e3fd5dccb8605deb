"""What is known of each mention of a task before mentions of one task are sought: words, place, owners and dates."""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from extractor.annotations import Relation, Span
from extractor.linking.context import Context
from extractor.linking.vocabulary import any_of, words

Stems = frozenset[str]
"""The beginnings of words that say something: "circulate" and "circulation" are one."""
STEM_CHARS: Final = 6
MAX_BETWEEN: Final = 60
"""Characters between two tasks of one list."""
MIN_LISTED: Final = 3
"""Tasks that make a list."""
FAR_BEFORE: Final = 400
"""Characters before a task that tell what it is about, if they stand in its paragraph."""
FAR_BEHIND: Final = 150
"""The same behind it."""
_WORD: Final = re.compile(r"[^\W_]{2,}")
_ANY_WORD: Final = re.compile(r"\w+")
_MAX_INITIALS: Final = 4


@dataclass(frozen=True, slots=True)
class TaskMention:
    """One ACTION span."""

    span: Span
    stems: Stems
    first: str
    """The first stem that is in no name or title of the document: mostly the verb; "" without one."""
    folded: str
    """Its words in lower case, without punctuation."""
    marks: frozenset[str]
    """Its numbers and its words with a capital, but for the first word."""
    around: Stems
    """Of its paragraph, as far as it is near."""
    heading: Stems
    """Of the heading that it stands under."""
    owners: frozenset[str]
    """The words and initials of those who must do it."""
    dues: frozenset[str]
    """When it is due, as written."""
    set_apart: bool
    """Behind a label, in an action table or in a summary."""
    list_number: int
    """Of the run of tasks with next to nothing between them that it stands in."""
    listed: bool
    """Whether that run has as many as MIN_LISTED tasks."""
    section: int
    refers: bool
    """Whether a word in it points back, such as "this"."""


def list_mentions(context: Context, relations: Iterable[Relation]) -> list[TaskMention]:
    """The mentions of tasks in order; `relations` are those to their owners and dates."""
    actions, spans = context.of("ACTION"), context.annotated.by_id()
    tails: dict[tuple[str, str], list[Span]] = {}
    for relation in relations:
        tails.setdefault((relation.kind, relation.head), []).append(spans[relation.tail])
    names = frozenset(stem for agent in context.agents for stem in _sequence(agent.text_of(context.text)))
    lists = _list_numbers(context, actions)
    sizes = Counter(lists)
    starts = [entry.start for entry in context.structure.agenda]
    found = []
    for action, number in zip(actions, lists, strict=True):
        text, section = action.text_of(context.text), bisect_right(starts, action.start)
        sequence = _sequence(text)
        found.append(
            TaskMention(
                action,
                frozenset(sequence),
                next((stem for stem in sequence if stem not in names), ""),
                fold(text),
                frozenset(
                    word.casefold() for word in _ANY_WORD.findall(text)[1:] if word[0].isupper() or word.isdigit()
                ),
                frozenset(_sequence(_around(context, action))),
                _heading(context, section),
                _people(context, tails.get(("owner", action.id), ())),
                frozenset(fold(due.text_of(context.text)) for due in tails.get(("due", action.id), ())),
                context.is_set_apart(action),
                number,
                sizes[number] >= MIN_LISTED,
                section,
                any_of("same", "pointers").search(text) is not None,
            )
        )
    return found


def fold(text: str) -> str:
    """The words in lower case with single spaces between."""
    return " ".join(_ANY_WORD.findall(text.casefold()))


def _sequence(text: str) -> list[str]:
    ignored = words("same", "ignored")
    return [word[:STEM_CHARS] for word in _WORD.findall(text.lower()) if word not in ignored]


def _list_numbers(context: Context, actions: Sequence[Span]) -> list[int]:
    numbers = [0] if actions else []
    for before, after in pairwise(actions):
        between = " ".join(context.between(before, after)[: 20 * MAX_BETWEEN].split())
        numbers.append(numbers[-1] + (len(between) >= MAX_BETWEEN))
    return numbers


def _around(context: Context, action: Span) -> str:
    start, end = context.paragraph_bounds(action.start)
    return context.text[max(start, action.start - FAR_BEFORE) : min(end, action.end + FAR_BEHIND)]


def _heading(context: Context, section: int) -> Stems:
    if not section:
        return frozenset()
    entry = context.structure.agenda[section - 1]
    return frozenset(_sequence(context.text[entry.title_start : entry.title_end]))


def _people(context: Context, owners: Sequence[Span]) -> frozenset[str]:
    """Words in lower case, initials in capitals: "Ann Lee" and "AL" share the latter."""
    found = set()
    for owner in owners:
        parts = _ANY_WORD.findall(owner.text_of(context.text))
        found |= {p if p.isupper() and len(p) <= _MAX_INITIALS else p.lower() for p in parts if len(p) > 1}
        capitals = [p[0] for p in parts if p[0].isupper()]
        if owner.label == "PERSON" and len(capitals) > 1:
            found.add("".join(capitals))
    return frozenset(found)
