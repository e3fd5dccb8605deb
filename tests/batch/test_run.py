"""An archive becomes tables; what is known is not read again; a killed run goes on as if nothing had been."""

import os
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from pyarrow import parquet

from extractor.batch.outputs import ACTIONS_FILE, DOCUMENTS_FILE, OUTPUT_FILES, OVERVIEW_FILE
from extractor.batch.pool import PoolSettings
from extractor.batch.run import BatchSettings, Counts, run_batch
from extractor.batch.state import STATE_FILE
from extractor.batch.tables import TABLES
from extractor.errors import UnreadableFile
from extractor.schema import Minutes
from tests.batch import archive_run
from tests.batch.stubs import make_phrase_reader

pytestmark = pytest.mark.slow

MINUTES = """Hall Committee
Minutes of the meeting held on 4 May {year}

Present: Ann Lee (Treasurer)

The minutes were approved.
There are 42 chairs. Ann Lee will count the chairs by the September meeting.
"""
MAIL = (
    b"From a@b.example Mon Jan  5 10:00:00 2015\n"
    b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n"
    b"--x\nContent-Type: text/plain\n\nAnn Lee will write to the council.\n"
    b'--x\nContent-Type: text/plain\nContent-Disposition: attachment; filename="m.txt"\n\nPresent: Ann Lee\n--x--\n'
)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    (folder / "old").mkdir(parents=True)
    for year in (2001, 2002, 2005):
        (folder / "old" / f"{year}.txt").write_text(MINUTES.format(year=year))
    (folder / "old" / "copy of 2001.txt").write_text(MINUTES.format(year=2001))
    (folder / "empty.txt").write_bytes(b"")
    (folder / "deadly.txt").write_text("This kills its reader.")
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (folder / "box.mbox").write_bytes(MAIL)
    (folder / "broken.zip").write_bytes(b"PK\x03\x04 and no more")
    with zipfile.ZipFile(folder / "pack.zip", "w") as pack:
        pack.writestr("=cmd.txt", MINUTES.format(year=2003))
    return folder


def settings_of(archive: Path, **changes: Any) -> BatchSettings:
    settings = BatchSettings(archive, archive.parent / "out", pool=PoolSettings(n_workers=2))
    return replace(settings, **changes)


def run(settings: BatchSettings) -> Counts:
    counts, _ = run_batch(settings, lambda counts: None, make_phrase_reader)
    return counts


def rows(settings: BatchSettings, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = parquet.read_table(settings.out / f"{table}.parquet").to_pylist()
    return found


def everything(settings: BatchSettings) -> dict[str, Any]:
    """The content of every output file."""
    sheet = load_workbook(settings.out / ACTIONS_FILE).active
    assert sheet is not None
    return {
        **{name: rows(settings, name) for name in TABLES},
        DOCUMENTS_FILE: (settings.out / DOCUMENTS_FILE).read_text(),
        OVERVIEW_FILE: (settings.out / OVERVIEW_FILE).read_text(),
        ACTIONS_FILE: list(sheet.values),
    }


def test_an_archive_becomes_tables(archive: Path) -> None:
    settings = settings_of(archive)
    counts = run(settings)
    assert (counts.found, counts.read, counts.known, counts.errors) == (10, 8, 1, 4)
    documents = {row["document"]: row for row in rows(settings, "documents")}
    assert {path: (row["status"], row["error_code"], row["attempts"]) for path, row in documents.items()} == {
        "box.mbox/000001.eml": ("ok", None, 1),
        "box.mbox/000001.eml/m.txt": ("ok", None, 1),
        "broken.zip": ("error", "corrupt-document", 1),
        "deadly.txt": ("error", "process-died", 2),
        "empty.txt": ("error", "empty-document", 1),
        "old/2001.txt": ("ok", None, 1),
        "old/2002.txt": ("ok", None, 1),
        "old/2005.txt": ("ok", None, 1),
        "old/copy of 2001.txt": ("ok", None, 1),
        "pack.zip/=cmd.txt": ("ok", None, 1),
        "picture.png": ("error", "unsupported-format", 1),
    }
    assert documents["old/2005.txt"]["meeting_day"].isoformat() == "2005-05-04"
    assert documents["old/2005.txt"]["n_actions"] == 1


def test_the_tables_fit_each_other_and_the_json(archive: Path) -> None:
    settings = settings_of(archive)
    run(settings)
    lines = (settings.out / DOCUMENTS_FILE).read_text().splitlines()
    records = {record.source.name: record for record in map(Minutes.model_validate_json, lines)}
    documents = {row["document"] for row in rows(settings, "documents") if row["status"] != "error"}
    assert set(records) == documents
    for table, field in (("people", "people"), ("actions", "actions"), ("metrics", "metrics"), ("spans", "spans")):
        counted = [row["document"] for row in rows(settings, table)]
        assert {name: counted.count(name) for name in records} == {
            name: len(getattr(record, field)) for name, record in records.items()
        }
    for row in rows(settings, "spans"):
        text = records[row["document"]].text
        assert text is not None
        assert text[row["start"] : row["end"]] == row["text"]


def test_the_workbook_and_the_overview(archive: Path) -> None:
    settings = settings_of(archive)
    run(settings)
    sheet = load_workbook(settings.out / ACTIONS_FILE).active
    assert sheet is not None
    n_actions = len(rows(settings, "actions"))
    assert sheet.max_row == 1 + n_actions
    page = (settings.out / OVERVIEW_FILE).read_text()
    assert f'id="count-actions"><b>{n_actions}</b>' in page
    assert 'id="status-error"><b>4</b>' in page
    assert "deadly.txt" in page
    assert page.count("<rect") == 2 * 5  # the years 2001 to 2005


def test_a_second_run_reads_what_is_new(archive: Path) -> None:
    settings = settings_of(archive)
    run(settings)
    before = everything(settings)
    assert run(settings).read == 0
    assert everything(settings) == before
    (archive / "old" / "2002.txt").write_text(MINUTES.format(year=2012))
    (archive / "old" / "2005.txt").rename(archive / "old" / "2006.txt")
    assert run(settings).read == 1
    names = {row["document"]: row["meeting_year"] for row in rows(settings, "documents")}
    assert (names["old/2002.txt"], names["old/2006.txt"]) == (2012, 2005)
    assert "old/2005.txt" not in names


def test_errors_are_tried_again_when_asked(archive: Path) -> None:
    settings = settings_of(archive)
    run(settings)
    assert run(replace(settings, retry_errors=True)).read == 3


def test_a_limit(archive: Path) -> None:
    settings = settings_of(archive, limit=2)
    counts = run(settings)
    assert (counts.read, counts.waiting) == (2, 7)
    whole = settings_of(archive)
    assert run(whole).read == 6
    assert len(rows(whole, "documents")) == 11


def test_only_what_was_changed_since(archive: Path) -> None:
    old = datetime(2010, 1, 1, tzinfo=UTC).timestamp()
    for path in (archive / "old").iterdir():
        os.utime(path, (old, old))
    settings = settings_of(archive, since=datetime(2015, 1, 1, tzinfo=UTC))
    assert run(settings).waiting == 4
    assert not any(row["document"].startswith("old/") for row in rows(settings, "documents"))


def test_without_texts(archive: Path) -> None:
    settings = settings_of(archive, with_text=False)
    run(settings)
    lines = (settings.out / DOCUMENTS_FILE).read_text().splitlines()
    assert len(lines) == 7
    assert all(Minutes.model_validate_json(line).text is None for line in lines)


def test_an_archive_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="not there"):
        run(settings_of(tmp_path / "nowhere"))


def test_a_killed_run_goes_on(tmp_path: Path) -> None:
    outcome = archive_run.run(tmp_path, 60)
    assert outcome.n_documents == 60
    assert outcome.n_bad > 0
    assert outcome.errors_are_the_bad
    assert outcome.same_tables
    left = sorted(path.name for path in (tmp_path / "broken").iterdir())
    assert left == sorted((*OUTPUT_FILES, STATE_FILE))
