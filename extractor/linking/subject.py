"""Owners in the sentence of the task: its subject, inside the span or ahead of it, and "by Ann"."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

from extractor.annotations import Span
from extractor.linking.context import Context, within
from extractor.linking.runs import NOBODY, Owners, run_from
from extractor.linking.vocabulary import alternatives, any_of, words

_ADVERB: Final = re.compile(r"\s*\w+(?:ly)?\s*")
_CHAINED: Final = re.compile(r"(?:\band|\balso|\bthen|\bor|,)\s+$", re.IGNORECASE)


def owners_in_sentence(context: Context, action: Span) -> Owners:
    """The subject inside the task, else the one ahead of it, else whom it is to be done by, else who opens it."""
    rules = (_subject_inside, _subject_ahead, _by_agent, _opener)
    return next((found for rule in rules if (found := rule(context, action))[0]), NOBODY)


def _subject_inside(context: Context, action: Span) -> Owners:
    """The agents inside the task that a verb of commitment follows; of "X asked Y to …" it is Y."""
    position, asked = action.start, False
    agents = within(context.agents, action.start, action.end)
    for agent in agents:
        if agent.start < position:
            continue
        run = tuple(a for a in run_from(context, agent.start) if a.end <= action.end)
        before, position = context.text[position : agent.start], run[-1].end
        verb = _verb_behind().match(context.text, position, action.end)
        fronted = run[0] == agents[0] and _fronted().fullmatch(before)
        if verb is None or _is_passive(context, position):
            continue
        if not (asked or fronted or _before_subject().search(_honorific().sub("", before))):
            continue
        if verb["request"] and not re.match(r"\s*to\b", context.text[verb.end() : verb.end() + 6]):
            asked = True
            continue
        if asked and (verb["commitment"] or "").lower() != "to":
            continue
        return run, "subject"
    return NOBODY


@cache
def _before_subject() -> re.Pattern[str]:
    """What may stand between the start of a clause and its subject."""
    openers = alternatives((*words("owners", "openers"), *words("owners", "requests")))
    return re.compile(rf"(?:^|[,:;.]|\b(?i:{openers}))\s*(?:[A-Z][a-z]+\s+){{0,3}}$")


@cache
def _fronted() -> re.Pattern[str]:
    """ "For the next meeting" without a comma behind it."""
    fronts, governing = (alternatives(words("owners", key)) for key in ("fronts", "governing"))
    return re.compile(rf"\s*(?:{fronts})\b.*(?<!\w)(?!(?:{governing})\s)\w+\s+", re.IGNORECASE | re.DOTALL)


@cache
def _verb_behind() -> re.Pattern[str]:
    adverbs = alternatives(words("owners", "adverbs"))
    commitment = alternatives(words("owners", "commitment"))
    requests = alternatives(words("owners", "requests"))
    return re.compile(
        rf"['\u2019]?s?\s*(?:\([^()]{{0,40}}\))?,?\s*(?:(?:{adverbs})\s+)*"
        rf"(?:(?P<request>{requests})|(?P<commitment>{commitment}|['\u2019]ll))(?!\w)",
        re.IGNORECASE,
    )


def _subject_ahead(context: Context, action: Span) -> Owners:
    """The subject that stands apart from "… and would …", or that "He would …" takes up."""
    opening = context.text[action.start : action.start + 24]
    pronoun = any_of("owners", "pronouns").match(opening)
    chained = _CHAINED.search(context.text[max(0, action.start - 12) : action.start]) and opening[0].islower()
    if not pronoun and not chained and not any_of("owners", "bare_verbs").match(opening):
        return NOBODY
    agents = _agents_ahead(context, action, beyond=pronoun is not None)
    if not agents:
        return NOBODY
    subject = _subject_of(context, agents, action)
    between = context.text[subject.end : action.start]
    if not pronoun and any_of("owners", "new_subject").search(between):
        return NOBODY
    return tuple(a for a in run_from(context, subject.start) if a.end <= action.start), "subject"


def _agents_ahead(context: Context, action: Span, *, beyond: bool) -> tuple[Span, ...]:
    """Those of the same sentence, ahead of the task; with `beyond` else the persons of the sentence before."""
    floor, _ = context.sentence(action.start)
    agents = within(context.agents, floor, action.start)
    if agents or not beyond or floor == 0:
        return agents
    previous, _ = context.sentence(floor - 1)
    if context.paragraph(previous) != context.paragraph(action.start):
        return ()
    return within(context.of("PERSON"), previous, action.start)


def _subject_of(context: Context, agents: Sequence[Span], action: Span) -> Span:
    """The last of the agents that a verb follows, else the first."""
    for agent in reversed(agents):
        rest = context.text[agent.end : action.start]
        if (
            _verb_behind().match(context.text, agent.end, action.start)
            or not rest.strip(" ,")
            or _ADVERB.fullmatch(rest)
        ):
            return agent
    return agents[0]


def _by_agent(context: Context, action: Span) -> Owners:
    """ "… to be done by Ann", "for Ann to …"."""
    for agent in within(context.agents, action.start, action.end):
        before = context.text[max(action.start, agent.start - 24) : agent.start]
        if re.search(r"\bby\s+(?:the\s+|Cllr\s+|Mrs?\s+)?$", before):
            return run_from(context, agent.start), "named"
    return NOBODY


def _opener(context: Context, action: Span) -> Owners:
    """ "Ann check the budget": the name that opens the task, before a word in lower case."""
    run = run_from(context, action.start)
    if not run or run[-1].end >= action.end or not context.text[run[-1].end :].lstrip(" ,")[:1].islower():
        return NOBODY
    return NOBODY if _is_passive(context, run[-1].end) else (run, "subject")


def _is_passive(context: Context, position: int) -> bool:
    """Whether something is to be done to the subject: "to be contacted"."""
    return _passive().match(context.text, position) is not None


@cache
def _passive() -> re.Pattern[str]:
    done = alternatives(words("owners", "done_to"))
    return re.compile(
        rf"\s*(?:to|is\s+to|are\s+to|will|would|should|shall|must|may|can)\s+(?:also\s+)?be\s+(?:{done})\b",
        re.IGNORECASE,
    )


@cache
def _honorific() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{alternatives(words('owners', 'honorifics'))})\b\.?\s*", re.IGNORECASE)
