"""Plain text and Markdown, which are kept as they are typed; of Markdown the blocks are told."""

import re
from collections.abc import Iterator
from typing import Final

from extractor.ingest.builder import Content
from extractor.ingest.characters import clean, decode
from extractor.ingest.limits import ReadOptions
from extractor.ingest.source import Block, BlockKind, Warning

_HEADING: Final = re.compile(r" {0,3}(#{1,6})(?:[ \t]+\S|[^#\s\d])")
_ITEM: Final = re.compile(r"([ \t]{0,40})(?:[-*+]|\d{1,9}[.)])[ \t]+\S")
_FENCE: Final = re.compile(r" {0,3}(?:```|~~~)")
_DELIMITER: Final = re.compile(r"\s*\|?(?:\s*:?-{1,200}:?\s*\|){1,64}\s*(?::?-{1,200}:?)?\s*")
_INDENT_COLUMNS: Final = 2
_CELL: Final = re.compile(r"(?:[^|\\`]|\\.|`[^`|]{0,500}`|`|\\)+")


def read_text(data: bytes, options: ReadOptions) -> Content:
    """The characters of a text file; a warning says where the encoding was a guess."""
    text, encoding = decode(data, options.encoding)
    return Content(clean(text), encoding=encoding, warnings=_warnings(encoding, options))


def read_markdown(data: bytes, options: ReadOptions) -> Content:
    """The characters of a Markdown file, with headings, list items and the cells of tables with a delimiter row."""
    content = read_text(data, options)
    blocks = tuple(_blocks(content.text))
    return Content(content.text, blocks, encoding=content.encoding, warnings=content.warnings)


def _warnings(encoding: str, options: ReadOptions) -> tuple[Warning, ...]:
    if options.encoding is None and encoding in ("cp1252", "latin-1"):
        return (Warning("encoding_guessed", encoding),)
    return ()


def _blocks(text: str) -> Iterator[Block]:
    lines = list(_lines(text))
    fenced, table, row = False, -1, -1
    for index, (start, end) in enumerate(lines):
        line = text[start:end]
        if _FENCE.match(line):
            fenced = not fenced
        if fenced or not line.strip():
            row = -1
        elif row >= 0 and "|" in line:
            row += 1
            yield from _cells(text, start, end, table, row - 1) if row > 1 else ()
        elif "|" in line and index + 1 < len(lines) and _DELIMITER.fullmatch(text, *lines[index + 1]):
            table, row = table + 1, 0
            yield from _cells(text, start, end, table, 0)
        elif block := _block(line, start):
            row = -1
            yield block
        else:
            row = -1


def _lines(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for line in text.split("\n"):
        yield start, start + len(line)
        start += len(line) + 1


def _block(line: str, start: int) -> Block | None:
    end = start + len(line.rstrip())
    if heading := _HEADING.match(line):
        return Block(start, end, BlockKind.HEADING, len(heading.group(1)))
    if item := _ITEM.match(line):
        return Block(start, end, BlockKind.LIST_ITEM, len(item.group(1).expandtabs(4)) // _INDENT_COLUMNS + 1)
    return None


def _cells(text: str, start: int, end: int, table: int, row: int) -> Iterator[Block]:
    """The cells of a row of a pipe table, from 0; empty ones are left out."""
    line = text[start:end]
    at = start + len(line) - len(line.lstrip()) + (1 if line.lstrip().startswith("|") else 0)
    column = 0
    while at < end:
        match = _CELL.match(text, at, end)
        stop = match.end() if match else at
        part = text[at:stop]
        if part.strip():
            left = at + len(part) - len(part.lstrip())
            yield Block(left, left + len(part.strip()), BlockKind.CELL, None, table, row, column)
        at, column = stop + 1, column + 1
