"""A made archive to its end, and again with the driver killed at 10, 50 and 90 %: `python -m tests.batch.archive_run`.

Prints whether exactly the bad files are error rows, and whether the killed run ends with the tables of the other.
The tagger is a table of phrases; reading, structure and records are those of the product.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pyarrow import parquet

from extractor.batch.outputs import DOCUMENTS_FILE
from extractor.batch.pool import PoolSettings
from extractor.batch.run import BatchSettings, Counts, run_batch
from extractor.batch.tables import TABLES
from tests.batch.made_archive import GOLD, ROOT, make_archive
from tests.batch.stubs import make_phrase_reader

KILLS: Final = (0.1, 0.5, 0.9)


@dataclass(frozen=True)
class Outcome:
    """Of both runs."""

    n_documents: int
    n_bad: int
    errors_are_the_bad: bool
    n_kills: int
    same_tables: bool
    seconds: float


def run(folder: Path, n_files: int, *, texts: list[str] | None = None) -> Outcome:
    """Make the archive and read it twice."""
    archive = folder / "archive"
    made = make_archive(archive, n_files, texts=texts)
    started = time.monotonic()
    read(archive, folder / "unbroken")
    seconds = time.monotonic() - started
    for share in KILLS:
        _killed_at(archive, folder / "broken", int(share * n_files))
    read(archive, folder / "broken")
    tables = {out: tables_of(folder / out) for out in ("unbroken", "broken")}
    documents = tables["unbroken"]["documents"]
    lines = {out: (folder / out / DOCUMENTS_FILE).read_bytes() for out in tables}
    return Outcome(
        n_documents=len(documents),
        n_bad=len(made.bad),
        errors_are_the_bad={row["document"] for row in documents if row["status"] == "error"} == made.bad,
        n_kills=len(KILLS),
        same_tables=tables["unbroken"] == tables["broken"] and lines["unbroken"] == lines["broken"],
        seconds=seconds,
    )


def read(archive: Path, out: Path, told: Sequence[int] = ()) -> None:
    """Read the archive; with `told`, print when so many files are done with."""
    wanted = list(told)

    def show(counts: Counts) -> None:
        if wanted and counts.read + counts.known >= wanted[0]:
            print(wanted.pop(0), flush=True)

    run_batch(BatchSettings(archive, out, pool=PoolSettings(n_workers=2)), show, make_phrase_reader)


def tables_of(out: Path) -> dict[str, list[dict[str, Any]]]:
    """The rows of each table."""
    return {name: parquet.read_table(out / f"{name}.parquet").to_pylist() for name in TABLES}


def _killed_at(archive: Path, out: Path, n_files: int) -> None:
    """Start a driver of its own and kill it when it has got so far."""
    command = [sys.executable, "-m", "tests.batch.archive_run", str(archive), str(out), str(n_files)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, start_new_session=True)
    assert process.stdout is not None
    process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()


def main() -> None:
    """Run and print; with three arguments, be the driver that is killed."""
    if len(sys.argv) == 4:
        read(Path(sys.argv[1]), Path(sys.argv[2]), [int(sys.argv[3])])
        return
    n_files = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    texts = [path.read_text(encoding="utf-8") for path in sorted(GOLD.glob("*/*.txt"))]
    with tempfile.TemporaryDirectory() as folder:
        print(run(Path(folder), n_files, texts=texts))


if __name__ == "__main__":
    main()
