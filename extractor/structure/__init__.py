"""The parts of minutes, found by rules over lines: head, attendance, agenda, actions, next meeting."""

from extractor.ingest.source import SourceText
from extractor.structure.attendance import find_attendance
from extractor.structure.lines import read_blocks, read_lines
from extractor.structure.model import MeetingFacts, Structure
from extractor.structure.tables import read_tables

__all__ = ["Structure", "parse"]


def parse(source: SourceText) -> Structure:
    """The structure of a document; works from the text alone and better where the reader gives blocks."""
    lines = read_lines(source)
    blocks = read_blocks(source.text, lines)
    tables = read_tables(source, lines)
    attendance = find_attendance(source.text, lines, tables)
    return Structure(lines, blocks, MeetingFacts(), attendance, (), (), (), (), None)
