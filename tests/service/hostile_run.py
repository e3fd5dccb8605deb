"""Sends every hostile file to a running service: `python -m tests.service.hostile_run`.

Prints how many files there were, the statuses, the longest time, and the largest child; names what broke a promise.
"""

import collections
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.service.hostile import iter_hostile
from tests.service.live import Live, serving

MAX_S = 10.0
MAX_CHILD_MB = 512.0


class Watch:
    """The largest resident memory of any child of the service."""

    def __init__(self, live: Live) -> None:
        self._live, self._stop = live, threading.Event()
        self.largest_mb = 0.0
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(0.02):
            for child in _children(self._live.pid):
                try:
                    height_mb = Live("", child, self._live.log).memory_mb("VmHWM")
                except (OSError, AssertionError):
                    continue  # it has ended
                self.largest_mb = max(self.largest_mb, height_mb)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            found += map(int, (task / "children").read_text(encoding="ascii").split())
        except OSError:
            continue
    return found


@contextmanager
def running() -> Iterator[tuple[Live, Watch]]:
    """A service, watched."""
    strict = {"parse_cpu_s": 8, "parse_wall_s": 9}
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder), strict) as live,
        Watch(live) as watch,
    ):
        yield live, watch


def main() -> None:
    """Send them one after the other."""
    statuses: collections.Counter[int] = collections.Counter()
    types: collections.Counter[str] = collections.Counter()
    broken, longest_s, n_files = [], 0.0, 0
    with running() as (live, watch), httpx.Client(base_url=live.url, timeout=120) as client:
        for file in iter_hostile():
            started = time.perf_counter()
            answer = client.post("/v1/extract", files={"file": (file.name, file.data)})
            seconds = time.perf_counter() - started
            n_files, longest_s = n_files + 1, max(longest_s, seconds)
            statuses[answer.status_code] += 1
            if answer.status_code != 200:
                types[answer.json()["type"].rpartition(":")[2]] += 1
            if answer.status_code >= 500 or seconds > MAX_S:
                broken.append((file.name[:60], answer.status_code, round(seconds, 1)))
    print(f"{n_files} files; {dict(statuses)}; {dict(types)}")
    print(f"longest {longest_s:.1f} s; largest child {watch.largest_mb:.0f} MB (allowed {MAX_CHILD_MB:.0f})")
    print(f"broken promises: {broken or 'none'}")


if __name__ == "__main__":
    main()
