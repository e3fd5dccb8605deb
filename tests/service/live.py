"""A service in a process of its own, as the scripts that measure it need one."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.service.databases import free_port

START_S = 60.0
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Live:
    """A running service."""

    url: str
    pid: int
    log: Path

    def memory_mb(self, field: str = "VmRSS") -> float:
        """Resident memory now, or at its height (VmHWM)."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        match = re.search(rf"{field}:\s+(\d+) kB", status)
        assert match is not None
        return int(match[1]) / 1024


@contextmanager
def serving(
    folder: Path, settings: Mapping[str, object], *, app: str = "tests.service.stub_app:create"
) -> Iterator[Live]:
    """A service with the settings, without keys, whose database and log are in the folder."""
    port, log = free_port(), folder / "service.log"
    given = {"database": f"sqlite:///{folder / 'minutes.db'}", "require_keys": False, **settings}
    variables = {f"MINUTES_{name.upper()}": str(value) for name, value in given.items()}
    command = [sys.executable, "-m", "uvicorn", app, "--factory", "--port", str(port), "--no-access-log"]
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **variables, "TMPDIR": str(folder)}, stdout=out, stderr=out
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, process)
        yield Live(url, process.pid, log)
    finally:
        process.terminate()
        process.wait(30)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise RuntimeError("the service did not start")
