"""The parts of minutes, found by rules over lines: head, attendance, agenda, actions, next meeting."""

from extractor.ingest.source import SourceText, plain_source
from extractor.structure.actions import (
    find_action_labels,
    find_action_regions,
    find_next_meeting,
    find_previous_minutes,
)
from extractor.structure.agenda import find_agenda
from extractor.structure.attendance import find_attendance
from extractor.structure.lines import read_blocks, read_lines
from extractor.structure.meeting import find_meeting
from extractor.structure.model import Structure
from extractor.structure.tables import read_tables

__all__ = ["Structure", "parse", "parse_text"]


def parse(source: SourceText) -> Structure:
    """The structure of a document; works from the text alone and better where the reader gives blocks."""
    text = source.text
    lines = read_lines(source)
    tables = read_tables(source, lines)
    attendance = find_attendance(text, lines, tables)
    agenda = find_agenda(text, lines, attendance)
    return Structure(
        lines=lines,
        blocks=read_blocks(text, lines),
        meeting=find_meeting(text, lines, attendance),
        attendance=attendance,
        agenda=agenda,
        action_regions=find_action_regions(text, agenda, tables),
        action_labels=find_action_labels(text, lines),
        next_meeting=find_next_meeting(text, agenda, lines),
        previous_minutes=find_previous_minutes(text, agenda),
    )


def parse_text(text: str) -> Structure:
    """The structure of a plain text."""
    return parse(plain_source(text))
