"""The queue: leases, fences, attempts, webhooks in the same transaction, on both databases."""

import threading
import time
from dataclasses import replace

import pytest
from sqlalchemy import Engine, func, select

from extractor.schema import Minutes
from service.database import reading, writing
from service.jobs import (
    Claim,
    JobState,
    KeyReused,
    NewJob,
    add_job,
    add_once,
    claim_job,
    count_queued,
    fail_job,
    find_job,
    find_key,
    finish_job,
    release_job,
    remember_key,
    remove_job,
    renew_lease,
)
from service.store import records_of_job, save_document
from service.tables import documents, jobs, outbox
from tests.pipelines import TEXT, minutes_of

JOB = NewJob("board.txt", b"text", "0" * 64, {"encoding": None}, "https://dms.example/hook", None)


def add(engine: Engine, job: NewJob = JOB, max_attempts: int = 2) -> str:
    with writing(engine) as connection:
        return add_job(connection, job, max_attempts=max_attempts)


def claim(engine: Engine, lease_s: float = 60.0) -> Claim | None:
    with writing(engine) as connection:
        return claim_job(connection, "w", lease_s=lease_s)


def claimed(engine: Engine, lease_s: float = 60.0) -> Claim:
    found = claim(engine, lease_s)
    assert found is not None
    return found


def state(engine: Engine, job_id: str) -> JobState:
    with reading(engine) as connection:
        found = find_job(connection, job_id)
    assert found is not None
    return found


def n_messages(engine: Engine) -> int:
    with reading(engine) as connection:
        return connection.execute(select(func.count()).select_from(outbox)).scalar_one()


def test_jobs_are_claimed_in_order_and_once(engine: Engine) -> None:
    first, second = add(engine), add(engine)
    assert [claimed(engine).id, claimed(engine).id] == [first, second]
    assert claim(engine) is None
    assert state(engine, first).state == "running"
    with reading(engine) as connection:
        assert count_queued(connection) == 2


def test_a_claim_holds_what_is_to_be_read(engine: Engine) -> None:
    add(engine, max_attempts=5)
    found = claimed(engine)
    assert (found.name, found.body, found.options) == ("board.txt", b"text", {"encoding": None})
    assert (found.fence, found.attempts, found.max_attempts) == (1, 1, 5)


def test_the_result_the_state_and_the_webhook_are_one_transaction(engine: Engine) -> None:
    job_id = add(engine)
    found = claimed(engine)

    def end_and_die() -> None:
        with writing(engine) as connection:
            assert finish_job(connection, job_id, found.fence)
            save_document(connection, job_id, 0, minutes_of(TEXT))
            raise SystemExit

    with pytest.raises(SystemExit):
        end_and_die()
    assert (state(engine, job_id).state, n_messages(engine)) == ("running", 0)
    with writing(engine) as connection:
        assert finish_job(connection, job_id, found.fence)
        save_document(connection, job_id, 0, minutes_of(TEXT))
    ended = state(engine, job_id)
    assert (ended.state, ended.progress, n_messages(engine)) == ("done", 1.0, 1)
    with reading(engine) as connection:
        (record,) = records_of_job(connection, job_id)
        assert connection.execute(select(jobs.c.body)).scalar_one() is None
    assert Minutes.model_validate_json(record) == minutes_of(TEXT)


def test_a_lost_lease_gives_the_job_to_another_and_shuts_out_the_first(engine: Engine) -> None:
    job_id = add(engine)
    first = claimed(engine, lease_s=-1.0)
    second = claimed(engine)
    assert (second.id, second.fence, second.attempts) == (job_id, 2, 2)
    with writing(engine) as connection:
        assert not renew_lease(connection, first, lease_s=60.0)
        assert not finish_job(connection, job_id, first.fence)
        assert not fail_job(connection, job_id, first.fence, "late", None)
        assert finish_job(connection, job_id, second.fence)
    assert n_messages(engine) == 1


def test_a_renewed_lease_is_kept(engine: Engine) -> None:
    add(engine)
    found = claimed(engine, lease_s=0.2)
    with writing(engine) as connection:
        assert renew_lease(connection, found, lease_s=60.0)
    time.sleep(0.3)
    assert claim(engine) is None


def test_a_job_whose_worker_died_in_each_attempt_has_failed(engine: Engine) -> None:
    job_id = add(engine)
    claimed(engine, lease_s=-1.0)
    claimed(engine, lease_s=-1.0)
    assert claim(engine) is None
    ended = state(engine, job_id)
    assert (ended.state, ended.error_code, ended.attempts) == ("failed", "worker-died", 2)
    assert n_messages(engine) == 1


def test_a_job_given_back_is_next_and_the_attempt_counts(engine: Engine) -> None:
    add(engine)
    found = claimed(engine)
    with writing(engine) as connection:
        release_job(connection, found)
    assert claimed(engine).attempts == 2


def test_a_job_without_callback_sends_nothing(engine: Engine) -> None:
    job_id = add(engine, replace(JOB, callback_url=None))
    with writing(engine) as connection:
        assert not fail_job(connection, job_id, 0, "early", None)
    found = claimed(engine)
    with writing(engine) as connection:
        assert fail_job(connection, job_id, found.fence, "corrupt-document", "broken")
    assert n_messages(engine) == 0


def test_removing_a_job_removes_all_of_it(engine: Engine) -> None:
    job_id = add(engine)
    found = claimed(engine)
    with writing(engine) as connection:
        remember_key(connection, job_id, JOB, "k")
        finish_job(connection, job_id, found.fence)
        save_document(connection, job_id, 0, minutes_of(TEXT))
    with writing(engine) as connection:
        assert remove_job(connection, job_id)
        assert not remove_job(connection, job_id)
        for table in (jobs, outbox, documents):
            assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 0
        assert find_key(connection, None, "k", max_age_s=60.0) is None


def test_idempotency_keys_belong_to_their_caller_and_grow_old(engine: Engine) -> None:
    job = replace(JOB, key_id="alice")
    job_id = add(engine, job)
    with writing(engine) as connection:
        remember_key(connection, job_id, job, "k")
        assert find_key(connection, "alice", "k", max_age_s=60.0) == (job_id, job.body_sha256)
        assert find_key(connection, "bob", "k", max_age_s=60.0) is None
        assert find_key(connection, "alice", "k", max_age_s=-1.0) is None


def test_the_same_key_at_the_same_time_is_one_job(engine: Engine) -> None:
    found: list[str] = []

    def add_one() -> None:
        found.append(add_once(engine, JOB, "k", max_attempts=2, max_age_s=60.0))

    threads = [threading.Thread(target=add_one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    with reading(engine) as connection:
        assert count_queued(connection) == 1
    with pytest.raises(KeyReused):
        add_once(engine, replace(JOB, body_sha256="1" * 64), "k", max_attempts=2, max_age_s=60.0)


def test_many_workers_never_get_the_same_job(engine: Engine) -> None:
    wanted = {add(engine) for _ in range(40)}
    taken: list[str] = []

    def work() -> None:
        while (found := claim(engine)) is not None:
            taken.append(found.id)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 40
    assert set(taken) == wanted
