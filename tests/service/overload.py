"""Four times the requests that the service can do: `python -m tests.service.overload`.

Prints the p99 of accepted requests with one caller and with many, what the others were told, the slowest /healthz, and
how the memory moved. The documents are read by the released model.
"""

import collections
import random
import statistics
import tempfile
import threading
import time
from pathlib import Path

import httpx

from tests.service.live import Live, serving

SAMPLE = Path(__file__).parents[2] / "data" / "samples" / "community-council.txt"
N_ALONE = 60
N_CALLERS = 8
TIMES = 4
"""What they ask for together, as a multiple of what one caller after the other gets done."""
SECONDS = 30.0


def ask(client: httpx.Client, body: bytes) -> tuple[int, float]:
    """Status and seconds of one request."""
    started = time.perf_counter()
    answer = client.post("/v1/extract", files={"file": ("a.txt", body)})
    return answer.status_code, time.perf_counter() - started


def p99_ms(seconds: list[float]) -> float:
    """The 99th percentile."""
    return 1000 * statistics.quantiles(seconds, n=100)[98]


def load(live: Live, body: bytes, every_s: float) -> tuple[list[float], collections.Counter[int], list[float]]:
    """Seconds of accepted requests, statuses, and seconds of /healthz; each caller asks once in `every_s`."""
    accepted: list[float] = []
    statuses: collections.Counter[int] = collections.Counter()
    health: list[float] = []
    end = time.monotonic() + SECONDS

    def call() -> None:
        with httpx.Client(base_url=live.url, timeout=60) as client:
            due = time.monotonic() + random.random() * every_s
            while due < end:
                time.sleep(max(0.0, due - time.monotonic()))
                status, seconds = ask(client, body)
                statuses[status] += 1
                if status == 200:
                    accepted.append(seconds)
                due = max(due + every_s, time.monotonic())

    def probe() -> None:
        with httpx.Client(base_url=live.url, timeout=60) as client:
            while time.monotonic() < end:
                started = time.perf_counter()
                client.get("/healthz")
                health.append(time.perf_counter() - started)
                time.sleep(0.1)

    threads = [threading.Thread(target=call) for _ in range(N_CALLERS)] + [threading.Thread(target=probe)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return accepted, statuses, health


def main() -> None:
    """Measure."""
    body = SAMPLE.read_bytes()
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder), {}, app="service.app:create_app") as live,
        httpx.Client(base_url=live.url, timeout=60) as client,
    ):
        ask(client, body)
        alone = [ask(client, body)[1] for _ in range(N_ALONE)]
        before = live.memory_mb()
        every_s = statistics.median(alone) * N_CALLERS / TIMES
        accepted, statuses, health = load(live, body, every_s)
        after = live.memory_mb()
    print(f"alone: p50 {1000 * statistics.median(alone):.0f} ms, p99 {p99_ms(alone):.0f} ms")
    print(f"{N_CALLERS} callers: {dict(statuses)}, p99 of accepted {p99_ms(accepted):.0f} ms")
    print(f"ratio of p99 {p99_ms(accepted) / p99_ms(alone):.2f}; /healthz at most {1000 * max(health):.0f} ms")
    print(f"memory {before:.0f} MB before, {after:.0f} MB after")


if __name__ == "__main__":
    main()
