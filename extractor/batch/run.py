"""A batch from beginning to end: list the archive, read what is new, write the outputs."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from extractor.batch.archive import Entry, Unopened, iter_entries
from extractor.batch.documents import DocumentReader, ReadingOptions
from extractor.batch.opened import opened
from extractor.batch.outputs import remove_leftovers, write_outputs
from extractor.batch.overview import Overview
from extractor.batch.pool import MakeWork, Pool, PoolSettings, Task
from extractor.batch.state import File, Result, State
from extractor.errors import ExtractorError, UnreadableFile
from extractor.ingest import Limits
from extractor.pipeline import find_model

if TYPE_CHECKING:
    from extractor.batch.ray_engine import RaySettings

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
    ray: "RaySettings | None" = None
    """Reads by Ray instead of on this machine; `archive` and `limit` do not count then."""


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
    model, digest = _model(settings.reading.model)
    make_work = make_work or partial(DocumentReader, settings.reading)
    counts = Counts()
    with State(settings.out) as state:
        remove_leftovers(settings.out)
        state.forget_files()
        if settings.ray is None:
            _read_here(settings, state, digest, make_work, counts, progress)
        else:
            _read_on_ray(settings, settings.ray, state, digest, make_work, counts, progress)
        title = Path(settings.ray.archive if settings.ray else settings.archive.resolve()).name
        overview = write_outputs(state, settings.out, title=title, model=model, with_text=settings.with_text)
    return counts, overview


def _read_here(
    settings: BatchSettings, state: State, model: str, make_work: MakeWork, counts: Counts, progress: Progress
) -> None:
    if not settings.archive.exists():
        raise UnreadableFile(f"{settings.archive}: not there")
    with Pool(make_work, settings.pool) as pool:
        for task, result in pool.run(_new_tasks(settings, state, model, counts, progress)):
            state.save(task.key, result)
            counts.read += 1
            counts.errors += result.error_code is not None
            progress(counts)


def _read_on_ray(
    settings: BatchSettings,
    ray: "RaySettings",
    state: State,
    model: str,
    make_work: MakeWork,
    counts: Counts,
    progress: Progress,
) -> None:
    try:
        from extractor.batch.ray_engine import NodeJob, read_on_ray  # Ray is an extra, and takes seconds to load
    except ImportError as error:
        raise ExtractorError("Ray is not installed: install the package with its extra `ray`") from error

    def count(rows: Sequence[tuple[File, Result | None]]) -> None:
        for file, result in rows:
            counts.found += 1
            counts.known += file.key is not None and result is None
            counts.read += result is not None
            counts.errors += file.key is None or (result is not None and result.error_code is not None)
        progress(counts)

    job = NodeJob(
        archive=ray.archive,
        parts=ray.parts,
        model=model,
        options=settings.reading.what_matters,
        make_work=make_work,
        pool=settings.pool,
        retry_errors=settings.retry_errors,
    )
    read_on_ray(ray, job, state, settings.since, count)


def count_files(settings: BatchSettings) -> int:
    """How many files there are, without reading them."""
    return sum(1 for _ in iter_entries(settings.archive, limits=Limits(), leave_out=settings.out))


def _model(folder: Path | None) -> tuple[str, str]:
    """The model in words, and a checksum of its files."""
    folder = find_model(folder)
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
        file, content = opened(entry, model, options)
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


def _is_held_back(entry: Entry | Unopened, settings: BatchSettings, n_asked: int) -> bool:
    if settings.limit is not None and n_asked >= settings.limit:
        return True
    modified = entry.modified if isinstance(entry, Entry) else None
    return settings.since is not None and modified is not None and modified < settings.since
