"""The command `minutes batch`: options in, progress on standard error, a summary out."""

import argparse
import os
import signal
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from extractor.batch.documents import ReadingOptions
from extractor.batch.outputs import OUTPUT_FILES
from extractor.batch.overview import Overview
from extractor.batch.pool import PoolError, PoolSettings
from extractor.batch.run import BatchSettings, Counts, count_files, run_batch
from extractor.errors import ExtractorError

if TYPE_CHECKING:
    from extractor.batch.ray_engine import RaySettings


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `minutes batch` to the command."""
    parser = commands.add_parser("batch", help="a whole archive into tables", description=batch.__doc__)
    parser.add_argument("archive", metavar="ARCHIVE", help="a folder, a zip file or a mailbox; for Ray also a URL")
    parser.add_argument("--out", type=Path, metavar="DIR", required=True, help="where the tables go, and what was read")
    parser.add_argument("--workers", type=_count, default=_n_cores(), metavar="N", help="processes (one a core)")
    parser.add_argument("--limit", type=_count, metavar="N", help="read at most N new files in this run")
    parser.add_argument("--since", type=_day, metavar="YYYY-MM-DD", help="leave files alone that were changed earlier")
    parser.add_argument("--retry-errors", action="store_true", help="read again what could not be read")
    parser.add_argument("--no-text", action="store_true", help="leave the texts out of documents.jsonl")
    parser.add_argument("--encoding", help="of text files; found by content without it")
    parser.add_argument("--ocr", action="store_true", help="read scanned pages with ocrmypdf, where it is installed")
    parser.add_argument("--timeout", type=_seconds, default=600.0, metavar="S", help="for one file (600)")
    parser.add_argument("--max-memory", type=_megabytes, default="4000", metavar="MB", help="of one process (4000)")
    parser.add_argument("--engine", choices=("local", "ray"), default="local", help="this machine, or a Ray cluster")
    parser.add_argument("--address", help="of the Ray cluster; without it one is started here")
    parser.add_argument("--parts", metavar="URL", help="a folder that all machines of the cluster see (DIR/parts)")
    parser.add_argument(
        "--model",
        type=Path,
        metavar="NAME|DIR",
        help="another model than minutes-en: a shipped one by name, or a folder",
    )
    parser.set_defaults(run=batch)


def batch(options: argparse.Namespace) -> int:
    """Read every document of an archive. Run it again to go on after a stop, or to add what is new."""
    signal.signal(signal.SIGTERM, _interrupt)
    settings = _settings(options)
    console = Console(stderr=True)
    with _bar(settings, console) as bar:
        task = bar.add_task("reading", total=count_files(settings), rate=0.0, errors=0) if bar else None
        started = datetime.now(UTC)

        def show(counts: Counts) -> None:
            if bar is not None and task is not None:
                done = counts.read + counts.known + counts.waiting
                seconds = max((datetime.now(UTC) - started).total_seconds(), 1e-3)
                bar.update(task, completed=done, rate=60 * counts.read / seconds, errors=counts.errors)

        try:
            counts, overview = run_batch(settings, show)
        except PoolError as error:
            raise ExtractorError(str(error)) from error
        except KeyboardInterrupt:
            console.print("stopped; what was read is kept: run the same command again to go on")
            raise
    _report(settings, counts, overview)
    return 0


def _settings(options: argparse.Namespace) -> BatchSettings:
    reading = ReadingOptions(
        model=options.model,
        encoding=options.encoding,
        ocr=options.ocr,
        n_threads=max(1, _n_cores() // options.workers),
        max_wall_s=min(options.timeout, ReadingOptions().max_wall_s),
    )
    if options.engine == "ray" and options.limit is not None:
        raise ExtractorError("--limit does not go with --engine ray")
    return BatchSettings(
        archive=Path(options.archive),
        out=options.out,
        reading=reading,
        pool=PoolSettings(options.workers, timeout_s=options.timeout, max_memory_bytes=options.max_memory),
        limit=options.limit,
        since=options.since,
        retry_errors=options.retry_errors,
        with_text=not options.no_text,
        ray=_ray(options) if options.engine == "ray" else None,
    )


def _ray(options: argparse.Namespace) -> "RaySettings":
    try:
        from extractor.batch.ray_engine import RaySettings
    except ImportError as error:
        raise ExtractorError("Ray is not installed: install the package with its extra `ray`") from error
    archive = options.archive if "://" in options.archive else str(Path(options.archive).resolve())
    parts = options.parts or str((options.out / "parts").resolve())
    return RaySettings(archive, parts, options.address, options.workers if options.address is None else None)


def _bar(settings: BatchSettings, console: Console) -> "Bar | nullcontext[None]":
    if not console.is_terminal or settings.ray is not None or not settings.archive.exists():
        return nullcontext()
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:.0f} a minute"),
        TextColumn("{task.fields[errors]} errors"),
        TimeRemainingColumn(),
    )
    return Bar(*columns, console=console, transient=True)


def _report(settings: BatchSettings, counts: Counts, overview: Overview) -> None:
    statuses = overview.statuses
    print(f"{counts.found} files: {counts.read} read now, {counts.known} known, {counts.waiting} left for later")
    print(
        f"{sum(statuses.values())} documents: {statuses['ok']} ok, {statuses['warning']} with warnings,"
        f" {statuses['error']} errors; {overview.n_open} open actions"
    )
    print(f"written to {settings.out}: {', '.join(OUTPUT_FILES)}")


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _n_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _count(value: str) -> int:
    if not value.isdecimal() or int(value) < 1:
        raise argparse.ArgumentTypeError("must be a whole number above 0")
    return int(value)


def _seconds(value: str) -> float:
    return float(_count(value))


def _megabytes(value: str) -> int:
    return _count(value) * 1_000_000


def _day(value: str) -> datetime:
    try:
        return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise argparse.ArgumentTypeError("must be a day, YYYY-MM-DD") from error
