"""The queue of jobs: a table with leases, in which any number of workers on any number of machines share.

A claim gives a worker the job until `lease_until`; a heartbeat moves that on. The fence counts the claims: what a
worker writes counts only while the fence is the one that it was given, so that a worker which was taken for dead
cannot write a second result. The result, the state and the webhook are written in one transaction.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, and_, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from service.database import clock, writing
from service.tables import documents, idempotency, jobs, outbox

ALMOST_DONE: Final = 0.99
"""The highest progress of a job that is not done."""
QUEUED: Final = "queued"
RUNNING: Final = "running"
DONE: Final = "done"
FAILED: Final = "failed"
WEBHOOK: Final = "webhook"
DIED: Final = "worker-died"
"""Error code of a job whose worker died in each attempt."""


class KeyReused(Exception):
    """An idempotency key that stands for another request."""


@dataclass(frozen=True, slots=True)
class NewJob:
    """What is to be read."""

    name: str
    body: bytes
    body_sha256: str
    options: Mapping[str, Any]
    callback_url: str | None = None
    key_id: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A job in the hands of a worker; times are seconds since 1970."""

    id: str
    fence: int
    attempts: int
    max_attempts: int
    name: str
    body: bytes
    options: dict[str, Any]


@dataclass(frozen=True, slots=True)
class JobState:
    """What the caller sees of a job; times are seconds since 1970, `progress` is between 0 and 1."""

    id: str
    state: str
    name: str
    progress: float
    attempts: int
    created_at: float
    started_at: float | None
    ended_at: float | None
    error_code: str | None
    error_detail: str | None


_STATE_COLUMNS: Final = tuple(jobs.c[name] for name in JobState.__dataclass_fields__)


def new_id() -> str:
    """A random identifier."""
    return uuid.uuid4().hex


def add_job(connection: Connection, job: NewJob, *, max_attempts: int) -> str:
    """Put a job at the end of the queue; its id."""
    job_id = new_id()
    connection.execute(
        insert(jobs).values(
            id=job_id,
            key_id=job.key_id,
            state=QUEUED,
            name=job.name,
            body=job.body,
            body_sha256=job.body_sha256,
            options=json.dumps(dict(job.options)),
            callback_url=job.callback_url,
            created_at=clock(),
            progress=0.0,
            attempts=0,
            max_attempts=max_attempts,
            fence=0,
        )
    )
    return job_id


def count_queued(connection: Connection) -> int:
    """How many jobs wait or run."""
    counted = select(func.count()).select_from(jobs).where(jobs.c.state.in_((QUEUED, RUNNING)))
    return connection.execute(counted).scalar_one()


def claim_job(connection: Connection, worker: str, *, lease_s: float) -> Claim | None:
    """Take the oldest job that waits, or whose worker is gone; None if there is none."""
    bury_dead(connection)
    is_free = or_(jobs.c.state == QUEUED, and_(jobs.c.state == RUNNING, jobs.c.lease_until < clock()))
    oldest = (
        select(jobs.c.id).where(is_free).order_by(jobs.c.created_at).limit(1).with_for_update(skip_locked=True)
    ).scalar_subquery()
    taken = connection.execute(
        update(jobs)
        .where(jobs.c.id == oldest)
        .values(
            state=RUNNING,
            worker=worker,
            fence=jobs.c.fence + 1,
            attempts=jobs.c.attempts + 1,
            started_at=clock(),
            lease_until=clock() + lease_s,
        )
        .returning(*(jobs.c[name] for name in Claim.__dataclass_fields__))
    ).one_or_none()
    if taken is None:
        return None
    return Claim(**{**taken._mapping, "options": json.loads(taken.options)})


def bury_dead(connection: Connection) -> None:
    """Fail the jobs whose worker is gone and that have used up their attempts."""
    is_dead = and_(jobs.c.state == RUNNING, jobs.c.lease_until < clock(), jobs.c.attempts >= jobs.c.max_attempts)
    dead = select(jobs.c.id, jobs.c.fence).where(is_dead).with_for_update(skip_locked=True)
    for job_id, fence in connection.execute(dead).all():
        fail_job(connection, job_id, fence, DIED, "reading it ended the worker in each attempt")


def renew_lease(connection: Connection, claim: Claim, *, lease_s: float, progress: float = 0.0) -> bool:
    """Keep the job for another lease, and say how far it is; False if it was given to somebody else or removed."""
    renewed = connection.execute(
        update(jobs)
        .where(_is_held(claim.id, claim.fence))
        .values(lease_until=clock() + lease_s, progress=min(progress, ALMOST_DONE))
    )
    return renewed.rowcount == 1


def finish_job(connection: Connection, job_id: str, fence: int) -> bool:
    """Mark the job done; False, and nothing else may be written, if the lease was lost."""
    return _end_job(connection, job_id, fence, {"state": DONE, "progress": 1.0})


def fail_job(connection: Connection, job_id: str, fence: int, code: str, detail: str | None) -> bool:
    """Mark the job failed for a reason that shows nothing of the document; False if the lease was lost."""
    return _end_job(connection, job_id, fence, {"state": FAILED, "error_code": code, "error_detail": detail})


def release_job(connection: Connection, claim: Claim) -> None:
    """Put the job back into the queue; the attempt counts."""
    connection.execute(
        update(jobs)
        .where(_is_held(claim.id, claim.fence))
        .values(state=QUEUED, lease_until=None, worker=None, progress=0.0)
    )


def _is_held(job_id: str, fence: int) -> Any:
    return and_(jobs.c.id == job_id, jobs.c.fence == fence, jobs.c.state == RUNNING)


def _end_job(connection: Connection, job_id: str, fence: int, values: Mapping[str, Any]) -> bool:
    ended = connection.execute(
        update(jobs)
        .where(_is_held(job_id, fence))
        .values(ended_at=clock(), lease_until=None, body=None, **values)
        .returning(jobs.c.callback_url)
    ).one_or_none()
    if ended is None:
        return False
    if ended.callback_url is not None:
        _announce(connection, job_id, ended.callback_url)
    return True


def _announce(connection: Connection, job_id: str, url: str) -> None:
    """Write the webhook beside the end of the job; it carries the state, not the result."""
    state = find_job(connection, job_id)
    assert state is not None
    payload = {
        "type": f"job.{state.state}",
        "timestamp": datetime.now(UTC).isoformat(timespec="seconds"),
        "data": {"id": job_id, "state": state.state, "name": state.name, "error": state.error_code},
    }
    add_message(connection, job_id, WEBHOOK, url, payload)


def add_message(connection: Connection, job_id: str, kind: str, url: str, payload: Mapping[str, Any]) -> None:
    """Write what is to be delivered, beside what it tells of."""
    connection.execute(
        insert(outbox).values(
            id=f"msg_{new_id()}",
            job_id=job_id,
            kind=kind,
            url=url,
            payload=json.dumps(payload, separators=(",", ":")),
            attempts=0,
            next_at=clock(),
            given_up=False,
        )
    )


def find_job(connection: Connection, job_id: str) -> JobState | None:
    """The state of a job, or None if there is none of that id."""
    row: Row[Any] | None = connection.execute(select(*_STATE_COLUMNS).where(jobs.c.id == job_id)).one_or_none()
    return None if row is None else JobState(**row._mapping)


def remove_job(connection: Connection, job_id: str) -> bool:
    """Remove a job with its result, its webhook and its idempotency key; False if there is none of that id."""
    for table in (outbox, idempotency):
        connection.execute(delete(table).where(table.c.job_id == job_id))
    connection.execute(delete(documents).where(documents.c.job_id == job_id))
    return connection.execute(delete(jobs).where(jobs.c.id == job_id)).rowcount == 1


def add_once(engine: Engine, job: NewJob, key: str, *, max_attempts: int, max_age_s: float) -> str:
    """The id of the job that an idempotency key stands for; the job is added if there is none.

    Raises:
        KeyReused: the key stands for another request.
    """
    try:
        return _find_or_add(engine, job, key, max_attempts, max_age_s)
    except IntegrityError:  # somebody else used the key in the same moment
        return _find_or_add(engine, job, key, max_attempts, max_age_s)


def _find_or_add(engine: Engine, job: NewJob, key: str, max_attempts: int, max_age_s: float) -> str:
    with writing(engine) as connection:
        known = find_key(connection, job.key_id, key, max_age_s=max_age_s)
        if known is None:
            job_id = add_job(connection, job, max_attempts=max_attempts)
            remember_key(connection, job_id, job, key)
            return job_id
    job_id, request_sha256 = known
    if request_sha256 != job.body_sha256:
        raise KeyReused
    return job_id


def remember_key(connection: Connection, job_id: str, job: NewJob, value: str) -> None:
    """Tie an idempotency key to the job."""
    connection.execute(
        insert(idempotency).values(
            key_id=job.key_id or "", value=value, request_sha256=job.body_sha256, job_id=job_id, created_at=clock()
        )
    )


def find_key(connection: Connection, key_id: str | None, value: str, *, max_age_s: float) -> tuple[str, str] | None:
    """(job id, SHA-256 of the request) that the idempotency key stands for; older ones are forgotten."""
    connection.execute(delete(idempotency).where(idempotency.c.created_at < clock() - max_age_s))
    found = connection.execute(
        select(idempotency.c.job_id, idempotency.c.request_sha256).where(
            idempotency.c.key_id == (key_id or ""), idempotency.c.value == value
        )
    ).one_or_none()
    return None if found is None else (found.job_id, found.request_sha256)
