"""What a batch has read so far: one SQLite file in the output folder, which a killed run leaves consistent.

A result is kept under the checksum of the bytes, the ending of the name, the model and the options of reading, so that
a file is read again only if one of them is new.
"""

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from extractor.errors import ExtractorError

STATE_FILE: Final = ".minutes-batch.sqlite"
_LAYOUT: Final = 1
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS results (
    key TEXT PRIMARY KEY, error_code TEXT, error_detail TEXT, attempts INTEGER NOT NULL, records BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS files (
    path TEXT PRIMARY KEY, key TEXT, sha256 TEXT, n_bytes INTEGER, modified TEXT, error_code TEXT, error_detail TEXT
);
"""


@dataclass(frozen=True, slots=True)
class Result:
    """What reading the bytes of a file gave: records as JSON of `minutes/1`, or an error."""

    records: tuple[str, ...] = ()
    error_code: str | None = None
    error_detail: str | None = None
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class File:
    """A file of the archive; with the key of its result, or the error that kept it from being opened."""

    path: str
    key: str | None = None
    sha256: str | None = None
    n_bytes: int | None = None
    modified: str | None = None
    """ISO 8601."""
    error_code: str | None = None
    error_detail: str | None = None


def result_key(sha256: str, name: str, model: str, options: str) -> str:
    """What a result is kept under."""
    suffix = Path(name).suffix.lower()
    return hashlib.sha256("\0".join((sha256, suffix, model, options)).encode()).hexdigest()


class State:
    """The state of one output folder. One run at a time may hold it.

    Raises:
        ExtractorError: another run holds it, or the file is none of ours.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(folder / STATE_FILE, isolation_level=None, timeout=1.0)
        try:
            self._connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")
            (layout,) = self._connection.execute("PRAGMA user_version").fetchone()
            if layout not in (0, _LAYOUT):
                raise ExtractorError(f"{STATE_FILE} was written by another version: use another output folder")
            self._connection.execute("BEGIN IMMEDIATE")
            for statement in _TABLES.split(";"):
                self._connection.execute(statement)
            self._connection.execute(f"PRAGMA user_version={_LAYOUT}")
            self._connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            self._connection.close()
            raise ExtractorError(f"{folder}: another run is writing there") from error
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise ExtractorError(f"{STATE_FILE} is damaged: remove it, and everything is read again") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def forget_files(self) -> None:
        """Begin a new list of the archive's files; the results stay."""
        self._connection.execute("DELETE FROM files")

    def add_files(self, files: Sequence[File]) -> None:
        """Put files on the list; a path that is on it already gets a number."""
        rows = [(f.path, f.key, f.sha256, f.n_bytes, f.modified, f.error_code, f.error_detail) for f in files]
        self._connection.execute("BEGIN")
        for path, *values in rows:
            self._connection.execute("INSERT INTO files VALUES (?,?,?,?,?,?,?)", (self._unused(path), *values))
        self._connection.execute("COMMIT")

    def _unused(self, path: str) -> str:
        """The path, or if it is taken (two members of a zip file may have one name) the path with a number."""
        name, number = path, 2
        while self._connection.execute("SELECT 1 FROM files WHERE path = ?", (name,)).fetchone():
            name, number = f"{path} ({number})", number + 1
        return name

    def has(self, key: str, *, retry_errors: bool = False) -> bool:
        """Whether there is a result; with `retry_errors`, one that is no error."""
        row = self._connection.execute("SELECT error_code FROM results WHERE key = ?", (key,)).fetchone()
        return row is not None and not (retry_errors and row[0] is not None)

    def keys(self, *, retry_errors: bool = False) -> frozenset[str]:
        """The keys that `has` knows."""
        wanted = "SELECT key FROM results" + (" WHERE error_code IS NULL" if retry_errors else "")
        return frozenset(key for (key,) in self._connection.execute(wanted))

    def save(self, key: str, result: Result) -> None:
        """Keep a result; it is on the disk, or not there at all, when the process dies."""
        records = zlib.compress(json.dumps(result.records).encode(), level=1)
        self._connection.execute(
            "INSERT OR REPLACE INTO results VALUES (?,?,?,?,?)",
            (key, result.error_code, result.error_detail, result.attempts, records),
        )

    def iter_files(self) -> Iterator[tuple[File, Result | None]]:
        """The files of the archive in order of their paths, with what was read; None if that is still to come."""
        rows = self._connection.execute(
            "SELECT files.path, files.key, sha256, n_bytes, modified, files.error_code, files.error_detail,"
            " results.key, results.error_code, results.error_detail, attempts, records"
            " FROM files LEFT JOIN results ON results.key = files.key ORDER BY files.path"
        )
        for row in rows:
            file, (key, code, detail, attempts, records) = File(*row[:7]), row[7:]
            if key is None:
                yield file, None
            else:
                yield file, Result(tuple(json.loads(zlib.decompress(records))), code, detail, attempts)
