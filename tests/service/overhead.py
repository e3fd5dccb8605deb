"""What the service costs beside the reading: `python -m tests.service.overhead`. The reader is a table of phrases."""

import statistics
import tempfile
import time
from pathlib import Path

import httpx

from extractor.ingest.source import plain_source
from extractor.pipeline import extract_source
from tests.pipelines import TEXT, pipeline
from tests.service.live import serving

N_REQUESTS = 500


def main() -> None:
    """Measure requests and bare calls in turn."""
    nlp = pipeline()
    requests, calls = [], []
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder), {}) as live,
        httpx.Client(base_url=live.url) as client,
    ):
        for _ in range(N_REQUESTS):
            started = time.perf_counter()
            client.post("/v1/extract", json={"text": TEXT}).raise_for_status()
            requests.append(time.perf_counter() - started)
            started = time.perf_counter()
            extract_source(plain_source(TEXT), nlp=nlp)
            calls.append(time.perf_counter() - started)
    request_ms, call_ms = (1000 * statistics.median(times) for times in (requests, calls))
    print(f"request p50 {request_ms:.2f} ms, bare call p50 {call_ms:.2f} ms, overhead {request_ms - call_ms:.2f} ms")


if __name__ == "__main__":
    main()
