"""Runs of persons and roles: "Ann Lee, Bo Ray and the Clerk", "AL/BR"."""

import re
from functools import cache

from extractor.annotations import Span
from extractor.linking.context import Context, within
from extractor.linking.vocabulary import alternatives, words

Owners = tuple[tuple[Span, ...], str]
"""The owners and the basis that they rest on; no owners have the basis ""."""
NOBODY: Owners = ((), "")


def run_from(context: Context, position: int) -> tuple[Span, ...]:
    """The agents that follow one another from `position` on, with only separators and honorifics between."""
    run: list[Span] = []
    for agent in within(context.agents, position, position + 400):
        if not separator().fullmatch(context.text, run[-1].end if run else position, agent.start):
            break
        run.append(agent)
    return tuple(run)


def run_before(context: Context, position: int, floor: int) -> tuple[Span, ...]:
    """The agents that end the stretch before `position`, in order."""
    run: list[Span] = []
    for agent in reversed(within(context.agents, max(floor, position - 300), position)):
        if run and not separator().fullmatch(context.text, agent.end, run[0].start):
            break
        run.insert(0, agent)
    return tuple(run)


@cache
def separator() -> re.Pattern[str]:
    """What may stand between two names of one run."""
    honorifics = alternatives(words("owners", "honorifics"))
    return re.compile(rf"(?:[\s,/&+;@*_.]|\band\b|\bor\b|\b(?:{honorifics})\b)*", re.IGNORECASE)
