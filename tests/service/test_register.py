"""Jobs by the API, the worker that does them, and the register that they fill."""

import threading
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from extractor.errors import EncryptedFile, LimitExceeded
from extractor.schema import Minutes
from extractor.tagger import Report
from service.access import create_key, revoke_key
from service.database import open_database, writing
from service.reading import DocumentReader, ReadingOptions
from service.settings import Settings
from service.worker import Worker
from tests.pipelines import PHRASES, TEXT, PhraseTagger, pipeline
from tests.service.conftest import make_client


def work(settings: Settings) -> None:
    """Do all jobs that wait."""
    engine = open_database(settings.database)
    with DocumentReader(settings, pipeline(PhraseTagger(PHRASES))) as reader:
        worker = Worker(engine, settings, reader.read, "w")
        while worker.run_once():
            pass
    engine.dispose()


def test_a_job_from_its_beginning_to_its_removal(client: TestClient, settings: Settings) -> None:
    answer = client.post("/v1/jobs", files={"file": ("hall.txt", TEXT.encode())})
    assert answer.status_code == 202
    address = answer.headers["location"]
    assert address == f"/v1/jobs/{answer.json()['id']}"
    assert client.get(address).json()["state"] == "queued"
    early = client.get(f"{address}/result")
    assert (early.status_code, early.json()["type"]) == (409, "urn:minutes:problem:not-finished")
    work(settings)
    job = client.get(address).json()
    assert (job["state"], job["progress"], job["error"]) == ("done", 1.0, None)
    found = client.get(f"{address}/result").json()
    direct = client.post("/v1/extract", files={"file": ("hall.txt", TEXT.encode())}).json()
    assert found == direct
    assert client.get(f"{address}/result?format=csv").text.count("Ann Lee") >= 1
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404
    assert client.delete(address).status_code == 404
    assert client.get("/v1/documents").json()["total"] == 0


def test_the_same_key_gives_the_same_job(client: TestClient) -> None:
    def add(text: str, key: str) -> tuple[int, str]:
        answer = client.post("/v1/jobs", json={"text": text}, headers={"Idempotency-Key": key})
        return answer.status_code, answer.json().get("id") or answer.json()["type"]

    status, job_id = add(TEXT, "k1")
    assert (status, add(TEXT, "k1")) == (202, (202, job_id))
    assert add("another text", "k1") == (409, "urn:minutes:problem:idempotency-key-reused")
    assert add(TEXT, "k2")[1] != job_id


def test_a_full_queue_is_told(settings: Settings) -> None:
    with make_client(settings.model_copy(update={"max_queued_jobs": 1})) as client:
        assert client.post("/v1/jobs", json={"text": TEXT}).status_code == 202
        answer = client.post("/v1/jobs", json={"text": TEXT})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


def test_a_document_that_cannot_be_read_is_a_failed_job(client: TestClient, settings: Settings) -> None:
    address = client.post("/v1/jobs", files={"file": ("a.pdf", b"%PDF-1.4 broken")}).headers["location"]
    work(settings)
    job = client.get(address).json()
    assert (job["state"], job["error"]["code"], job["attempts"]) == ("failed", "corrupt-document", 1)
    answer = client.get(f"{address}/result")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:minutes:problem:job-failed")


@pytest.mark.parametrize(
    ("error", "code", "attempts"),
    [
        (LimitExceeded("too much memory"), "limit-exceeded", 2),
        (EncryptedFile("a password"), "encrypted-document", 1),
        (RuntimeError("Ann Lee said"), "internal-error", 1),
    ],
)
def test_what_may_be_chance_is_tried_again(
    client: TestClient, settings: Settings, error: Exception, code: str, attempts: int
) -> None:
    def read(data: bytes, name: str, options: ReadingOptions, report: Report | None = None) -> list[Minutes]:
        raise error

    address = client.post("/v1/jobs", json={"text": TEXT}).headers["location"]
    engine = open_database(settings.database)
    worker = Worker(engine, settings, read, "w")
    while worker.run_once():
        pass
    engine.dispose()
    job = client.get(address).json()
    assert (job["state"], job["error"]["code"], job["attempts"]) == ("failed", code, attempts)
    assert "Ann Lee" not in str(job)


def test_a_slow_document_keeps_its_lease(client: TestClient, settings: Settings) -> None:
    quick = settings.model_copy(update={"lease_s": 0.4})
    started, go_on = threading.Event(), threading.Event()

    def read(data: bytes, name: str, options: ReadingOptions, report: Report | None = None) -> list[Minutes]:
        assert report is not None
        report(0.5)
        started.set()
        go_on.wait(20)
        return []

    address = client.post("/v1/jobs", json={"text": TEXT}).headers["location"]
    engine = open_database(settings.database)
    first = threading.Thread(target=Worker(engine, quick, read, "one").run_once)
    first.start()
    started.wait(20)
    threading.Event().wait(1.0)
    assert not Worker(engine, quick, read, "two").run_once()
    assert client.get(address).json()["progress"] == 0.5
    go_on.set()
    first.join()
    assert client.get(address).json()["progress"] == 1.0
    engine.dispose()


@pytest.fixture
def filled(client: TestClient, settings: Settings) -> TestClient:
    """An API with the records of two meetings."""
    march = TEXT.replace("Hall Committee", "Hall Committee, 3 March 2021")
    for name, text in (("march.txt", march), ("hall.txt", TEXT)):
        client.post("/v1/jobs", json={"text": text, "name": name})
    work(settings)
    return client


def test_the_register_lists_filters_and_pages(filled: TestClient) -> None:
    listed = filled.get("/v1/documents?sort=name").json()
    assert (listed["total"], [row["name"] for row in listed["items"]]) == (2, ["hall.txt", "march.txt"])
    assert "record" not in listed["items"][0]
    page = filled.get("/v1/documents?sort=name&limit=1&offset=1").json()
    assert (page["total"], [row["name"] for row in page["items"]]) == (2, ["march.txt"])
    record = filled.get(f"/v1/documents/{listed['items'][0]['id']}").json()
    assert record["schema"] == "minutes/1"
    assert record["text"] == TEXT.rstrip()


@pytest.mark.parametrize(
    ("query", "total"),
    [
        ("actions", 2),
        ("actions?owner=ann", 2),
        ("actions?owner=treasurer", 2),
        ("actions?owner=nobody", 0),
        ("actions?owner=%25", 0),
        ("actions?status=done", 0),
        ("actions?status=open", 2),
        ("actions?due_before=2021-10", 1),
        ("actions?due_before=2021-09", 0),
        ("actions?body=hall", 2),
        ("metrics?indicator=chairs", 0),
        ("metrics", 2),
        ("people?name=LEE", 2),
        ("people?sort=-meeting_date", 2),
        ("documents?since=2021-03&until=2021-03", 1),
        ("documents?since=2021-04", 0),
    ],
)
def test_filters(filled: TestClient, query: str, total: int) -> None:
    answer = filled.get(f"/v1/{query}")
    assert answer.status_code == 200
    assert answer.json()["total"] == total


def test_rows_hold_lists_and_their_document(filled: TestClient) -> None:
    rows = filled.get("/v1/actions?sort=-meeting_date").json()["items"]
    assert [row["document_name"] for row in rows] == ["march.txt", "hall.txt"]
    assert rows[0]["owners"] == ["Ann Lee"]
    assert (rows[0]["due_text"], rows[0]["due_date"]) == ("September meeting", "2021-09")
    assert filled.get("/v1/people").json()["items"][0]["roles"] == ["Treasurer"]


def test_keys_and_scopes(settings: Settings) -> None:
    closed = settings.model_copy(update={"require_keys": True})
    with make_client(closed) as client:
        engine: Engine = client.app.state.minutes.engine  # type: ignore[attr-defined]
        with writing(engine) as connection:
            made = {scope: create_key(connection, scope, [scope]) for scope in ("read", "write", "admin")}
        bearer = {scope: {"Authorization": f"Bearer {secret}"} for scope, (_, secret) in made.items()}
        assert client.get("/v1/actions").status_code == 401
        assert client.get("/v1/actions", headers={"Authorization": "Bearer minutes_wrong"}).status_code == 401
        assert client.get("/v1/actions", headers=bearer["read"]).status_code == 200
        assert client.get("/v1/actions", headers={"X-API-Key": made["read"][1]}).status_code == 200
        refused = client.post("/v1/jobs", json={"text": TEXT}, headers=bearer["read"])
        assert (refused.status_code, refused.json()["type"]) == (403, "urn:minutes:problem:forbidden")
        added = client.post("/v1/jobs", json={"text": TEXT}, headers=bearer["write"])
        assert added.status_code == 202
        assert client.delete(added.headers["location"], headers=bearer["write"]).status_code == 403
        assert client.delete(added.headers["location"], headers=bearer["admin"]).status_code == 204
        with writing(engine) as connection:
            assert revoke_key(connection, made["read"][0])
            assert not revoke_key(connection, made["read"][0])
        assert client.get("/v1/actions", headers=bearer["read"]).status_code == 401
        assert client.get("/healthz").status_code == 200


def test_secrets_are_not_stored(settings: Settings, tmp_path: Path) -> None:
    with make_client(settings) as client, writing(client.app.state.minutes.engine) as connection:  # type: ignore[attr-defined]
        _, secret = create_key(connection, "dms", ["read"])
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert b"dms" in stored
    assert secret.encode() not in stored


def test_too_many_requests(settings: Settings) -> None:
    with make_client(settings.model_copy(update={"require_keys": True, "requests_per_minute": 3})) as client:
        with writing(client.app.state.minutes.engine) as connection:  # type: ignore[attr-defined]
            _, secret = create_key(connection, "dms", ["read"])
        headers = {"Authorization": f"Bearer {secret}"}
        answers = [client.get("/v1/actions", headers=headers) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert int(answers[-1].headers["retry-after"]) >= 1


def test_nothing_of_a_document_stays_behind(client: TestClient, settings: Settings, tmp_path: Path) -> None:
    canary = "Zephyrine Quillfeather"
    address = client.post("/v1/jobs", json={"text": TEXT.replace("Ann Lee", canary)}).headers["location"]
    work(settings)

    def files() -> bytes:
        return b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())

    assert canary.encode() in files()
    assert client.delete(address).status_code == 204
    assert canary.encode() not in files()
