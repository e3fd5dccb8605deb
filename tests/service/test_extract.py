"""Reading while the caller waits: forms of request and answer, and what is refused."""

import csv
import io
import json

import pytest
from fastapi.testclient import TestClient
from icalendar import Calendar
from openpyxl import load_workbook

from extractor.schema import Minutes
from service.app import create_app
from service.reading import DocumentReader
from service.settings import Settings
from tests.pipelines import TEXT, BrokenTagger, minutes_of, pipeline
from tests.service.conftest import make_client


def test_a_text_as_json_gives_the_record_of_the_command(client: TestClient) -> None:
    answer = client.post("/v1/extract", json={"text": TEXT, "name": "text"})
    assert answer.status_code == 200
    found = Minutes.model_validate(answer.json())
    wanted = minutes_of(TEXT.rstrip())
    assert found.model_copy(update={"source": wanted.source}) == wanted
    assert found.text is not None
    assert all(found.text[span.start : span.end] == span.text for span in found.spans)


def test_a_file_gives_the_record_of_the_command(client: TestClient) -> None:
    answer = client.post("/v1/extract", files={"file": ("../../etc/hall.txt", TEXT.encode())})
    found = Minutes.model_validate(answer.json())
    assert (answer.status_code, found.source.name) == (200, "hall.txt")
    assert [action.text for action in found.actions] == [action.text for action in minutes_of(TEXT).actions]


def test_the_text_can_be_left_out(client: TestClient) -> None:
    answer = client.post("/v1/extract?include_text=false", json={"text": TEXT})
    assert answer.json()["text"] is None


@pytest.mark.parametrize("date", ["2021-06-07", "2021-06"])
def test_the_date_of_the_meeting_can_be_given(client: TestClient, date: str) -> None:
    by_text = client.post("/v1/extract", json={"text": TEXT, "meeting_date": date}).json()
    by_file = client.post(f"/v1/extract?meeting_date={date}", files={"file": ("a.txt", TEXT.encode())}).json()
    for record in (by_text, by_file):
        assert record["meeting"]["date"] == date
        assert record["actions"][0]["due"]["date"] == "2021-09"
    dated = TEXT.replace("Hall Committee", "Hall Committee, 3 March 2020")
    said = client.post("/v1/extract", json={"text": dated, "meeting_date": date}).json()
    assert said["meeting"]["date"] == "2020-03-03"


@pytest.mark.parametrize("date", ["2021-02-30", "June", "20210607"])
def test_a_date_that_is_none(client: TestClient, date: str) -> None:
    assert client.post("/v1/extract", json={"text": TEXT, "meeting_date": date}).status_code == 422
    files = {"file": ("a.txt", TEXT.encode())}
    assert client.post(f"/v1/extract?meeting_date={date}", files=files).status_code == 422


def test_the_unsure_can_be_left_out(client: TestClient) -> None:
    answer = client.post("/v1/extract?min_confidence=0.95", json={"text": TEXT})
    found = Minutes.model_validate(answer.json())
    assert (found.actions, found.decisions, found.metrics) == ([], [], [])
    assert found.attendance
    assert {row.span for row in found.attendance} <= {span.id for span in found.spans}


def test_offsets_count_utf16_units_on_request(client: TestClient) -> None:
    text = "\U0001f44d Hall Committee\n\nPresent: Ann Lee (Treasurer)\n"
    points, units = (
        client.post(f"/v1/extract?offset_unit={unit}", json={"text": text}).json() for unit in ("codepoint", "utf16")
    )
    wide = units["text"].encode("utf-16-le")
    assert [span["start"] + 1 for span in points["spans"]] == [span["start"] for span in units["spans"]]
    for span in units["spans"]:
        assert wide[2 * span["start"] : 2 * span["end"]].decode("utf-16-le") == span["text"]


def test_tables_and_calendars(client: TestClient) -> None:
    table = client.post("/v1/extract?format=csv", json={"text": TEXT})
    rows = list(csv.DictReader(io.StringIO(table.text.removeprefix("\ufeff"))))
    assert [row["Owner"] for row in rows] == ["Ann Lee"]
    book = load_workbook(io.BytesIO(client.post("/v1/extract?format=xlsx", json={"text": TEXT}).content))
    assert book.sheetnames == ["Actions", "Decisions", "Metrics", "Attendance"]
    assert [cell.value for cell in book["Actions"][2]][4] == rows[0]["Action"]
    calendar = Calendar.from_ical(client.post("/v1/extract?format=ics", json={"text": TEXT}).content)
    (todo,) = calendar.walk("VTODO")
    assert str(todo["summary"]) == rows[0]["Action"]
    page = client.post("/v1/extract?format=html", json={"text": TEXT})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<mark" in page.text or "<span" in page.text


def test_bulk_gives_each_its_result_or_problem(client: TestClient) -> None:
    files = [("file", ("a.txt", TEXT.encode())), ("file", ("b.pdf", b"%PDF-1.7 broken")), ("file", ("c.txt", b""))]
    results = client.post("/v1/extract/bulk", files=files).json()["results"]
    assert [(row["name"], row["status"]) for row in results] == [
        ("a.txt", "ok"),
        ("b.pdf", "error"),
        ("c.txt", "error"),
    ]
    assert results[1]["problem"]["type"] == "urn:minutes:problem:corrupt-document"
    items = [{"text": TEXT, "name": "one"}, {"text": TEXT, "name": "two"}]
    texts = client.post("/v1/extract/bulk", json={"items": items}).json()["results"]
    assert [row["documents"][0]["source"]["name"] for row in texts] == ["one", "two"]


CANARY = "Zephyrine Quillfeather"


@pytest.mark.parametrize(
    ("status", "code", "request_body"),
    [
        (400, "malformed-request", {"content": b"{", "headers": {"content-type": "application/json"}}),
        (400, "malformed-request", {"content": b'{"text": NaN}', "headers": {"content-type": "application/json"}}),
        (
            400,
            "malformed-request",
            {"content": b"[" * 500_000, "headers": {"content-type": "application/json"}},
        ),
        (
            400,
            "malformed-request",
            {"content": b'{"text":"a","text":"b"}', "headers": {"content-type": "application/json"}},
        ),
        (
            422,
            "invalid-request",
            {
                "content": b'{"text":"\\ud800 ' + CANARY.encode() + b'"}',
                "headers": {"content-type": "application/json"},
            },
        ),
        (422, "invalid-request", {"json": {"text": f"\0 {CANARY}"}}),
        (422, "invalid-request", {"json": {"text": CANARY, CANARY: 1}}),
        (422, "invalid-request", {"json": {"text": ""}}),
        (422, "invalid-request", {"json": [CANARY]}),
        (422, "invalid-request", {"json": {"text": 1}}),
        (415, "unsupported-media-type", {"content": CANARY.encode(), "headers": {"content-type": "text/plain"}}),
        (415, "unsupported-format", {"files": {"file": (f"{CANARY}.png", b"\x89PNG\r\n\x1a\n" + bytes(100))}}),
        (422, "empty-document", {"files": {"file": ("a.txt", b"   ")}}),
        (422, "corrupt-document", {"files": {"file": ("a.pdf", b"%PDF-1.4\n" + CANARY.encode())}}),
        (
            422,
            "invalid-request",
            {"data": {"x": CANARY}, "headers": {"content-type": "multipart/form-data; boundary=b"}},
        ),
    ],
)
def test_what_cannot_be_read_is_a_problem_without_echo(
    client: TestClient, status: int, code: str, request_body: dict[str, object]
) -> None:
    if "data" in request_body:
        request_body = {
            "content": f'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n{CANARY}\r\n--b--\r\n'.encode(),
            "headers": request_body["headers"],
        }
    answer = client.post("/v1/extract", **request_body)  # type: ignore[arg-type]
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (status, f"urn:minutes:problem:{code}")
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert CANARY not in answer.text


@pytest.mark.parametrize("query", ["min_confidence=2", "offset_unit=byte", "format=pdf", "encoding=a b", "ocr=perhaps"])
def test_a_wrong_parameter_is_a_problem(client: TestClient, query: str) -> None:
    answer = client.post(f"/v1/extract?{query}", json={"text": TEXT})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:minutes:problem:invalid-request")
    assert query.partition("=")[0] in answer.json()["detail"]


@pytest.mark.parametrize(
    ("path", "status"), [("/v2/extract", 404), ("/v1/jobs/none", 404), ("/v1/documents/none", 404)]
)
def test_unknown_addresses_are_problems(client: TestClient, path: str, status: int) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


def test_a_wrong_method_is_a_problem(client: TestClient) -> None:
    answer = client.put("/v1/extract")
    assert (answer.status_code, answer.json()["type"]) == (405, "urn:minutes:problem:method-not-allowed")
    assert answer.headers["allow"] == "POST"
    assert client.put("/v1/jobs/x").headers["allow"] == "DELETE, GET"


def test_more_than_allowed_is_refused_before_it_is_read(settings: Settings) -> None:
    small = settings.model_copy(update={"max_body_bytes": 1000, "max_json_bytes": 500})
    with make_client(small) as client:
        declared = client.post("/v1/extract", files={"file": ("a.txt", b"a" * 2000)})
        chunked = client.post(
            "/v1/extract",
            content=(b"a" * 100 for _ in range(100)),
            headers={"content-type": "multipart/form-data; boundary=b"},
        )
        texts = client.post("/v1/extract", json={"text": "a" * 600})
        fitting = client.post("/v1/extract", json={"text": TEXT})
    for answer in (declared, chunked, texts):
        assert (answer.status_code, answer.json()["type"]) == (413, "urn:minutes:problem:body-too-large")
    assert fitting.status_code == 200


def test_who_finds_no_slot_is_sent_away(settings: Settings) -> None:
    with make_client(settings.model_copy(update={"n_waiting": 0})) as client:
        slots = client.app.state.minutes.slots  # type: ignore[attr-defined]
        with slots.admitted():
            answer = client.post("/v1/extract", json={"text": TEXT})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert client.get("/healthz").status_code == 200
        assert client.post("/v1/extract", json={"text": TEXT}).status_code == 200


def test_the_api_describes_itself(client: TestClient) -> None:
    described = client.get("/openapi.json").json()
    assert {"/v1/extract", "/v1/jobs", "/v1/jobs/{job_id}", "/v1/actions", "/healthz"} <= set(described["paths"])
    for path, methods in described["paths"].items():
        for method in methods.values():
            problems = [r for code, r in method["responses"].items() if int(code) >= 400]
            is_api = path.startswith("/v1")
            assert not is_api or all("application/problem+json" in r["content"] for r in problems), path
    assert json.dumps(described).count("HTTPValidationError") == 0


def test_health_and_metrics(client: TestClient) -> None:
    client.post("/v1/extract", json={"text": TEXT, "name": CANARY})
    assert client.get("/readyz").json() == {"status": "ok", "checks": {"model": "ok", "database": "ok"}}
    shown = client.get("/metrics").text
    assert 'minutes_requests_total{method="POST",route="/v1/extract",status="200"} 1.0' in shown
    assert CANARY not in shown


def test_the_page_of_the_api_takes_nothing_from_the_network(client: TestClient) -> None:
    page = client.get("/docs")
    assert page.status_code == 200
    assert "swagger-ui-bundle.js" in page.text
    assert "//" not in page.text.replace("<!--", "").split("<script>")[0].replace("<!DOCTYPE html>", "")
    assert client.get("/static-offline-docs/swagger-ui-bundle.js").status_code == 200


def test_a_failure_within_a_bulk_call_stops_no_other(settings: Settings, capfd: pytest.CaptureFixture[str]) -> None:
    nlp = pipeline(BrokenTagger(CANARY))
    items = [{"text": text, "name": f"{n}"} for n, text in enumerate(("Present: Ann Lee", CANARY, "Minutes"))]
    with TestClient(create_app(settings, make_reader=lambda: DocumentReader(settings, nlp))) as client:
        results = client.post("/v1/extract/bulk", json={"items": items}).json()["results"]
    assert [row["status"] for row in results] == ["ok", "error", "ok"]
    assert results[1]["problem"]["type"] == "urn:minutes:problem:internal-error"
    assert CANARY not in str(results) + capfd.readouterr().err


def test_an_unforeseen_failure_quotes_nothing(settings: Settings, capfd: pytest.CaptureFixture[str]) -> None:
    nlp = pipeline(BrokenTagger(CANARY))
    with TestClient(create_app(settings, make_reader=lambda: DocumentReader(settings, nlp))) as client:
        answer = client.post("/v1/extract", json={"text": CANARY})
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:minutes:problem:internal-error")
    assert answer.headers["content-type"] == "application/problem+json"
    told = capfd.readouterr().err
    assert '"error": "RuntimeError"' in told
    assert CANARY not in told + answer.text
