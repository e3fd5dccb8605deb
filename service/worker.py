"""A worker: takes jobs off the queue one after the other, and keeps their leases while it reads."""

import os
import socket
import threading
import time
import uuid
from dataclasses import dataclass
from typing import Final, Protocol, Self

import structlog
from sqlalchemy import Engine

from extractor.errors import ExtractorError, LimitExceeded, ReaderDied
from extractor.schema import Minutes
from extractor.tagger import Report
from service.database import writing
from service.errors import INTERNAL, kind_of
from service.jobs import Claim, add_message, claim_job, fail_job, finish_job, release_job, renew_lease
from service.paperless import PAPERLESS, summary_of
from service.reading import ReadingOptions
from service.settings import Settings
from service.store import save_document

RENEWALS: Final = 4
"""In the time of a lease."""
PROGRESS_S: Final = 2.0
"""How soon the progress of a job is written down, if it has changed."""


class Read(Protocol):
    """Turns the bytes of a document into records."""

    def __call__(self, data: bytes, name: str, options: ReadingOptions, report: Report | None = None) -> list[Minutes]:
        """As `DocumentReader.read`."""
        ...


log = structlog.get_logger("minutes.worker")


def worker_name() -> str:
    """A name for the logs that no other worker has."""
    return f"{socket.gethostname()[:40]}-{os.getpid()}-{uuid.uuid4().hex[:6]}"


@dataclass(frozen=True, slots=True)
class Worker:
    """Reads jobs by `read` until told to stop."""

    engine: Engine
    settings: Settings
    read: Read
    name: str

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set; the job at hand is ended first."""
        while not stop.is_set():
            if not self.run_once():
                stop.wait(self.settings.poll_s)

    def run_once(self) -> bool:
        """Do one job; False if there was none."""
        with writing(self.engine) as connection:
            claim = claim_job(connection, self.name, lease_s=self.settings.lease_s)
        if claim is None:
            return False
        log.info("job claimed", job=claim.id, attempt=claim.attempts, worker=self.name)
        with Lease(self.engine, claim, self.settings.lease_s) as lease:
            self._do(claim, lease)
        return True

    def _do(self, claim: Claim, lease: "Lease") -> None:
        try:
            records = self.read(claim.body, claim.name, ReadingOptions.of(claim.options), lease.report)
        except (LimitExceeded, ReaderDied) as error:
            if claim.attempts < claim.max_attempts:
                self._give_back(claim)
            else:
                self._fail(claim, kind_of(error).code, str(error))
        except ExtractorError as error:
            self._fail(claim, kind_of(error).code, str(error))
        except Exception as error:  # a fault in one document must not stop the others
            self._fail(claim, INTERNAL.code, type(error).__name__)
        else:
            self._finish(claim, records)

    def _finish(self, claim: Claim, records: list[Minutes]) -> None:
        with writing(self.engine) as connection:
            if not finish_job(connection, claim.id, claim.fence):
                log.warning("lease lost", job=claim.id, worker=self.name)
                return
            for part, minutes in enumerate(records):
                save_document(connection, claim.id, part, minutes)
            paperless_id = claim.options.get("paperless_id")
            if paperless_id is not None and self.settings.paperless_url:
                payload = summary_of(paperless_id, records)
                add_message(connection, claim.id, PAPERLESS, self.settings.paperless_url, payload)
        log.info("job done", job=claim.id, documents=len(records), worker=self.name)

    def _fail(self, claim: Claim, code: str, detail: str) -> None:
        with writing(self.engine) as connection:
            fail_job(connection, claim.id, claim.fence, code, detail)
        log.warning("job failed", job=claim.id, code=code, worker=self.name)

    def _give_back(self, claim: Claim) -> None:
        """Back into the queue with one attempt fewer."""
        with writing(self.engine) as connection:
            release_job(connection, claim)
        log.warning("job given back", job=claim.id, attempt=claim.attempts, worker=self.name)


class Lease:
    """Renews the lease of a job and writes its progress by a thread of its own, as long as `with` lasts."""

    def __init__(self, engine: Engine, claim: Claim, lease_s: float) -> None:
        self._engine, self._claim, self._lease_s = engine, claim, lease_s
        self._ended = threading.Event()
        self._progress = self._written = 0.0
        self._thread = threading.Thread(target=self._renew, name="lease", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def report(self, share: float) -> None:
        """How much of the job is done; written down soon."""
        self._progress = share

    def _renew(self) -> None:
        renewed = time.monotonic()
        while not self._ended.wait(min(PROGRESS_S, self._lease_s / RENEWALS)):
            progress, now = self._progress, time.monotonic()
            if progress == self._written and now - renewed < self._lease_s / RENEWALS:
                continue
            with writing(self._engine) as connection:
                if not renew_lease(connection, self._claim, lease_s=self._lease_s, progress=progress):
                    return
            renewed, self._written = now, progress
