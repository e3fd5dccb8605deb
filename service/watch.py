"""A watched folder: what is put into it is read and moved on, with its record beside it. Works with every DMS."""

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import structlog

from extractor.errors import ExtractorError
from extractor.pipeline import read_bytes
from extractor.schema import Minutes
from service.errors import INTERNAL, Problem, kind_of, problem
from service.reading import ReadingOptions
from service.worker import Read

LOCK: Final = ".minutes.lock"
WORKING: Final = ".minutes-working"
log = structlog.get_logger("minutes.watch")


class FolderTaken(ExtractorError):
    """Another process watches the folder."""


@dataclass
class Watch:
    """Reads the files that come into a folder, in the order of their names.

    A file is taken once its size and time have not changed for `settle_s`. It is renamed within its file system, so
    that nobody ever sees half a file: into a hidden folder while it is read, then to `done` beside NAME.json, or to
    `failed` beside NAME.error.json. One that a killed process left behind is taken up again.
    """

    incoming: Path
    done: Path
    failed: Path
    read: Read
    max_bytes: int
    settle_s: float = 2.0
    _seen: dict[str, tuple[int, int, float]] = field(default_factory=dict)

    def run(self, stop: threading.Event, *, poll_s: float = 1.0) -> None:
        """Watch until `stop` is set.

        Raises:
            FolderTaken: another process watches the folder.
        """
        with self._locked():
            self._take_up()
            while not stop.is_set():
                for path in self._settled():
                    self.take(path)
                    if stop.is_set():
                        return
                stop.wait(poll_s)

    def take(self, path: Path) -> bool:
        """Read one file and move it on; whether it could be read."""
        working = self.incoming / WORKING / path.name
        working.parent.mkdir(exist_ok=True)
        os.replace(path, working)
        found = self._attempt(working)
        if isinstance(found, Problem):
            log.warning("file failed", code=found.type)
            _write(self.failed, path.name, ".error.json", found.model_dump_json(exclude_none=True))
            _move(working, self.failed)
            return False
        shown = [minutes.model_dump_json() for minutes in found]
        _write(self.done, path.name, ".json", shown[0] if len(shown) == 1 else f"[{','.join(shown)}]")
        _move(working, self.done)
        log.info("file done", documents=len(found))
        return True

    def _attempt(self, path: Path) -> list[Minutes] | Problem:
        try:
            return self.read(read_bytes(path, self.max_bytes), path.name, ReadingOptions())
        except ExtractorError as error:
            return problem(kind_of(error), str(error))
        except Exception as error:  # a fault in one document must not stop the others
            return problem(INTERNAL, type(error).__name__)

    def _settled(self) -> list[Path]:
        """The files that are there and have come to rest."""
        now, seen, rested = time.monotonic(), {}, []
        for path in sorted(self.incoming.iterdir()):
            if path.name.startswith(".") or not path.is_file() or path.is_symlink():
                continue
            status = path.stat()
            size, changed, since = self._seen.get(path.name, (-1, -1, now))
            if (size, changed) != (status.st_size, status.st_mtime_ns):
                since = now
            seen[path.name] = (status.st_size, status.st_mtime_ns, since)
            if now - since >= self.settle_s:
                rested.append(path)
        self._seen = seen
        return rested

    def _take_up(self) -> None:
        """Put back what a process that was killed had in hand."""
        for folder in (self.done, self.failed, self.incoming / WORKING):
            folder.mkdir(parents=True, exist_ok=True)
        for path in sorted((self.incoming / WORKING).iterdir()):
            _move(path, self.incoming)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.incoming.mkdir(parents=True, exist_ok=True)
        with (self.incoming / LOCK).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise FolderTaken(f"{self.incoming} is watched by another process") from error
            yield


def _write(folder: Path, name: str, suffix: str, text: str) -> None:
    """Write NAME plus suffix, all at once."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{name}{suffix}.part"
    with part.open("w", encoding="utf-8") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, folder / f"{name}{suffix}")


def _move(path: Path, folder: Path) -> None:
    """Into the folder; of the same file system, as `os.replace` needs."""
    folder.mkdir(parents=True, exist_ok=True)
    os.replace(path, folder / path.name)
