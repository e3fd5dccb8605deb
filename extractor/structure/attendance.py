"""Stretches of text that list people, with their status. Whom they list is for the tagger."""

import re
from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from extractor.structure.cues import Cue, find_cues, status_of
from extractor.structure.marked_lists import read_check_boxes, read_legends, read_marks, read_roll
from extractor.structure.model import AttendanceRegion, Line, LineKind
from extractor.structure.phrases import fold
from extractor.structure.rosters import Look, look_of
from extractor.structure.side_by_side import read_side_by_side
from extractor.structure.tables import Row
from extractor.structure.vocabulary import attendance_words

MAX_GAP_LINES: Final = 3
_SENTENCE_END: Final = re.compile(
    r"(?<![A-Z])(?<!Mr)(?<!Mrs)(?<!Ms)(?<!Dr)(?<!Cllr)(?<!Cllrs)(?<!Prof)(?<!Messrs)(?<!Rev)(?<!Revd)(?<!St)"
    r"\.(?=\s{1,9}[A-Z*]|\s{0,9}\Z)"
)
_RECEIVED: Final = re.compile(
    r"\b(?:apolog(?:y|ies)|regrets)\b[^.\n:]{0,90}?\b(?:from|by|for)\b"
    r"(?!\s+(?:absence|absences|the meeting|not|his|her|their)\b)[ \t:]{0,4}",
    re.IGNORECASE,
)
_ALSO: Final = re.compile(
    r"\b(?:also|others?) (?:present|in attendance|attending) (?:was|were)\b[ \t:]{0,4}", re.IGNORECASE
)
_ABSENT_AFTER: Final = re.compile(
    r"\b(?:(?P<apologies>(?:ha[sd]\s)?(?:sent|gave|given|tendered|offered|submitted)\s(?:(?:his|her|their)\s)?apolog(?:y|ies)"
    r"|apologi[sz]ed for (?:absence|(?:his|her|their) absence|not)|(?:was|were) excused|(?:was|were) unable to attend)"
    r"|(?P<absent>(?:is |are |was |were )?not attending|(?:was|were) (?:absent|not present)|did not attend))\b",
    re.IGNORECASE,
)
_IN_BRACKET: Final = re.compile(
    r"[(\[](?:(?P<apologies>apolog\w+|regrets|excused)|(?P<absent>absent|not present|not attending))"
    r"[^()\[\]\n]{0,40}[)\]]",
    re.IGNORECASE,
)
_IN_PLACE_OF: Final = re.compile(
    r"(?i:\((?:attending )?for|\bproxy for|\bon behalf of|\bdeputi[sz]ing for|\bin place of|\bin lieu of"
    r"|\bsubstituting for)\s"
    r"(?P<name>(?:[A-Z][\w.’'-]{0,30}\s){1,3}[A-Z][\w’'-]{1,30})"
)
_OWN_LABEL: Final = re.compile(r"[A-Z][\w ()/]{2,24}[*_]{0,3}:[*_]{0,3}\s")
_ALONE: Final = re.compile(r"\s(?:is |was |were )?not (?:present|attending)\.?\s{0,9}$")
HEAD_LINES: Final = 60


def find_attendance(text: str, lines: Sequence[Line], tables: Sequence[Sequence[Row]]) -> tuple[AttendanceRegion, ...]:
    """The regions of attendance, sorted; where two readings overlap, the more special one keeps its stretch."""
    by_table = [region for table in tables for region in read_marks(text, table)]
    found = find_cues(text, lines)
    cues = _unstacked(text, [cue for cue in found if not cue.in_cell])
    by_cue = [region for at, cue in enumerate(cues) for region in _of_cue(text, lines, cues, at)]
    cells = [AttendanceRegion(c.end, lines[c.line].end, c.status) for c in found if c.in_cell]
    by_cue = _alone_in_attendance(text, by_cue, cues)
    columns = list(read_side_by_side(text, lines))
    by_sentence = [*_of_sentences(text), *_absent_lines(text, lines)]
    special = [r for region in by_cue for r in _exceptions(text, region)]
    boxes = [*read_roll(text, lines), *read_check_boxes(text, lines), *read_legends(text, lines)]
    return _layered(text, by_cue, cells, columns, by_sentence, boxes, special, by_table)


def _alone_in_attendance(text: str, regions: Sequence[AttendanceRegion], cues: Sequence[Cue]) -> list[AttendanceRegion]:
    """The regions with those "in attendance" taken as present where the document lists nobody as present."""
    plain = {c.end for c in cues if fold(text[c.start : c.end]) in ("in attendance", "those in attendance")}
    if any(r.status == "present" for r in regions):
        return list(regions)
    return [replace(r, status="present") if r.start in plain else r for r in regions]


def _unstacked(text: str, cues: Sequence[Cue]) -> list[Cue]:
    """The cues without a heading of apologies or absence that directly follows an empty one of those present.

    Columns read one after the other give "Attendees:", "Apologies:" and then all names: most of them are the former.
    """
    kept: list[Cue] = []
    for cue in cues:
        last = kept[-1] if kept else None
        stacked = last and last.own_line and not text[last.end : cue.start].strip(" \n\t:*_#|-.\u00a0")
        if last and stacked and cue.roster and not last.roster:
            kept.append(replace(cue, status=last.status))
        elif last and stacked and cue.own_line and last.status == "present" and cue.status in ("apologies", "absent"):
            kept[-1] = replace(last, end=cue.end, line=cue.line)
        else:
            kept.append(cue)
    return kept


def _layered(text: str, *layers: Sequence[AttendanceRegion]) -> tuple[AttendanceRegion, ...]:
    """The regions of all layers without overlap; a later layer cuts into the ones before it."""
    kept: list[AttendanceRegion] = []  # sorted, disjoint
    for region in (region for layer in reversed(layers) for region in layer):
        at = bisect_left(kept, region.start + 1, key=lambda r: r.end)
        free, start = [], region.start
        while at < len(kept) and kept[at].start < region.end:
            free.append((start, kept[at].start))
            start = kept[at].end
            at += 1
        for a, b in [*free, (start, region.end)]:
            a, b = _trim(text, a, b)
            if a < b:
                insort(kept, AttendanceRegion(a, b, region.status), key=lambda r: r.start)
    return tuple(kept)


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    part = text[start:end]
    return start + len(part) - len(part.lstrip()), start + len(part.rstrip())


def _of_cue(text: str, lines: Sequence[Line], cues: Sequence[Cue], at: int) -> Iterator[AttendanceRegion]:
    cue = cues[at]
    limit = cues[at + 1].start if at + 1 < len(cues) else len(text)
    end = _inline_end(text, lines, cue, limit)
    if cue.own_line or end == lines[cue.line].end:
        end = _list_end(text, lines, cue, end, limit)
    if text[cue.end : end].strip():
        yield AttendanceRegion(cue.end, end, cue.status)


_NEXT_INLINE: Final = re.compile(
    r"(?<=[\s.;*_)])(?:\d{1,2}(?:\.\d{1,2}){0,2}\.?\s{0,2}(?=[A-Z][a-z])|-{4}|[A-Z][A-Z ]{3,20}:"
    r"|(?:Date|Time|Venue|Location|Agenda|Minutes|Place|Public|Meeting (?:opened|commenced|started|called))\b)"
)


def _inline_end(text: str, lines: Sequence[Line], cue: Cue, limit: int) -> int:
    """Where the list that begins on the cue's own line ends: at a sentence, a number or a label inside a long line."""
    line = lines[cue.line]
    end = min(line.end, limit)
    if cue.own_line or cue.end >= end:
        return end
    stop = _NEXT_INLINE.search(text, cue.end + 1, end)
    end = stop.start() if stop else end
    for sentence in _SENTENCE_END.finditer(text, cue.end, end):
        if look_of(text[sentence.end() : min(sentence.end() + 100, end)], bulleted=False) is Look.STOP:
            return sentence.end()
    return end


def _list_end(text: str, lines: Sequence[Line], cue: Cue, end: int, limit: int) -> int:
    """Where the list ends that goes on below the cue's line: the end of the last line that may belong to it."""
    head, blanks, neutral = lines[cue.line], 0, 0
    in_table = head.kind is LineKind.TABLE_ROW
    wrapped, labelled = not cue.own_line, cue.own_line and ":" in text[cue.start : cue.end]
    for index in range(cue.line + 1, len(lines)):
        line = lines[index]
        if line.start >= limit or blanks > MAX_GAP_LINES:
            break
        if line.kind is LineKind.BLANK:
            blanks += 1
            wrapped = False
            continue
        if line.kind is LineKind.FURNITURE:
            continue
        look = _look(text, line, head, cue)
        words = text[line.body : line.body_end]
        if line.kind is LineKind.TABLE_ROW and end > lines[cue.line].end and not in_table:
            break
        in_table = line.kind is LineKind.TABLE_ROW
        if look is Look.STOP or (blanks and labelled and _OWN_LABEL.match(words)):
            break
        runs_on = wrapped and not line.bullet and not line.number
        if look is Look.ROSTER and (cue.own_line or blanks == 0 or _is_entry(words, line)):
            end, neutral = min(line.end, limit), 0
        elif runs_on:
            end = min(line.end, limit)
        else:
            neutral += 1
            if neutral > 2:
                break
        blanks = 0
    return end


def _is_entry(words: str, line: Line) -> bool:
    """Whether a line after a blank is plainly one more person of a list that began beside its label."""
    first = {word.lower().rstrip(".,") for word in words[:40].split()[:2]}
    return bool(line.bullet) or bool(first & attendance_words().honorifics)


def _look(text: str, line: Line, head: Line, cue: Cue) -> Look:
    words = text[line.body : line.body_end]
    bulleted = line.bullet is not None and not line.bullet.startswith("#")
    if line.kind is LineKind.TABLE_ROW:
        return Look.STOP if look_of(words, bulleted=False) is Look.STOP else Look.ROSTER
    if line.bullet and line.bullet.startswith("#"):
        deeper = cue.level and line.level > cue.level
        return Look.NEUTRAL if deeper and status_of(words, strict=False) is None and cue.generic else Look.STOP
    if line.number and not bulleted:
        numbered_list = head.number is None or head.number.count(".") < line.number.count(".")
        return look_of(words, bulleted=False) if numbered_list and len(words.split()) <= 12 else Look.STOP
    if cue.level == 0 and head.bullet and bulleted and line.indent <= head.indent:
        return Look.STOP
    return look_of(words, bulleted=bulleted)


def _exceptions(text: str, region: AttendanceRegion) -> Iterator[AttendanceRegion]:
    """People inside a list of whom a bracket or clause says otherwise: "Ann Lee (apologies)", "Lee not attending"."""
    for pattern in (_IN_BRACKET, _ABSENT_AFTER):
        for match in pattern.finditer(text, region.start, region.end):
            begin = max(region.start, match.start() - 200)
            before = text[begin : match.start()].rstrip()
            start = begin + max(before.rfind(mark) + 1 for mark in "\n,;")
            status = "apologies" if match["apologies"] else "absent"
            yield AttendanceRegion(start, match.end(), status)
    for match in _IN_PLACE_OF.finditer(text, region.start, region.end):
        yield AttendanceRegion(match.start("name"), match.end(), "absent")


def _of_sentences(text: str) -> Iterator[AttendanceRegion]:
    """People of whom a sentence says it: "Apologies were received from …", "Also present were …"; up to its end."""
    yield from _of_openings(text, _RECEIVED, "apologies")
    yield from _of_openings(text, _ALSO, "in_attendance")


def _of_openings(text: str, opening: re.Pattern[str], status: str) -> Iterator[AttendanceRegion]:
    last = 0
    for match in opening.finditer(text):
        if match.start() < last:
            continue
        stop = _paragraph_end(text, match.end())
        sentence = _SENTENCE_END.search(text, match.end(), stop)
        end = sentence.start() if sentence else stop
        end = next((m.start() for m in [_NEXT_INLINE.search(text, match.end(), end)] if m), end)
        if match.end() < end and text[match.end()] != "\n":
            last = _until_new_line_item(text, match.end(), end)
            yield AttendanceRegion(match.end(), last, status)


def _absent_lines(text: str, lines: Sequence[Line]) -> Iterator[AttendanceRegion]:
    """Lines in the head that say no more than that somebody was not there: "Ann Lee not present."."""
    for line in lines[:HEAD_LINES]:
        if line.end - line.start > 160:
            continue
        words = text[line.body : line.end]
        match = _ALONE.search(words) or _ABSENT_AFTER.search(words)
        names = words[: match.start()] if match else ""
        if match and len(words) - match.end() < 4 and look_of(names, bulleted=False) is Look.ROSTER:
            status = "apologies" if match.groupdict().get("apologies") else "absent"
            yield AttendanceRegion(line.body, line.body + match.end(), status)


def _paragraph_end(text: str, start: int) -> int:
    """The next blank line that does not cut between a title and its name; at most 600 characters on."""
    stop = text.find("\n\n", start, start + 600)
    while stop >= 0 and text[start:stop].rstrip().endswith(
        (",", " and", "Councillor", "Cllr", "Cllr.", "Mr", "Mr.", "Mrs")
    ):
        stop = text.find("\n\n", stop + 2, start + 600)
    return stop if stop >= 0 else min(start + 600, len(text))


def _until_new_line_item(text: str, start: int, end: int) -> int:
    found = re.compile(r"\n\s{0,20}(?:#|[-*•●]\s|\(?\d{1,3}[.)]|\d{1,3}\s{2,20}[A-Z]|[A-Z]{4,})").search(
        text, start, end
    )
    return found.start() if found else end
