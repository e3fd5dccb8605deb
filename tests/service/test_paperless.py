"""Paperless-ngx: its webhook in, the note and the custom fields out, against a stand-in of its API."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.callbacks import Courier
from service.database import open_database
from service.paperless import PaperlessFailed, fetch, summary_of, write_back
from service.reading import DocumentReader
from service.settings import Settings
from service.worker import Worker
from tests.pipelines import PHRASES, TEXT, PhraseTagger, minutes_of, pipeline
from tests.service.conftest import make_client


class Paperless:
    """A document with two custom fields, and what is written to it."""

    def __init__(self) -> None:
        self.notes: list[dict[str, str]] = []
        self.fields: list[dict[str, Any]] = [{"field": 9, "value": "kept"}]
        self.is_down = False
        self.tokens: set[str] = set()
        paperless = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self, status: int, content: bytes) -> None:
                paperless.tokens.add(self.headers["authorization"])
                self.send_response(503 if paperless.is_down else status)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def do_GET(self) -> None:
                found: dict[str, Any] = {
                    "/api/documents/7/": {"original_file_name": "hall.txt", "custom_fields": paperless.fields},
                    "/api/documents/7/notes/": paperless.notes,
                    "/api/custom_fields/?page_size=1000": {
                        "results": [{"id": 1, "name": "Open actions"}, {"id": 2, "name": "Meeting date"}]
                    },
                }
                if self.path == "/api/documents/7/download/?original=true":
                    self.answer(200, TEXT.encode())
                else:
                    self.answer(200 if self.path in found else 404, json.dumps(found.get(self.path)).encode())

            def body(self) -> Any:
                return json.loads(self.rfile.read(int(self.headers["content-length"])))

            def do_POST(self) -> None:
                paperless.notes.append(self.body())
                self.answer(200, b"[]")

            def do_PATCH(self) -> None:
                paperless.fields = self.body()["custom_fields"]
                self.answer(200, b"{}")

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def paperless() -> Iterator[Paperless]:
    made = Paperless()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def connected(settings: Settings, paperless: Paperless) -> Settings:
    """The settings of a service that knows the installation."""
    return settings.model_copy(update={"paperless_url": paperless.url, "paperless_token": "t0ken"})


@pytest.mark.parametrize("hook", [{"document_id": 7}, {"doc_url": "https://dms.example/documents/7/", "x": 1}])
def test_a_document_goes_in_and_its_actions_come_back(
    connected: Settings, paperless: Paperless, hook: dict[str, Any]
) -> None:
    with make_client(connected) as client:
        answer = client.post("/v1/integrations/paperless", json=hook)
        assert (answer.status_code, answer.json()["name"]) == (202, "hall.txt")
        engine = open_database(connected.database)
        with DocumentReader(connected, pipeline(PhraseTagger(PHRASES))) as reader:
            assert Worker(engine, connected, reader.read, "w").run_once()
        courier = Courier(engine, connected)
        assert courier.deliver_next()
        assert not courier.deliver_next()
        engine.dispose()
        assert client.get("/v1/actions").json()["total"] == 1
    assert paperless.fields == [
        {"field": 9, "value": "kept"},
        {"field": 1, "value": 1},
        {"field": 2, "value": None},
    ]
    (note,) = paperless.notes
    assert note["note"].splitlines()[0].startswith("Action: Ann Lee will count the chairs")
    assert "(Ann Lee; due September meeting)" in note["note"]
    assert paperless.tokens == {"Token t0ken"}


def test_writing_twice_leaves_one_note(connected: Settings, paperless: Paperless) -> None:
    payload = summary_of(7, [minutes_of(TEXT)])
    assert write_back(connected, payload)
    assert write_back(connected, payload)
    assert len(paperless.notes) == 1


def test_an_installation_that_is_down_is_told_and_tried_again(connected: Settings, paperless: Paperless) -> None:
    paperless.is_down = True
    assert not write_back(connected, summary_of(7, [minutes_of(TEXT)]))
    with pytest.raises(PaperlessFailed, match="503"):
        fetch(connected, 7)
    with make_client(connected) as client:
        answer = client.post("/v1/integrations/paperless", json={"document_id": 7})
    assert (answer.status_code, answer.json()["type"]) == (502, "urn:minutes:problem:upstream-failed")


def test_a_document_that_is_too_large(connected: Settings) -> None:
    with pytest.raises(PaperlessFailed, match="too large"):
        fetch(connected.model_copy(update={"max_body_bytes": 10}), 7)


def test_an_installation_that_is_not_there(settings: Settings) -> None:
    with pytest.raises(PaperlessFailed):
        fetch(settings.model_copy(update={"paperless_url": "http://127.0.0.1:9"}), 7)


@pytest.mark.parametrize("hook", [{}, {"document_id": 0}, {"doc_url": "https://dms.example/"}, {"document_id": "x"}])
def test_a_hook_without_document(client: TestClient, hook: dict[str, Any]) -> None:
    assert client.post("/v1/integrations/paperless", json=hook).status_code == 422


def test_a_service_that_knows_no_installation(client: TestClient) -> None:
    answer = client.post("/v1/integrations/paperless", json={"document_id": 7})
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:minutes:problem:not-set-up")
