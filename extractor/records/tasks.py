"""Actions folded over their mentions, with owners, due and differences; decisions; target meetings."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from extractor.annotations import Span
from extractor.normalize.dates import MONTHS, WEEKDAYS
from extractor.normalize.meetings import Resolved, resolve_due, resolve_meeting
from extractor.records.frame import Frame
from extractor.records.people import People
from extractor.schema import Action, Decision, Due, Owner, TargetMeeting
from extractor.structure.model import ActionRegion

_MODAL: Final = re.compile(r"\b(?:will|would|shall|should|must|may|might|could|can)\b", re.IGNORECASE)
_BODY: Final = re.compile(
    r"\b(?:[A-Z][\w&'-]*\s+(?:(?:and|of|for|the|&)\s+)*)+(?=(?:[Mm]eeting|[Ss]ession|[Cc]all|AGM)\b)"
)
_NOT_A_BODY: Final = frozenset(
    (
        *MONTHS,
        *WEEKDAYS,
        "next",
        "following",
        "the",
        "our",
        "regular",
        "annual",
        "special",
        "general",
        "monthly",
        "spring",
        "summer",
        "autumn",
        "winter",
    )
)
"""Words in capitals before "meeting" that name no body."""
_OF_MEETINGS: Final = frozenset(
    (
        "meeting",
        "meetings",
        "session",
        "call",
        "agm",
        "agenda",
        "held",
        "date",
        "scheduled",
        "month",
        "year",
        "noon",
        "hours",
    )
)


def action_records(frame: Frame, people: People) -> list[Action]:
    """One record a task, in the order of first mention."""
    return [_action(frame, people, f"a{n}", mentions) for n, mentions in enumerate(_groups(frame), 1)]


def _groups(frame: Frame) -> list[list[Span]]:
    """The ACTION spans of each task: those tied by `same`, directly or over others."""
    leader: dict[str, str] = {}

    def find(span_id: str) -> str:
        while span_id in leader:
            span_id = leader[span_id]
        return span_id

    actions = frame.annotated.with_label("ACTION")
    for action in actions:
        for other in frame.tails(action, "same"):
            one, two = find(action.id), find(other.id)
            if one != two:
                leader[one] = two
    groups: dict[str, list[Span]] = {}
    for action in actions:
        groups.setdefault(find(action.id), []).append(action)
    return list(groups.values())


def _action(frame: Frame, people: People, action_id: str, mentions: Sequence[Span]) -> Action:
    statuses = [mention.attributes.get("status", "open") for mention in mentions]
    dues = [due for mention in mentions for due in frame.tails(mention, "due")]
    return Action(
        id=action_id,
        number=next((m.attributes["no"] for m in mentions if "no" in m.attributes), None),
        text=frame.words(mentions[0]),
        status=next((s for s in ("done", "carried") if s in statuses), "open"),
        agenda_item=frame.agenda_item(mentions[0]),
        confidence=max(frame.confidence(mention) for mention in mentions),
        owners=_owners(frame, people, mentions),
        due=_due(frame, dues[0]) if dues else None,
        mentions=[frame.span_ids[mention.id] for mention in mentions],
        differences=_differences(frame, people, mentions),
    )


def _owners(frame: Frame, people: People, mentions: Iterable[Span]) -> list[Owner]:
    """Each person once, however often and by whatever name the mentions of the task name them."""
    owners: dict[str, Owner] = {}
    for mention in mentions:
        for relation in frame.relations(mention, "owner"):
            span = frame.spans[relation.tail]
            owner = Owner(
                text=frame.words(span),
                person=people.ids.get(span.id),
                basis=relation.basis or "named",  # type: ignore[arg-type]
                span=frame.span_ids[span.id],
            )
            owners.setdefault(_key(frame, people, span), owner)
    return list(owners.values())


def _key(frame: Frame, people: People, span: Span) -> str:
    return people.ids.get(span.id) or frame.words(span).casefold()


def _due(frame: Frame, span: Span) -> Due:
    resolved = resolve(frame, span)
    is_meeting = span.label == "TARGET_MEETING"
    return Due(
        text=frame.words(span),
        kind="meeting" if is_meeting else "date",
        date=resolved.isoformat,
        precision=resolved.precision,
        body=body_of(frame, span) if is_meeting else None,
        basis=resolved.basis,
        span=frame.span_ids[span.id],
    )


def resolve(frame: Frame, span: Span) -> Resolved:
    """The date of a target meeting or due date."""
    words = frame.words(span)
    return (
        resolve_meeting(words, frame.calendar) if span.label == "TARGET_MEETING" else resolve_due(words, frame.calendar)
    )


def body_of(frame: Frame, span: Span) -> str | None:
    """The body that the expression names, else the one that is minuted."""
    match = _BODY.search(frame.words(span))
    named = (
        [word for word in match.group().split() if not _NOT_A_BODY & {word.lower(), word.lower()[:3]}] if match else []
    )
    while named and named[0].lower() in ("and", "of", "for", "&"):
        named = named[1:]
    if not named:
        return frame.calendar.body if _is_plain(frame.words(span), frame.calendar.body or "") else None
    name = " ".join(named)
    own = frame.calendar.body
    return own if own and set(name.lower().split()) <= set(own.lower().split()) else name


def _is_plain(words: str, own: str) -> bool:
    """Whether the expression says nothing of what meeting it is but when, and words of the body minuted."""
    said = {word for word in re.findall(r"[a-z]+", words.lower()) if len(word) > 2}
    said -= _NOT_A_BODY | _OF_MEETINGS | set(re.findall(r"[a-z]+", own.lower()))
    return all(word[:3] in WEEKDAYS for word in said)


def _differences(frame: Frame, people: People, mentions: Sequence[Span]) -> list[str]:
    """What later mentions say otherwise than the first: modal verb, owner, due."""
    found: list[str] = []
    first = mentions[0]
    for other in mentions[1:]:
        places = (_place(frame, first), _place(frame, other))
        if places[0] == places[1]:
            places = (f"first {places[0]}", f"later {places[1]}")
        for one, two in (
            (_modals(frame, first), _modals(frame, other)),
            (_owner_names(frame, people, first, other), _owner_names(frame, people, other, first)),
            (_due_names(frame, first), _due_names(frame, other)),
        ):
            if one and two and one.casefold() != two.casefold():
                found.append(f"'{one}' in the {places[0]}, '{two}' in the {places[1]}")
    return list(dict.fromkeys(found))


def _modals(frame: Frame, mention: Span) -> str:
    match = _MODAL.search(mention.text_of(frame.text))
    return match.group().lower() if match else ""


def _owner_names(frame: Frame, people: People, mention: Span, other: Span) -> str:
    """The owners whom the other mention does not have; empty if both have the same people."""
    ours, theirs = frame.tails(mention, "owner"), frame.tails(other, "owner")
    keys = {_key(frame, people, span) for span in theirs}
    if {_key(frame, people, span) for span in ours} == keys:
        return ""
    return ", ".join(frame.words(span) for span in ours)


def _due_names(frame: Frame, mention: Span) -> str:
    return ", ".join(frame.words(span) for span in frame.tails(mention, "due"))


def _place(frame: Frame, mention: Span) -> str:
    """Where a mention stands: text, labelled line or summary."""
    regions: Sequence[ActionRegion] = frame.structure.action_regions
    if any(region.start <= mention.start < region.end for region in regions):
        return "summary"
    labels = frame.structure.action_labels
    labelled = any(label.end <= mention.start <= label.end + 4 for label in labels)
    return "labelled line" if labelled else "text"


def decision_records(frame: Frame) -> list[Decision]:
    """The decisions, in order."""
    return [
        Decision(
            id=f"d{n}",
            text=frame.words(span),
            kind=span.attributes.get("kind", "other"),  # type: ignore[arg-type]
            agenda_item=frame.agenda_item(span),
            span=frame.span_ids[span.id],
            confidence=frame.confidence(span),
        )
        for n, span in enumerate(frame.annotated.with_label("DECISION"), 1)
    ]


def target_meeting_records(frame: Frame, actions: Sequence[Action]) -> list[TargetMeeting]:
    """The future meetings, each once: mentions of one body and date are one, those without a date by their words."""
    groups: dict[tuple[str, str], list[Span]] = {}
    for span in frame.annotated.with_label("TARGET_MEETING"):
        date, body = resolve(frame, span).isoformat, (body_of(frame, span) or "").casefold()
        key = (body, date or frame.words(span).casefold())
        days = [other for other in groups if date and other[0] == body and other[1].startswith(f"{date}-")]
        groups.setdefault(days[0] if len(days) == 1 else key, []).append(span)
    owned = {action.due.span: action.id for action in actions if action.due}
    by_mention = {frame.span_ids[tail.id]: a.id for a in actions for tail in _dues_of(frame, a)}
    return [
        _target_meeting(frame, f"t{n}", spans, {**by_mention, **owned}) for n, spans in enumerate(groups.values(), 1)
    ]


def _dues_of(frame: Frame, action: Action) -> list[Span]:
    return [due for mention in action.mentions for due in frame.tails(frame.by_record_id[mention], "due")]


def _target_meeting(frame: Frame, meeting_id: str, spans: Sequence[Span], owned: dict[str, str]) -> TargetMeeting:
    best = max((resolve(frame, span) for span in spans), key=lambda r: len(r.isoformat or ""))
    ids = [frame.span_ids[span.id] for span in spans]
    return TargetMeeting(
        id=meeting_id,
        text=frame.words(spans[0]),
        body=body_of(frame, spans[0]),
        date=best.isoformat,
        precision=best.precision,
        actions=list(dict.fromkeys(owned[i] for i in ids if i in owned)),
        mentions=ids,
    )
