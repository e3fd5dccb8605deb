"""Kills a random busy worker every two seconds while jobs run: `python -m tests.service.kill_workers [--postgresql]`.

Prints how many jobs were lost, doubled, done and failed. The reader is a table of phrases that takes its time.
"""

import argparse
import collections
import contextlib
import multiprocessing
import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from sqlalchemy import Engine, func, select

from extractor.schema import Minutes
from extractor.tagger import Report
from service.database import migrate, open_database, reading, writing
from service.jobs import NewJob, add_job
from service.processes import work
from service.reading import ReadingOptions
from service.settings import Settings
from service.tables import documents, jobs, outbox
from tests.pipelines import TEXT, minutes_of
from tests.service.databases import postgresql

MAX_S = 900.0


@dataclass(frozen=True)
class Slow:
    """A reader that takes some time for a document."""

    seconds: float

    def __call__(self, data: bytes, name: str, options: ReadingOptions, report: Report | None = None) -> list[Minutes]:
        time.sleep(self.seconds)
        return [minutes_of(TEXT)]


@dataclass(frozen=True)
class Outcome:
    """What became of the jobs."""

    n_jobs: int
    n_kills: int
    n_lost: int
    n_doubled: int
    states: dict[str, int]
    n_without_reason: int
    n_webhooks: int
    seconds: float


def run(settings: Settings, *, n_jobs: int, n_workers: int, every_s: float, seconds: float) -> Outcome:
    """Put the jobs into the queue, and kill workers until all jobs have ended."""
    engine = open_database(settings.database)
    migrate(engine)
    wanted = _add(engine, n_jobs, settings)
    context = multiprocessing.get_context("spawn")

    def start() -> BaseProcess:
        process = context.Process(target=work, args=(settings, Slow(seconds)))
        process.start()
        return process

    started, n_kills, rng = time.monotonic(), 0, random.Random(0)
    workers = [start() for _ in range(n_workers)]
    while _n_open(engine) and time.monotonic() - started < MAX_S:
        time.sleep(every_s)
        busy = _busy(engine)
        places = [k for k, worker in enumerate(workers) if worker.pid in busy]
        if places:
            place = rng.choice(places)
            workers[place].kill()
            workers[place].join()
            workers[place] = start()
            n_kills += 1
    for worker in workers:
        worker.terminate()
        worker.join()
    outcome = _outcome(engine, wanted, n_kills, time.monotonic() - started)
    engine.dispose()
    return outcome


def _add(engine: Engine, n_jobs: int, settings: Settings) -> set[str]:
    with writing(engine) as connection:
        made = NewJob("hall.txt", TEXT.encode(), "0" * 64, {}, "https://dms.example/hook")
        return {add_job(connection, made, max_attempts=settings.max_attempts) for _ in range(n_jobs)}


def _n_open(engine: Engine) -> int:
    with reading(engine) as connection:
        is_open = jobs.c.state.in_(("queued", "running"))
        return connection.execute(select(func.count()).select_from(jobs).where(is_open)).scalar_one()


def _busy(engine: Engine) -> set[int]:
    """The processes that have a job in hand."""
    with reading(engine) as connection:
        names = connection.execute(select(jobs.c.worker).where(jobs.c.state == "running")).scalars()
        return {int(name.rsplit("-", 2)[1]) for name in names}


def _outcome(engine: Engine, wanted: set[str], n_kills: int, seconds: float) -> Outcome:
    with reading(engine) as connection:
        rows = connection.execute(select(jobs.c.id, jobs.c.state, jobs.c.error_code)).all()
        results = collections.Counter(connection.execute(select(documents.c.job_id)).scalars())
        n_webhooks = connection.execute(select(func.count()).select_from(outbox)).scalar_one()
    done = {row.id for row in rows if row.state == "done"}
    ended = {row.id for row in rows if row.state in ("done", "failed")}
    return Outcome(
        n_jobs=len(wanted),
        n_kills=n_kills,
        n_lost=len(wanted - ended) + len(done - set(results)),
        n_doubled=sum(n > 1 for n in results.values()) + len(set(results) - done),
        states=dict(collections.Counter(row.state for row in rows)),
        n_without_reason=sum(row.state == "failed" and not row.error_code for row in rows),
        n_webhooks=n_webhooks,
        seconds=seconds,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgresql", action="store_true", help="on a PostgreSQL server of its own, else on SQLite")
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=4)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        url = f"sqlite:///{Path(folder) / 'minutes.db'}"
        if options.postgresql:
            url = stack.enter_context(postgresql(Path(folder)))
        settings = Settings(database=url, lease_s=2.0, poll_s=0.05)
        print(run(settings, n_jobs=options.jobs, n_workers=options.workers, every_s=2.0, seconds=0.1))


if __name__ == "__main__":
    main()
