"""The files of a batch, written anew from the state: each appears whole, in the place of the one before."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TextIO

from extractor.batch.overview import Overview
from extractor.batch.state import File, Result, State
from extractor.batch.tables import TABLES, DocumentRow, StarWriter
from extractor.render.exports import ActionsWorkbook
from extractor.schema import Minutes

DOCUMENTS_FILE: Final = "documents.jsonl"
ACTIONS_FILE: Final = "actions.xlsx"
OVERVIEW_FILE: Final = "overview.html"
OUTPUT_FILES: Final = (DOCUMENTS_FILE, *(f"{name}.parquet" for name in TABLES), ACTIONS_FILE, OVERVIEW_FILE)


def write_outputs(state: State, folder: Path, *, title: str, model: str, with_text: bool) -> Overview:
    """Write every output file; what is still to be read is left out.

    The files are made in a folder beside and then moved, so that a reader never sees half of one.
    """
    overview = Overview()
    made = Path(tempfile.mkdtemp(prefix=".new-", dir=folder))
    try:
        with (
            (made / DOCUMENTS_FILE).open("w", encoding="utf-8", newline="\n") as lines,
            StarWriter(made) as star,
            ActionsWorkbook(made / ACTIONS_FILE) as workbook,
        ):
            for row, minutes in iter_documents(state):
                star.add(row, minutes)
                overview.add(row, minutes)
                if minutes is not None:
                    workbook.add(minutes)
                    _write_line(minutes, lines, with_text=with_text)
        (made / OVERVIEW_FILE).write_text(overview.to_html(star.n_rows, title, model), encoding="utf-8")
        for name in OUTPUT_FILES:
            os.replace(made / name, folder / name)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return overview


def remove_leftovers(folder: Path) -> None:
    """What a killed run has left of files half made."""
    for left in folder.glob(".new-*"):
        shutil.rmtree(left, ignore_errors=True)


def iter_documents(state: State) -> Iterator[tuple[DocumentRow, Minutes | None]]:
    """Each document of the archive, or each file that holds none; a mail and its attachments are one each."""
    for file, result in state.iter_files():
        if result is None:
            if file.error_code is not None:
                yield _error_row(file, file.error_code, file.error_detail, 1), None
        elif result.error_code is not None:
            yield _error_row(file, result.error_code, result.error_detail, result.attempts), None
        else:
            yield from _documents(file, result)


def _documents(file: File, result: Result) -> Iterator[tuple[DocumentRow, Minutes]]:
    taken: set[str] = set()
    for part, record in enumerate(result.records):
        minutes = Minutes.model_validate_json(record)
        _, _, inner = minutes.source.name.partition("/")
        path = f"{file.path}/{inner}" if part and inner else file.path
        name, number = path, 2
        while name in taken:
            name, number = f"{path} ({number})", number + 1
        taken.add(name)
        renamed = minutes.model_copy(update={"source": minutes.source.model_copy(update={"name": name})})
        status = "warning" if minutes.source.warnings else "ok"
        row = DocumentRow(
            name,
            status,
            attempts=result.attempts,
            sha256=minutes.source.sha256,
            n_bytes=file.n_bytes if part == 0 else None,
            modified=file.modified,
        )
        yield row, renamed


def _error_row(file: File, code: str, detail: str | None, attempts: int) -> DocumentRow:
    return DocumentRow(file.path, "error", code, detail, attempts, file.sha256, file.n_bytes, file.modified)


def _write_line(minutes: Minutes, lines: TextIO, *, with_text: bool) -> None:
    shown = minutes if with_text else minutes.model_copy(update={"text": None})
    lines.write(shown.model_dump_json() + "\n")
