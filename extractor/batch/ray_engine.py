"""Reads an archive on the machines of a Ray cluster. The faults of a document are the supervised pool's, not Ray's.

Each actor reads whole files by fsspec, has a child process of its own read the documents in them, and writes one
Parquet part for a few files. The driver folds the parts into the state; those that a killed run left are folded first.
"""

import hashlib
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, Final

import fsspec
import numpy as np
import pyarrow as pa
from fsspec import AbstractFileSystem
from pyarrow import parquet

from extractor.batch.archive import Entry, Unopened, entries_of, is_ignored
from extractor.batch.opened import opened
from extractor.batch.pool import MakeWork, Pool, PoolSettings, Task
from extractor.batch.state import File, Result, State
from extractor.errors import ExtractorError, LimitExceeded, UnreadableFile
from extractor.ingest import Limits

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_DATA_DISABLE_PROGRESS_BARS", "1")
import ray

FILES_IN_PART: Final = 8
MIN_CPUS: Final = 2
"""One for an actor, one for Ray Data's own tasks; with fewer it waits for ever."""
MAX_CONTAINER_BYTES: Final = 2_000_000_000
_LOOPBACK: Final = "127.0.0.1"
PART: Final = pa.schema(
    {
        "path": pa.string(),
        "key": pa.string(),
        "sha256": pa.string(),
        "n_bytes": pa.int64(),
        "modified": pa.string(),
        "file_error_code": pa.string(),
        "file_error_detail": pa.string(),
        "is_known": pa.bool_(),
        "error_code": pa.string(),
        "error_detail": pa.string(),
        "attempts": pa.int16(),
        "records": pa.list_(pa.large_string()),
    }
)


@dataclass(frozen=True, slots=True)
class RaySettings:
    """Where the work is done."""

    archive: str
    """URL of fsspec, or a path that all machines see."""
    parts: str
    """The same, of a folder for the parts."""
    address: str | None = None
    """Of the cluster; None starts one on this machine."""
    n_actors: int | None = None
    """None takes all processors of the cluster but one."""


@dataclass(frozen=True, slots=True)
class NodeJob:
    """What every actor needs to know."""

    archive: str
    parts: str
    model: str
    options: str
    make_work: MakeWork
    pool: PoolSettings
    retry_errors: bool = False
    known: frozenset[str] = frozenset()
    """Keys of the results that are there already."""


class NodeReader:
    """An actor: a batch of files in, the name of a part out."""

    def __init__(self, job: NodeJob) -> None:
        self._job = job
        self._files, _ = fsspec.core.url_to_fs(job.archive)
        self._parts, self._folder = fsspec.core.url_to_fs(job.parts)
        self._pool = Pool(job.make_work, replace(job.pool, n_workers=1))

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        """Read the files of a batch with the columns `source`, `path` and `modified`, and write their part."""
        files: list[File] = []
        tasks: dict[str, Task] = {}
        for source, path, modified in zip(batch["source"], batch["path"], batch["modified"], strict=True):
            for entry in self._entries(str(source), str(path), str(modified)):
                file, content = opened(entry, self._job.model, self._job.options)
                files.append(file)
                if file.key is not None and file.key not in self._job.known:
                    tasks[file.key] = Task(file.key, file.path.rpartition("/")[2], content)
        results = {task.key: result for task, result in self._pool.run(tasks.values())}
        name = hashlib.sha256("\0".join(map(str, batch["path"])).encode()).hexdigest()[:32]
        rows = [(file, results.get(file.key or "")) for file in files]
        write_part(self._parts, f"{self._folder}/{name}.parquet", rows)
        return {"part": np.array([f"{name}.parquet"])}

    def _entries(self, source: str, path: str, modified: str) -> Iterator[Entry | Unopened]:
        try:
            with self._files.open(source, "rb") as stream:
                content = stream.read(MAX_CONTAINER_BYTES + 1)
        except OSError:
            yield Unopened(path, UnreadableFile("cannot be opened"))
            return
        if len(content) > MAX_CONTAINER_BYTES:
            yield Unopened(path, LimitExceeded(f"a file of more than {MAX_CONTAINER_BYTES} bytes"))
            return
        moment = datetime.fromisoformat(modified) if modified else None
        yield from entries_of(content, path, moment, limits=Limits())


def read_on_ray(
    settings: RaySettings, job: NodeJob, state: State, since: datetime | None, told: Callable[[Sequence[Any]], None]
) -> None:
    """Read every file, and fold what was read into the state; `told` hears the rows of each part.

    Raises:
        ExtractorError: the archive is not there, or the cluster is too small.
    """
    files, folder = fsspec.core.url_to_fs(settings.parts)
    files.makedirs(folder, exist_ok=True)
    for left in sorted(files.glob(f"{folder}/*.parquet")):
        _fold(state, files, left, listed=False)
    job = replace(job, known=state.keys(retry_errors=job.retry_errors))
    units = [unit for unit in _iter_units(settings.archive, folder) if not _is_older(unit, since)]
    if not units:
        return
    with _cluster(settings.address):
        n_cpus = int(ray.cluster_resources().get("CPU", 0))  # type: ignore[no-untyped-call]
        if n_cpus < MIN_CPUS:
            raise ExtractorError(f"the Ray cluster has {n_cpus} processors, and needs {MIN_CPUS}")
        n_actors = min(settings.n_actors or n_cpus, n_cpus - 1)
        for name in _iter_parts(units, job, n_actors):
            path = f"{folder}/{name}"
            if files.exists(path):  # a part that was made twice, since a machine was lost, is folded once
                told(_fold(state, files, path, listed=True))
    files.rm(folder, recursive=True)  # with parts that a lost machine had made, and another one made again


def _iter_parts(units: Sequence[Mapping[str, str]], job: NodeJob, n_actors: int) -> Iterator[str]:
    """The names of the parts as they are made."""
    rows = ray.data.from_items(list(units), override_num_blocks=-(-len(units) // FILES_IN_PART))
    made = rows.map_batches(
        NodeReader,
        fn_constructor_args=(job,),
        batch_size=FILES_IN_PART,
        num_cpus=1,
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=n_actors),
    )
    for batch in made.iter_batches(batch_size=None, prefetch_batches=0):
        yield from map(str, batch["part"])


def write_part(files: AbstractFileSystem, path: str, rows: Iterable[tuple[File, Result | None]]) -> None:
    """Write files with their results; None where the bytes were known. The part appears whole or not at all."""
    table = pa.Table.from_pylist([_row(file, result) for file, result in rows], schema=PART)
    content = BytesIO()
    parquet.write_table(table, content, compression="zstd")
    making = f"{path}.{os.getpid()}.new"
    files.pipe_file(making, content.getvalue())
    files.mv(making, path)


def _row(file: File, result: Result | None) -> dict[str, Any]:
    return {
        "path": file.path,
        "key": file.key,
        "sha256": file.sha256,
        "n_bytes": file.n_bytes,
        "modified": file.modified,
        "file_error_code": file.error_code,
        "file_error_detail": file.error_detail,
        "is_known": result is None,
        "error_code": result.error_code if result else None,
        "error_detail": result.error_detail if result else None,
        "attempts": result.attempts if result else None,
        "records": list(result.records) if result else None,
    }


def _fold(state: State, files: AbstractFileSystem, path: str, *, listed: bool) -> list[tuple[File, Result | None]]:
    """Take a part into the state and remove it; its files go on the list of this run only if they are of it."""
    rows = [_of_row(row) for row in parquet.read_table(BytesIO(files.cat_file(path))).to_pylist()]
    for file, result in rows:
        if file.key is not None and result is not None:
            state.save(file.key, result)
    if listed:
        state.add_files([file for file, _ in rows])
    files.rm_file(path)
    return rows


def _of_row(row: Mapping[str, Any]) -> tuple[File, Result | None]:
    file = File(
        row["path"],
        row["key"],
        row["sha256"],
        row["n_bytes"],
        row["modified"],
        row["file_error_code"],
        row["file_error_detail"],
    )
    if row["is_known"]:
        return file, None
    return file, Result(tuple(row["records"] or ()), row["error_code"], row["error_detail"], row["attempts"])


def _iter_units(archive: str, parts: str) -> Iterator[dict[str, str]]:
    """The files of the archive that are no container's members, in order."""
    files, root = fsspec.core.url_to_fs(archive)
    if files.isfile(root):
        yield _unit(root, root.rpartition("/")[2], files.info(root))
        return
    if not files.isdir(root):
        raise UnreadableFile(f"{archive}: not there")
    root = root.rstrip("/")
    left_out = parts.rstrip("/").rpartition("/")[0] + "/"
    for source, info in sorted(files.find(root, detail=True).items()):
        path = source.removeprefix(root + "/")
        if not is_ignored(path) and not source.startswith(left_out):
            yield _unit(source, path, info)


def _unit(source: str, path: str, info: Mapping[str, Any]) -> dict[str, str]:
    changed = info.get("mtime") or info.get("LastModified") or info.get("last_modified")
    if isinstance(changed, int | float):
        changed = datetime.fromtimestamp(changed, UTC)
    return {
        "source": source,
        "path": path,
        "modified": changed.isoformat() if isinstance(changed, datetime) else "",
    }


def _is_older(unit: Mapping[str, str], since: datetime | None) -> bool:
    return since is not None and bool(unit["modified"]) and datetime.fromisoformat(unit["modified"]) < since


@contextmanager
def _cluster(address: str | None) -> Iterator[None]:
    """Join the cluster, or start one on this machine that nothing outside of it can reach; leave it at the end."""
    if address is None:
        ray.init(
            address="local", include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR,
            _node_ip_address=_LOOPBACK,
        )  # fmt: skip
    else:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    ray.data.DataContext.get_current().enable_progress_bars = False
    try:
        yield
    finally:
        ray.shutdown()
