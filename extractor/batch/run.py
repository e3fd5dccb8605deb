"""A batch from beginning to end: list the archive, read what is new, write the outputs."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from extractor.batch.archive import Entry, Unopened, iter_entries
from extractor.batch.documents import DocumentReader, ReadingOptions
from extractor.batch.outputs import remove_leftovers, write_outputs
from extractor.batch.overview import Overview
from extractor.batch.pool import MakeWork, Pool, PoolSettings, Task
from extractor.batch.state import File, State, result_key
from extractor.errors import ExtractorError, UnreadableFile
from extractor.ingest import Limits
from extractor.pipeline import default_model

FILES_AT_ONCE: Final = 200
"""Of the list that are written in one transaction."""


@dataclass(frozen=True, slots=True)
class BatchSettings:
    """What is read, and how."""

    archive: Path
    out: Path
    reading: ReadingOptions = field(default_factory=ReadingOptions)
    pool: PoolSettings = field(default_factory=PoolSettings)
    limit: int | None = None
    """Of files that are read in this run; the others wait for the next."""
    since: datetime | None = None
    """Files changed earlier are not read."""
    retry_errors: bool = False
    with_text: bool = True


@dataclass(slots=True)
class Counts:
    """Files of a run."""

    found: int = 0
    known: int = 0
    """Read by an earlier run, or under another path by this one."""
    waiting: int = 0
    """Left to another run by `limit` or `since`."""
    read: int = 0
    errors: int = 0
    """Of those read now, and of those that cannot be opened."""


class Progress(Protocol):
    """Is told of each file that is done with."""

    def __call__(self, counts: Counts) -> None:
        """How far the run is."""
        ...


def run_batch(
    settings: BatchSettings, progress: Progress, make_work: MakeWork | None = None
) -> tuple[Counts, Overview]:
    """Read an archive into a folder; what was read stays, however the run ends.

    `make_work` makes what reads the files; a `DocumentReader` without it.

    Raises:
        ExtractorError: the archive is not there, the output cannot be used, or no model is.
    """
    if not settings.archive.exists():
        raise UnreadableFile(f"{settings.archive}: not there")
    model, digest = _model(settings.reading.model)
    counts = Counts()
    with State(settings.out) as state:
        remove_leftovers(settings.out)
        state.forget_files()
        tasks = _new_tasks(settings, state, digest, counts, progress)
        with Pool(make_work or partial(DocumentReader, settings.reading), settings.pool) as pool:
            for task, result in pool.run(tasks):
                state.save(task.key, result)
                counts.read += 1
                counts.errors += result.error_code is not None
                progress(counts)
        overview = write_outputs(
            state, settings.out, title=settings.archive.resolve().name, model=model, with_text=settings.with_text
        )
    return counts, overview


def count_files(settings: BatchSettings) -> int:
    """How many files there are, without reading them."""
    return sum(1 for _ in iter_entries(settings.archive, limits=Limits(), leave_out=settings.out))


def _model(folder: Path | None) -> tuple[str, str]:
    """The model in words, and a checksum of its files."""
    folder = folder or default_model()
    try:
        sums = (folder / "SHA256SUMS").read_bytes()
    except OSError as error:
        raise ExtractorError(f"{folder}: no SHA256SUMS, so not a released model") from error
    return folder.name, hashlib.sha256(sums).hexdigest()


def _new_tasks(settings: BatchSettings, state: State, model: str, counts: Counts, progress: Progress) -> Iterator[Task]:
    """Puts every file on the list, and yields those whose bytes have not been read yet."""
    options = settings.reading.what_matters
    asked: set[str] = set()
    listed: list[File] = []
    for entry in iter_entries(settings.archive, limits=Limits(), leave_out=settings.out):
        counts.found += 1
        file, content = _opened(entry, model, options)
        is_known = file.key is not None and (
            file.key in asked or state.has(file.key, retry_errors=settings.retry_errors)
        )
        is_held = file.key is not None and not is_known and _is_held_back(entry, settings, len(asked))
        counts.known += is_known
        counts.waiting += is_held
        counts.errors += file.key is None
        listed.append(file)
        if len(listed) >= FILES_AT_ONCE:
            state.add_files(listed)
            listed = []
        if file.key is None or is_known or is_held:
            progress(counts)
        else:
            asked.add(file.key)
            yield Task(file.key, file.path.rpartition("/")[2], content)
    state.add_files(listed)


def _opened(entry: Entry | Unopened, model: str, options: str) -> tuple[File, bytes]:
    if isinstance(entry, Unopened):
        return File(entry.path, error_code=entry.error.code, error_detail=str(entry.error)), b""
    modified = entry.modified.isoformat(timespec="seconds") if entry.modified else None
    try:
        content = entry.read()
    except ExtractorError as error:
        return File(entry.path, modified=modified, error_code=error.code, error_detail=str(error)), b""
    digest = hashlib.sha256(content).hexdigest()
    key = result_key(digest, entry.path, model, options)
    return File(entry.path, key, digest, len(content), modified), content


def _is_held_back(entry: Entry | Unopened, settings: BatchSettings, n_asked: int) -> bool:
    if settings.limit is not None and n_asked >= settings.limit:
        return True
    modified = entry.modified if isinstance(entry, Entry) else None
    return settings.since is not None and modified is not None and modified < settings.since
