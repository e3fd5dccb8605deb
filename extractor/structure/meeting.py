"""What the head of the minutes says of the meeting: title, bodies, date, times, place."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from extractor.normalize.dates import find_dates
from extractor.normalize.times import Time, after, find_times
from extractor.structure.model import AttendanceRegion, Line, LineKind, Located, LocatedDate, MeetingFacts
from extractor.structure.names_of_bodies import find_bodies
from extractor.structure.phrases import begins_with, fold, pattern
from extractor.structure.vocabulary import attendance_words, words

HEAD_LINES: Final = 25
HEAD_CHARS: Final = 2500
MAX_TITLE_CHARS: Final = 160
_LABEL: Final = re.compile(
    r"(?P<label>[A-Za-z][A-Za-z &/]{2,30})[*_]{0,3}\s?(?::|\||\t|\s{3,60}|[-–]\s)[*_]{0,3}\s{0,60}(?:\|\s{0,9})?"
)
_OTHER_DATE: Final = re.compile(
    r"\b(?:approved|approve|adopted|signed|circulated|posted|updated|printed|created|"
    r"summoned|due|deadline|since|until|dated|amended)\b",
    re.IGNORECASE,
)
_ANOTHER: Final = re.compile(r"\b(?:previous|last|next|following|future|matters arising)\b", re.IGNORECASE)
_THIS_MEETING: Final = re.compile(
    r"\b(?:held|meeting|minutes|agm|egm|plenum|proceedings|session|call)\b", re.IGNORECASE
)
_OPENED: Final = re.compile(
    r"\b(?:opened|commenced|started|began|convened|called\s(?:the\smeeting\s)?to\sorder|call to order|commencing"
    r"|starting|open)\b(?=[^.\n]{0,80}?\d)",
    re.IGNORECASE,
)
_CLOSED: Final = re.compile(
    r"\b(?:closed|concluded|ended|adjourned|finished|close|closing|adjournment|adjourn|terminated|dissolved)\b(?=[^\n]{0,60}?\d)",
    re.IGNORECASE,
)
_HELD: Final = re.compile(
    r"\b(?:held|met)\s(?:virtually\s)?(?:in|at|via|by|through|over|on(?=\s(?:zoom|teams)))\s{1,9}(?:the\s{1,3})?(?!order\b|person\b)",
    re.IGNORECASE,
)
_AFTER_TIME: Final = re.compile(r"\d\s?(?:[ap]\.?m\.?|hrs|o'clock)?,?\s(?:in|at|via)\s(?:the\s)?(?=[A-Z])")
_PLACE_END: Final = re.compile(
    r"[.;|\n]|,?\s(?:on|at|commencing|starting|from|to)\s(?=\S)|\s[-–—]\s|,?\s(?=(?:mon|tues|wednes|thurs|fri|satur|sun)day\b)"
    r"|,?\s(?=\d{1,2}(?:st|nd|rd|th)?\s|\d{1,2}[.:]\d\d)|\s{3}|\s(?=present\b|apologies\b)",
    re.IGNORECASE,
)


def find_meeting(text: str, lines: Sequence[Line], attendance: Sequence[AttendanceRegion]) -> MeetingFacts:
    """The facts of the meeting minuted; each is None where the head does not plainly state it."""
    head = _head(text, lines)
    title = _title(text, head, attendance)
    limit = attendance[0].start if attendance else len(text)
    top = [(line.body, min(line.body_end, line.body + 300, limit)) for line in head[:8]]
    body, organisation = find_bodies(text, [(start, end) for start, end in top if start < end])
    start, end = _times(text, head, attendance)
    return MeetingFacts(title, organisation, body, _date(text, head, attendance), start, end, _place(text, head))


def _head(text: str, lines: Sequence[Line]) -> list[Line]:
    written = [line for line in lines if line.kind not in (LineKind.BLANK, LineKind.FURNITURE)]
    return [line for line in written[:HEAD_LINES] if line.start < HEAD_CHARS]


def _labelled(text: str, head: Sequence[Line], labels: frozenset[str]) -> Iterator[tuple[int, int]]:
    """The stretches that follow one of the labels, to the end of the line or cell."""
    for line in head:
        at = line.body
        while at < line.body_end:
            match = _LABEL.match(text, at, line.body_end)
            if match and fold(match["label"]) in labels:
                bar = text.find(" | ", match.end(), line.body_end)
                end = bar if bar >= 0 else line.body_end
                yield match.end(), _before_next_label(text, match.end(), end)
            bar = text.find("| ", at, line.body_end)
            at = bar + 2 if bar >= 0 else line.body_end
    if head:
        limit = min(head[-1].end, HEAD_CHARS)
        for found in re.finditer(
            r"(?<=[\s*])[A-Z][A-Za-z]{2,12}(?: [A-Za-z]{2,8})?[*_]{0,2}:[*_]{0,2}\s{0,12}", text[:limit]
        ):
            if fold(found[0]) in labels:
                end = text.find("\n", found.end())
                yield found.end(), _before_next_label(text, found.end(), end if end >= 0 else len(text))


def _before_next_label(text: str, start: int, end: int) -> int:
    following = re.compile(r"\s[*_]{0,3}(?:[A-Z]{3,20}|[A-Z][a-z]{2,12})(?: [A-Za-z]{2,10})?:").search(text, start, end)
    return following.start() if following else end


def _date(text: str, head: Sequence[Line], attendance: Sequence[AttendanceRegion]) -> LocatedDate | None:
    day_first = _is_day_first(text)
    for start, end in _labelled(text, head, words("meeting", "date_labels")):
        for a, b, date in find_dates(text[start : min(end, start + 120)], day_first=day_first):
            return LocatedDate(date, start + a, start + b)
    candidates: list[tuple[int, int, LocatedDate]] = []
    for position, line in enumerate(head):
        end = min(line.end, HEAD_CHARS)
        for a, b, date in find_dates(text[line.start : end], day_first=day_first):
            where = line.start + a
            if any(r.start <= where < r.end for r in attendance):
                continue
            score = _score(text, line, where, position) - (3 if date.precision != "day" else 0)
            if any(r.start < where for r in attendance):
                score -= 2
            candidates.append((score, -where, LocatedDate(date, where, line.start + b)))
    likely = sorted((c for c in candidates if c[0] > 0), key=lambda c: c[:2], reverse=True)
    return _most_precise([c[2] for c in likely])


def _most_precise(likely: Sequence[LocatedDate]) -> LocatedDate | None:
    """The likeliest date, or of one without a day the same with its day."""
    if not likely:
        return None
    best = likely[0]
    same = (d for d in likely if (d.date.year, d.date.month) == (best.date.year, best.date.month) and d.date.day)
    return best if best.date.day else next(same, best)


def _score(text: str, line: Line, where: int, position: int) -> int:
    before = text[max(line.start, where - 90) : where]
    own = text[line.start : min(line.end, where + 120)]
    score = max(0, 6 - position // 2)
    score += 2 if _THIS_MEETING.search(before[-70:]) or (len(own) < 100 and _THIS_MEETING.search(own)) else 0
    score -= 8 if _OTHER_DATE.search(before[-60:]) else 0
    score -= 20 if _ANOTHER.search(before[-60:]) else 0
    score += 1 if line.kind is LineKind.HEADING else 0
    score += 2 if len(text[line.start : line.end].strip()) < 45 else 0
    score -= 4 if "](" in own or "http" in before[-60:] else 0
    return score


def _is_day_first(text: str) -> bool:
    """Whether the document writes the day before the month, by the dates whose month is a word."""
    sample = text[:60_000]
    month = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
    first = len(re.findall(rf"\b\d{{1,2}}(?:st|nd|rd|th)?\s(?:of\s)?{month}\b", sample, re.IGNORECASE))
    second = len(re.findall(rf"\b{month}\s\d{{1,2}}(?:st|nd|rd|th)?\b", sample, re.IGNORECASE))
    return first >= second


def _title(text: str, head: Sequence[Line], attendance: Sequence[AttendanceRegion]) -> Located | None:
    limit = attendance[0].start if attendance else HEAD_CHARS
    titled = [line for line in head[:6] if line.body < limit and _may_be_title(text, line)]
    wanted = pattern(words("meeting", "title_words"))
    named = [line for line in titled if wanted.search(text[line.body : min(line.body_end, limit)])]
    for line in named + [line for line in titled[:1] if line.kind is LineKind.HEADING]:
        end = min(_title_end(text, line), limit)
        if end - line.body > MAX_TITLE_CHARS:
            cut = re.compile(r"\s(?:held|present|date|on)\b", re.IGNORECASE).search(text, line.body, end)
            end = cut.start() if cut else line.body
        located = _stripped(text, line.body, end)
        if located is not None and 3 < len(located.text) <= MAX_TITLE_CHARS:
            return located
    return None


def _may_be_title(text: str, line: Line) -> bool:
    """Whether the line is no link, labelled value, item or notice of another meeting."""
    start = text[line.body : line.body + 80]
    label = _LABEL.match(start)
    if label is not None and ":" in label[0] and fold(label["label"]) in words("meeting", "any_labels"):
        return False
    first_words = text[line.body : line.body_end][:200].split()
    if len(first_words) > 10 and set(first_words) & attendance_words().prose:
        return False
    return not start.startswith(("[", "http", "!")) and begins_with(start, words("next_meeting", "phrases")) is None


def _title_end(text: str, line: Line) -> int:
    """The end of the line, or of the next one where the line breaks off: "… of the"."""
    last = text[line.body : line.body_end].rsplit(None, 1)[-1:]
    if last and last[0].lower() in ("of", "the", "and", "for", "&"):
        following = re.compile(r"\s{1,9}[^\n]{1,120}").match(text, line.end)
        return following.end() if following else line.body_end
    return line.body_end


def _place(text: str, head: Sequence[Line]) -> Located | None:
    for start, end in _labelled(text, head, words("meeting", "place_labels")):
        located = _stripped(text, start, min(end, start + 200))
        if located is not None and not located.text.startswith(("http", "<http")):
            return located
    limit = min(head[-1].end, 1500) if head else 0
    for match in [*_HELD.finditer(text, 0, limit), *_AFTER_TIME.finditer(text, 0, min(limit, 600))]:
        ending = _PLACE_END.search(text, match.end(), min(match.end() + 160, len(text)))
        located = _stripped(text, match.end(), ending.start() if ending else min(match.end() + 80, len(text)))
        if located is not None and re.match(r"[A-Za-z]", located.text) and not find_times(located.text[:8]):
            return located
    return None


def _stripped(text: str, start: int, end: int) -> Located | None:
    part = text[start:end]
    left = len(part) - len(part.lstrip(" \t*_#-–—:|\n"))
    stripped = part[left:].rstrip(" \t*_#-–—:|,;.\n")
    return Located(stripped, start + left, start + left + len(stripped)) if stripped else None


def _times(
    text: str, head: Sequence[Line], attendance: Sequence[AttendanceRegion]
) -> tuple[Located | None, Located | None]:
    """Start and end; an end without am or pm is in the half of the day that makes it later than the start."""
    times = _stated_times(text, head, attendance)
    start = times[0] if times else _near(text, _OPENED, first=True)
    closed = _near(text, _CLOSED, first=False)
    end = closed or (times[1] if len(times) > 1 else None)
    if start is None and end is None:
        return None, None
    if end is not None and start is not None:
        end = after(end, start)
    return _located(start), _located(end)


def _located(time: Time | None) -> Located | None:
    return Located(str(time), time.start, time.end) if time is not None else None


def _shifted(times: Sequence[Time], by: int) -> list[Time]:
    return [Time(t.start + by, t.end + by, t.hour, t.minute, t.half) for t in times]


def _stated_times(text: str, head: Sequence[Line], attendance: Sequence[AttendanceRegion]) -> list[Time]:
    """The time or the range of times that the head gives beside a label, or in a line with a date or "held"."""
    labels = words("meeting", "time_labels") | words("meeting", "date_labels")
    for start, end in _labelled(text, head, labels):
        found = find_times(text[start : min(end, start + 120)])
        if found:
            return _shifted(_range(text[start:end], found), start)
    for line in head[:10]:
        limit = min([line.end, HEAD_CHARS, *(r.start for r in attendance if r.start > line.start)])
        part = text[line.start : limit]
        if attendance and line.start > attendance[0].start:
            break
        found = [
            t
            for t in find_times(part)
            if t.half
            or ":" in part[t.start : t.end]
            or part[max(0, t.start - 4) : t.start].strip().lower() in ("at", "from")
        ]
        if found and "http" not in part[: found[0].start][-60:]:
            return _shifted(_range(part, found), line.start)
    return []


def _range(part: str, times: Sequence[Time]) -> list[Time]:
    if len(times) > 1 and re.fullmatch(r"\s{0,3}(?:[-–—]|to|until)\s{0,3}", part[times[0].end : times[1].start]):
        return [times[0], after(times[1], times[0])]
    return list(times[:1])


def _near(text: str, verb: re.Pattern[str], *, first: bool) -> Time | None:
    """The time said with the first or last sentence that opens or closes the meeting."""
    found = None
    for match in verb.finditer(text):
        around = text[max(0, match.start() - 60) : match.end()].lower()
        if "meeting" not in around and not re.search(r"order|adjourn|closed|opened|close", match[0].lower()):
            continue
        times = find_times(text[match.end() : match.end() + 90].split("\n\n")[0])
        if times:
            found = _shifted(times[:1], match.end())[0]
            if first:
                return found
    return found
