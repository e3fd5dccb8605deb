"""A string of a document is found nowhere but in the answer that was asked for."""

from pathlib import Path

import httpx
import pytest

from tests.pipelines import TEXT
from tests.service.live import serving

CANARY = "Zephyrine Quillfeather"


@pytest.mark.slow
def test_a_canary_is_found_in_no_log_metric_error_or_file(tmp_path: Path) -> None:
    text = TEXT.replace("Ann Lee", CANARY)
    broken = b"%PDF-1.4\n" + CANARY.encode()
    with serving(tmp_path, {"max_json_bytes": 100_000}) as live, httpx.Client(base_url=live.url, timeout=60) as client:
        answer = client.post("/v1/extract", files={"file": (f"{CANARY}.txt", text.encode())})
        errors = [
            client.post("/v1/extract", files={"file": (f"{CANARY}.pdf", broken)}),
            client.post("/v1/extract", json={"text": text, CANARY: CANARY}),
            client.post("/v1/extract", json={"text": text * 1000}),
            client.post("/v1/extract", content=text.encode(), headers={"content-type": "text/plain"}),
            client.get(f"/v1/actions?sort={CANARY}"),
            client.get(f"/v1/documents/{CANARY}"),
            client.get(f"/{CANARY}"),
        ]
        job = client.post("/v1/jobs", json={"text": text, "name": CANARY})
        assert client.delete(job.headers["location"]).status_code == 204
        metrics = client.get("/metrics").text
    assert CANARY in answer.text
    assert [error.status_code for error in errors] == [422, 422, 413, 415, 422, 404, 404]
    assert not any(CANARY in error.text or CANARY in str(error.headers) for error in errors)
    assert CANARY not in metrics
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert CANARY.encode() not in path.read_bytes(), path.name
    assert '"event": "request"' in (tmp_path / "service.log").read_text(encoding="utf-8")
