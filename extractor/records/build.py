"""The record of a document, put together from its parts."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from extractor.annotations import AnnotatedText, Span
from extractor.ingest.source import SourceText
from extractor.normalize.dates import MONTHS, PartialDate, find_dates, parse_date
from extractor.normalize.meetings import Calendar, resolve_meeting, resolve_past
from extractor.records.figures import metric_records
from extractor.records.frame import Frame
from extractor.records.people import attendance_records, gather_people, people_records
from extractor.records.tasks import action_records, decision_records, target_meeting_records
from extractor.schema import (
    AgendaItem,
    LabelledSpan,
    Meeting,
    MeetingReference,
    Minutes,
    Model,
    Source,
    SourceWarning,
)
from extractor.structure.model import Located, Structure

MAX_NEXT_GAP: Final = 60
"""Characters between "next meeting" and its date."""
_NEXT_PHRASE: Final = re.compile(r"next\b", re.IGNORECASE)
_MONTH: Final = "|".join(sorted(MONTHS, key=len, reverse=True))
_DAY_FIRST: Final = re.compile(rf"\b\d{{1,2}}(?:st|nd|rd|th)?\s+(?:{_MONTH})\b", re.IGNORECASE)
_MONTH_FIRST: Final = re.compile(rf"\b(?:{_MONTH})\.?\s+\d{{1,2}}(?:st|nd|rd|th)?\b(?!:)", re.IGNORECASE)


def build(source: SourceText, structure: Structure, annotated: AnnotatedText, model: Model) -> Minutes:
    """The record of a linked document; `annotated` lies over the text of `source`.

    What the text does not say is null or []; dates are resolved against the date of the meeting.
    """
    frame = Frame(annotated, structure, _calendar(source, structure, annotated))
    people = gather_people(frame)
    actions = action_records(frame, people)
    return Minutes(
        source=_source(source, annotated),
        model=model,
        text=annotated.text,
        meeting=_meeting(frame),
        people=people_records(frame, people),
        attendance=attendance_records(frame, people),
        agenda=_agenda(frame),
        actions=actions,
        decisions=decision_records(frame),
        target_meetings=target_meeting_records(frame, actions),
        metrics=metric_records(frame),
        spans=[_span(source, frame, span) for span in annotated.spans],
    )


def _source(source: SourceText, annotated: AnnotatedText) -> Source:
    warnings = [SourceWarning(code=warning.code, detail=warning.detail) for warning in source.warnings]
    if not annotated.spans:
        warnings.append(
            SourceWarning(code="nothing_found", detail="no mention of any kind; is this a record of a meeting?")
        )
    return Source(
        name=source.name,
        media_type=source.media_type,
        sha256=source.sha256,
        n_chars=len(source.text),
        n_pages=source.n_pages,
        encoding=source.encoding,
        warnings=warnings,
    )


def _calendar(source: SourceText, structure: Structure, annotated: AnnotatedText) -> Calendar:
    facts, text = structure.meeting, annotated.text
    meeting = facts.date.date if facts.date else source.meeting_date
    day_first = len(_DAY_FIRST.findall(text)) >= len(_MONTH_FIRST.findall(text))
    stretches = [text[region.start : region.end] for region in structure.next_meeting]
    stretches += list(_iter_dates_beside_next(annotated))
    dates = (_next_date(stretch, meeting, day_first) for stretch in stretches)
    next_date = next((date for date in dates if date is not None), None)
    return Calendar(meeting, next_date, facts.body.text if facts.body else None, day_first)


def _iter_dates_beside_next(annotated: AnnotatedText) -> Iterator[str]:
    """The expressions right behind "next meeting" in one sentence: "The next meeting will be on 5 May"."""
    for phrase, date in pairwise(annotated.with_label("TARGET_MEETING")):
        gap = annotated.text[phrase.end : date.start]
        if _NEXT_PHRASE.match(phrase.text_of(annotated.text)) and len(gap) <= MAX_NEXT_GAP and "\n\n" not in gap:
            yield date.text_of(annotated.text)


def _next_date(stretch: str, meeting: PartialDate | None, day_first: bool) -> PartialDate | None:
    """The first date of the stretch that is not before the meeting."""
    stated = [date for _, _, date in find_dates(stretch, day_first=day_first)]
    later = [date for date in stated if meeting is None or date > meeting]
    if later or stated:
        return later[0] if later else None
    return parse_date(stretch, reference=meeting, day_first=day_first)


def _meeting(frame: Frame) -> Meeting:
    facts = frame.structure.meeting
    return Meeting(
        title=_text(facts.title),
        organisation=_text(facts.organisation),
        body=_text(facts.body),
        date=frame.calendar.meeting.isoformat() if frame.calendar.meeting else None,
        start_time=_text(facts.start_time),
        end_time=_text(facts.end_time),
        location=_text(facts.location),
        previous=_previous(frame),
        next=_next(frame),
    )


def _text(located: Located | None) -> str | None:
    return " ".join(located.text.split()) if located else None


def _previous(frame: Frame) -> MeetingReference | None:
    """The meeting whose minutes are approved: the first past one of that item that has a date, else the first."""
    region = frame.structure.previous_minutes
    if region is None:
        return None
    spans = [s for s in frame.annotated.with_label("PAST_MEETING") if region.start <= s.start < region.end]
    dated = [(span, resolve_past(frame.words(span), frame.calendar).isoformat) for span in spans]
    return _reference(frame, dated)


def _next(frame: Frame) -> MeetingReference | None:
    """The meeting that the "next meeting" item gives, by a span with a date, else by any span of that item."""
    regions = frame.structure.next_meeting
    targets = frame.annotated.with_label("TARGET_MEETING")
    spans = [span for region in regions for span in targets if region.start <= span.start < region.end]
    dated = [(span, resolve_meeting(frame.words(span), frame.calendar).isoformat) for span in spans]
    dated.sort(key=lambda pair: _is_phrase(frame, pair[0]))
    return _reference(frame, dated)


def _is_phrase(frame: Frame, span: Span) -> bool:
    """Whether the span is the words "next meeting" and not the date."""
    return re.search(r"\d", frame.words(span)) is None


def _reference(frame: Frame, dated: list[tuple[Span, str | None]]) -> MeetingReference | None:
    if not dated:
        return None
    span, date = next((pair for pair in dated if pair[1] is not None), dated[0])
    return MeetingReference(text=frame.words(span), date=date, span=frame.span_ids[span.id])


def _agenda(frame: Frame) -> list[AgendaItem]:
    return [
        AgendaItem(id=item_id, number=e.number, title=" ".join(e.title.split()), start=e.start, end=e.end)
        for item_id, e in zip(frame.agenda_ids, frame.structure.agenda, strict=True)
    ]


def _span(source: SourceText, frame: Frame, span: Span) -> LabelledSpan:
    page, box = source.locate(span.start, span.end)
    return LabelledSpan(
        id=frame.span_ids[span.id],
        label=span.label,  # type: ignore[arg-type]
        start=span.start,
        end=span.end,
        text=span.text_of(frame.text),
        score=frame.confidence(span),
        page=page,
        box=box,
    )
