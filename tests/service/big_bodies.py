"""Sends bodies of a gigabyte: `python -m tests.service.big_bodies`. Prints the answers and what they cost."""

import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.service.live import Live, serving

GIGABYTE = 1_000_000_000
CHUNK = b"a" * 65_536
FORM = "multipart/form-data; boundary=b"
PART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'


def chunks(n_bytes: int, first: bytes = b"") -> Iterator[bytes]:
    """A body of that length."""
    if first:
        yield first
    for _ in range(n_bytes // len(CHUNK)):
        yield CHUNK


def send(live: Live, *, declared: int | None, content_type: str, body: Iterator[bytes]) -> str:
    """The first line of the answer; what it says before the body has been sent counts as well."""
    parts = urlsplit(live.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=60) as connection:
        framing = f"Content-Length: {declared}" if declared is not None else "Transfer-Encoding: chunked"
        head = f"POST /v1/extract HTTP/1.1\r\nHost: x\r\nContent-Type: {content_type}\r\n{framing}\r\n\r\n"
        connection.sendall(head.encode())
        try:
            for chunk in body:
                connection.sendall(chunk if declared is not None else b"%x\r\n%s\r\n" % (len(chunk), chunk))
        except OSError:
            pass  # answered and closed while the body was on its way
        connection.settimeout(20)
        try:
            return connection.recv(200).partition(b"\r\n")[0].decode()
        except OSError:
            return "closed"


def main() -> None:
    """Send them one after the other."""
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), {}) as live:
        httpx.post(f"{live.url}/v1/extract", json={"text": "Present: Ann Lee"})
        before = live.memory_mb()
        cases = {
            "declared JSON": {"declared": GIGABYTE, "content_type": "application/json", "body": chunks(GIGABYTE)},
            "declared form": {"declared": GIGABYTE, "content_type": FORM, "body": chunks(GIGABYTE, PART)},
            "chunked JSON": {"declared": None, "content_type": "application/json", "body": chunks(GIGABYTE)},
            "chunked form": {"declared": None, "content_type": FORM, "body": chunks(GIGABYTE, PART)},
            "200 MB of JSON": {"declared": None, "content_type": "application/json", "body": chunks(GIGABYTE // 5)},
        }
        for name, case in cases.items():
            started = time.perf_counter()
            line = send(live, **case)  # type: ignore[arg-type]
            grown = live.memory_mb("VmHWM") - before
            print(f"{name:16} {line:40} {time.perf_counter() - started:5.1f} s, memory grew {grown:.0f} MB at most")
        left = [path.name for path in Path(folder).iterdir() if not path.name.startswith(("minutes.db", "service.log"))]
        print(f"files left behind: {[name for name in left if not name.startswith('minutes-')] or 'none'}")


if __name__ == "__main__":
    main()
