"""action → owner: who must do it, from a bracket, a label, a column, or the subject of the sentence."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

from extractor.annotations import Relation, Span
from extractor.linking.context import Context, within
from extractor.linking.vocabulary import alternatives, any_of, words

Owners = tuple[tuple[Span, ...], str]
"""The owners and the basis that they rest on."""
MAX_ITEM: Final = 600
"""Characters behind a task in which a label can close its item."""
_ITEM_END: Final = re.compile(r"\n\s*\n|\n\s*(?:\d+[.)]|\d+\.\d+|#)")
_ADVERB: Final = re.compile(r"\s*\w+(?:ly)?\s*")
_END_OF_LABEL: Final = re.compile(r"[\s*_)\]]*(?:[.;,|\n]|$)")
_NOBODY: Final[Owners] = ((), "")


def link_owners(context: Context) -> list[Relation]:
    """Names set apart from the sentence go before its subject."""
    relations = []
    for action in context.of("ACTION"):
        owners, basis = _owners_of(context, action)
        relations += [Relation("owner", action.id, owner.id, 1.0, basis) for owner in owners]
    return relations


def _owners_of(context: Context, action: Span) -> Owners:
    set_apart = next((found for rule in (_row, _behind, _column, _ahead) if (found := rule(context, action))[0]), _NOBODY)
    if set_apart[0]:
        return set_apart
    sentence = next(
        (f for rule in (_subject_inside, _subject_ahead, _by_agent) if (f := rule(context, action))[0]), _NOBODY
    )
    return sentence if sentence[0] else (_label_of_item(context, action), "named")


def _label_of_item(context: Context, action: Span) -> tuple[Span, ...]:
    """The names behind a label, or in a bracket, that closes the item some sentences after the task."""
    item = _ITEM_END.search(context.text, action.end)
    end = min(item.start() if item else len(context.text), action.end + MAX_ITEM)
    for match in _closing_label().finditer(context.text, action.end, end):
        run = _run(context, match.end())
        if run and run[0].start - match.end() <= 12 and run[-1].end <= end:
            rest = context.text[run[-1].end : run[-1].end + 40]
            if (match["label"] and _END_OF_LABEL.match(rest)) or re.match(r"\s*\)\s*(?:[.\n]|$)", rest):
                return run
    return ()


@cache
def _closing_label() -> re.Pattern[str]:
    labels = alternatives(words("owners", "labels"))
    return re.compile(rf"(?P<label>\b(?:{labels})\b[*_]*\s*:[\s*_]*)|\(", re.IGNORECASE)


def _run(context: Context, position: int) -> tuple[Span, ...]:
    """The agents that follow one another from `position` on, with only separators and honorifics between."""
    run: list[Span] = []
    for agent in within(context.agents, position, position + 400):
        if not _separator().fullmatch(context.text, run[-1].end if run else position, agent.start):
            break
        run.append(agent)
    return tuple(run)


def _run_back(context: Context, position: int, floor: int) -> tuple[Span, ...]:
    """The agents that end the stretch before `position`, in order."""
    run: list[Span] = []
    for agent in reversed(within(context.agents, max(floor, position - 300), position)):
        if run and not _separator().fullmatch(context.text, agent.end, run[0].start):
            break
        run.insert(0, agent)
    return tuple(run)


def _row(context: Context, action: Span) -> Owners:
    """Names in the owner cell of the action table."""
    cells = context.table.row_cells(action, "owner")
    return tuple(agent for cell in cells for agent in within(context.agents, cell.start, cell.end)), "column"


def _behind(context: Context, action: Span) -> Owners:
    """ "… (AL)", "… ACTION: AL/BR", "… - Ann" behind the task."""
    match = _label_behind().match(context.text, action.end)
    if match is None:
        return _NOBODY
    run = _run(context, match.end())
    if not run or run[0].start - match.end() > 12:
        return _NOBODY
    rest = context.text[run[-1].end : run[-1].end + 40]
    if match["open"] and re.match(r"\s*[)\]]", rest):
        return run, "bracket"
    if match["label"] and _END_OF_LABEL.match(rest):
        return run, "named"
    if match["open"] and re.match(r"\s*(?:to\b|by\b|[-,:\u2013])", rest):
        return run, "named"
    if match["dash"] and re.match(r"[\s.*_)]*(?:\n|$)", rest):
        return run, "named"
    return _NOBODY


@cache
def _label_behind() -> re.Pattern[str]:
    labels = alternatives(words("owners", "labels"))
    return re.compile(
        rf"[.\s;,\"'\u2019*_]*(?:(?P<open>[(\[])\s*(?:(?:{labels})\b\s*:?\s*)?"
        rf"|(?P<label>[*\u2022\s-]*[*_]*(?:{labels})[*_]*\s*[:\u2013-]+[\s*_]*)|(?P<dash>[-\u2013\u2014]\s*))",
        re.IGNORECASE,
    )


@cache
def _separator() -> re.Pattern[str]:
    honorifics = alternatives(words("owners", "honorifics"))
    return re.compile(rf"(?:[\s,/&+;@*_.]|\band\b|\bor\b|\b(?:{honorifics})\b)*", re.IGNORECASE)


def _column(context: Context, action: Span) -> Owners:
    """Names in a cell of their own on the lines of the task, or on the few behind it before the next task."""
    start, end = context.line(action.start)[0], context.line(action.end - 1)[1]
    own = _cells(context, action, start, end)
    return (own or _cells(context, action, end + 1, _end_of_reach(context, action, end)), "column")


def _cells(context: Context, action: Span, start: int, end: int) -> tuple[Span, ...]:
    found: list[Span] = []
    for agent in within(context.agents, start, end):
        if found and agent.start < found[-1].end:
            continue
        run = tuple(a for a in _run(context, agent.start) if "\n" not in context.text[agent.start : a.end])
        if agent not in found and context.is_cell(run[0], run[-1]) and _nearest_action(context, agent) == action:
            found += run
    return tuple(agent for agent in found if agent.start >= action.start) or tuple(found)


def _end_of_reach(context: Context, action: Span, end: int) -> int:
    """The end of the second line behind the task, before a blank line or another task."""
    later = within(context.of("ACTION"), action.end, end + 300)
    limit = min(later[0].start if later else len(context.text), end + 300)
    block = re.match(r"(?:\n[^\n]*\S[^\n]*){0,2}", context.text[end:limit])
    return end + block.end() if block else end


def _nearest_action(context: Context, agent: Span) -> Span | None:
    """The action that a cell belongs to: the one around it, else the last that began on its line or before."""
    start, end = context.line(agent.start)
    actions = within(context.of("ACTION"), max(0, start - 2000), end)
    around = [a for a in actions if a.contains(agent)]
    on_line = [a for a in context.of("ACTION") if a.start < end and a.end > start]
    before = [a for a in actions if a.start <= agent.start]
    return next(iter(around or before[::-1] or on_line), None)


def _ahead(context: Context, action: Span) -> Owners:
    """ "AL: …", "Ann to …", "Clerk | …" ahead of the task, at the start of its line or sentence."""
    floor, _ = context.sentence(action.start - 1 if action.start else 0)
    run = _run_back(context, action.start, max(floor - 80, 0))
    if not run:
        return _NOBODY
    gap, before = context.text[run[-1].end : action.start], context.text[max(0, run[0].start - 60) : run[0].start]
    starts = _start_of_entry().search(before)
    if re.fullmatch(
        r"[\s*_)\]]*(?:\([^()\n]{0,40}\))?[\s*_)\]]*(?::|::|[-\u2013\u2014]|>)[\s*_:]*(?:action:?\s*)?",
        gap,
        re.IGNORECASE,
    ):
        return (run, "named") if starts else _NOBODY
    if "\n" not in gap and re.fullmatch(r"\s*(?:\|[\s|]*|\t\s*|[ ]{3,})", gap):
        return run, "column"
    if re.fullmatch(r"\s*(?:to|will|-)?\s*", gap) and "\n\n" not in gap:
        return run, "subject"
    return _NOBODY


@cache
def _start_of_entry() -> re.Pattern[str]:
    labels = alternatives(words("owners", "labels"))
    honorifics = alternatives(words("owners", "honorifics"))
    return re.compile(
        rf"(?:^|\n|[.;:|)\]]|[^\w\s,/&()'\u2019]|[ ]{{3,}}|\t|\bo\s)[\s*_(\[\d.]*"
        rf"(?:\b(?:{labels})\b[\s*_\d.:#-]*)?(?:\b(?:{honorifics})\b\.?\s*)?$",
        re.IGNORECASE,
    )


def _subject_inside(context: Context, action: Span) -> Owners:
    """The agents inside the task that a verb of commitment follows; of "X asked Y to …" it is Y."""
    position, asked = action.start, False
    agents = within(context.agents, action.start, action.end)
    for agent in agents:
        if agent.start < position:
            continue
        run = tuple(a for a in _run(context, agent.start) if a.end <= action.end)
        before, position = context.text[position : agent.start], run[-1].end
        verb = _verb_behind().match(context.text, position, action.end)
        fronted = run[0] == agents[0] and _fronted().fullmatch(before)
        if verb is None or not (asked or fronted or _before_subject().search(before)):
            continue
        if verb["request"] and not re.match(r"\s*to\b", context.text[verb.end() : verb.end() + 6]):
            asked = True
            continue
        if asked and (verb["commitment"] or "").lower() != "to":
            continue
        return run, "subject"
    return _NOBODY


@cache
def _before_subject() -> re.Pattern[str]:
    """What may stand between the start of a clause and its subject."""
    honorifics = alternatives(words("owners", "honorifics"))
    openers = alternatives((*words("owners", "openers"), *words("owners", "requests")))
    return re.compile(rf"(?:^|[,:;.]|\b(?i:{openers}))\s*(?:(?i:{honorifics})\.?\s*|[A-Z][a-z]+\s+){{0,3}}$")


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
    if not pronoun and not any_of("owners", "bare_verbs").match(opening):
        return _NOBODY
    floor, _ = context.sentence(action.start)
    agents = within(context.agents, floor, action.start)
    if not agents and pronoun and floor > 0:
        previous, _ = context.sentence(floor - 1)
        if context.paragraph(previous) == context.paragraph(action.start):
            agents = within(context.agents, previous, action.start)
    if not agents:
        return _NOBODY
    subject = _subject_of(context, agents, action)
    if not pronoun and any_of("owners", "new_subject").search(context.text, subject.end, action.start):
        return _NOBODY
    return tuple(a for a in _run(context, subject.start) if a.end <= action.start), "subject"


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
            return _run(context, agent.start), "named"
    return _NOBODY
