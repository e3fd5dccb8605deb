"""person → role: the office that a mention of a person is given with."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from extractor.annotations import Relation, Span
from extractor.linking.context import Context, within
from extractor.linking.vocabulary import alternatives, words

MAX_GAP: Final = 120
"""Characters between a person and the role, beyond which no rule ties them."""
_OPEN: Final = re.compile(r"[\s*_|]*[(\[][\s*_]*$")
_DASH: Final = re.compile(r"\s*[*_]*\s*[-\u2013\u2014][\s*_]*$")
_TIGHT: Final = re.compile(r"[ ]?$")
_COLON: Final = re.compile(r"[\s*_]*[:=][\s*_|]*$")
_COMMA: Final = re.compile(r"\s*,\s*$")
_COLUMN: Final = re.compile(r"(?:\s*\|\s*|\t\s*|[ ]{3,}|[ ]*\n[ ]*)$")


def link_roles(context: Context) -> list[Relation]:
    """Each role goes to one person, the pair with the lowest cost first, a plural one to all of the list around it."""
    pairs = sorted(_iter_pairs(context), key=lambda pair: (pair[0], pair[2].start))
    taken: set[str] = set()
    holders: dict[str, list[Span]] = {}
    relations = []
    for cost, person, role in pairs:
        held = holders.get(person.id, [])
        if role.id in taken or (held and not any(_joined(context, role, other) for other in held)):
            continue
        taken.add(role.id)
        for holder in _sharing(context, person, role):
            holders.setdefault(holder.id, []).append(role)
            relations.append(Relation("role", holder.id, role.id, round(1 / (1 + cost / 4), 3)))
    return relations


def _joined(context: Context, one: Span, other: Span) -> bool:
    return bool(re.fullmatch(r"\s*(?:[,/&;]|and|,\s*and)\s*", context.between(one, other)))


def _sharing(context: Context, person: Span, role: Span) -> list[Span]:
    """The person, and for "Councillors" those that the list names beside it, away from the role."""
    if re.search(r"[^s]s$", role.text_of(context.text)) is None:
        return [person]
    persons = context.of("PERSON")
    at = persons.index(person)
    found = [person]
    for other in persons[at + 1 :] if person.start > role.start else persons[:at][::-1]:
        if not _joined(context, other, found[-1]):
            break
        found.append(other)
    return found


def _iter_pairs(context: Context) -> Iterator[tuple[float, Span, Span]]:
    agents = context.agents
    for index, role in enumerate(agents):
        if role.label != "ROLE":
            continue
        yield from _pairs_behind(context, agents[max(0, index - 4) : index], role)
        if index + 1 < len(agents) and agents[index + 1].label == "PERSON":
            cost = _cost_before(context, role, agents[index + 1])
            if cost is not None:
                yield cost, agents[index + 1], role


def _pairs_behind(context: Context, before: Sequence[Span], role: Span) -> Iterator[tuple[float, Span, Span]]:
    """Persons ahead of the role, the nearest first, with the cost; initials beside a name are passed over."""
    asides: list[Span] = []
    for person in reversed(before):
        gap = context.between(person, role)
        if len(gap) > MAX_GAP or (
            person.label == "ROLE" and not _joined(context, person, asides[-1] if asides else role)
        ):
            return
        for passed in asides:
            gap = gap.replace(context.text[passed.start : passed.end], "", 1)
        aside = person.label == "ROLE" or _is_aside(context, person)
        cost = None if aside else _cost_behind(context, person, re.sub(r"\s*[(\[]\s*[)\]]", "", gap))
        if cost is not None:
            yield cost + 0.1 * len(asides), person, role
        if not aside:
            return
        asides.append(person)


def _is_aside(context: Context, person: Span) -> bool:
    """Whether the mention is initials or a sign, in brackets or a column of its own, beside a full name."""
    name = person.text_of(context.text)
    before = context.text[max(0, person.start - 3) : person.start]
    bracket = len(name) <= 5 and re.search(r"[(\[]$", before)
    return bool(bracket or (len(name) <= 8 and name.upper() == name and re.search(r"(?:[ ]{2,}|\t|\|\s?)$", before)))


def _cost_behind(context: Context, person: Span, gap: str) -> float | None:
    """The cost of "person … role"; None if nothing ties them."""
    if re.search(r"\n\s*\n|\n\s*[-*\u2022]", gap) or re.search(r"[.;?!]\s+(?=[A-Z])", gap):
        return None
    starts = _starts_entry(context, person)
    costs = ((_OPEN, 0.5), (_COMMA, 1.1 if starts else 2.5), (_DASH, 1.0 if starts else 2.2), (_COLON, 2.6))
    for pattern, cost in costs:
        if pattern.match(gap):
            return cost
    if _links("links").fullmatch(gap):
        return 1.5
    if _TIGHT.match(gap):
        return 3.0
    if _COLUMN.match(gap):
        return 3.0 if "\n" not in gap else 4.0
    return _cost_of_row(gap) if starts else _cost_of_clause(gap)


def _cost_of_row(gap: str) -> float | None:
    """An entry "name, organisation (role)": what lies between is short and no sentence."""
    opens = re.match(r"\s*(?:[*_]*[(\[|,:\u2013\u2014-]|[ ]{3,}|\t)", gap)
    closes = re.search(r"(?:[)\](\[|,\u2013\u2014:-]|[ ]{3,}|\t)[\s*_]*$", gap)
    return 3.5 if opens and closes and gap.count("\n") <= 1 else _cost_of_clause(gap)


def _cost_of_clause(gap: str) -> float | None:
    """ "Ann Lee has kindly agreed to serve as": a short stretch that ends with a word of holding an office."""
    short = len(gap) <= 80 and re.search(r"[.;:|]", gap) is None
    return 3.8 if short and _links_end().search(gap) else None


def _cost_before(context: Context, role: Span, person: Span) -> float | None:
    """The cost of "role … person"; None if nothing ties them."""
    gap = re.sub(r"[*_]+", "", context.between(role, person))
    if re.search(r"\n\s*\n|\n\s*[-\u2022+o]\s", gap) or ("\n" in gap and "*" in context.between(role, person)):
        return None
    gap = _honorific().sub("", gap)
    initials = _is_aside(context, person)
    heads = _starts_entry(context, role)
    costs = (
        (_COLON, 0.9),
        (_TIGHT, 1.05),
        (_OPEN, 3.4 if initials else 1.8),
        (_DASH, 1.9),
        (_COMMA, 2.0 if heads else 2.3),
    )
    for pattern, cost in costs:
        if pattern.match(gap):
            return cost
    if _links("reversed_links").fullmatch(gap):
        return 1.6
    if _links_report().fullmatch(gap):
        return 2.4
    if re.fullmatch(r" ?\n[ \t]*", gap):
        alone = not within(context.of("PERSON"), context.line(role.start)[0], role.start)
        return 1.7 if alone and not heads else 4.2
    if heads and re.fullmatch(r"\s*\.\s*", gap):
        return 2.4
    return 3.2 if _COLUMN.match(gap) and "\n" not in gap else None


def _starts_entry(context: Context, span: Span) -> bool:
    """Whether nothing but a mark, a number or an honorific stands before the span on its line, list entry or cell."""
    start, _ = context.line(span.start)
    before = re.split(
        r"[*\u2022;|:(,\u2013\u2014]|[ ]{3,}|\t|\s-\s|\.\s", context.text[max(start, span.start - 60) : span.start]
    )[-1]
    return re.search(r"\w{3,}", _honorific().sub("", before)) is None


@cache
def _links(key: str) -> re.Pattern[str]:
    return re.compile(rf"\s*[,(]?\s*(?:{alternatives(words('roles', key))})\.?\s*", re.IGNORECASE)


@cache
def _links_report() -> re.Pattern[str]:
    reports = alternatives(words("roles", "reports"))
    return re.compile(rf"(?:['\u2019]?s)?\s+(?:\d{{4}}\s+)?(?:{reports})\s*(?:by|from|[(:\u2013-])\s*", re.IGNORECASE)


@cache
def _links_end() -> re.Pattern[str]:
    return re.compile(
        rf"\b(?:{alternatives(words('roles', 'holding'))})(?:\s+(?:{alternatives(words('roles', 'articles'))}))*\s*$"
    )


@cache
def _honorific() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{alternatives(words('owners', 'honorifics'))})\b\.?\s*", re.IGNORECASE)
