"""Reads files in a child process that can be killed, so that a hostile file costs an error and nothing else."""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict
from types import TracebackType
from typing import Any, Final

from extractor import errors
from extractor.errors import LimitExceeded, ReaderDied, UnreadableFile
from extractor.ingest.limits import Limits
from extractor.ingest.source import Block, BlockKind, SourceText, Warning, Word

_LENGTH_BYTES: Final = 8
_MAX_ANSWER_BYTES: Final = 2_000_000_000
_TERMINATE_WAIT_S: Final = 3.0
_CHUNK_BYTES: Final = 1 << 20


class IsolatedReader:
    """A child process that reads one file after the other; it is started when needed and again after it died.

    Not for use by several threads at once: give each its own. Close it, or use it in a `with` statement.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: str | None = None

    def __enter__(self) -> "IsolatedReader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def read(self, data: bytes, name: str, *, encoding: str | None = None, ocr: bool = False) -> SourceText:
        """As `extractor.ingest.read`. Raises LimitExceeded where the child breaks a limit."""
        return self.read_all(data, name, encoding=encoding, ocr=ocr)[0]

    def read_all(self, data: bytes, name: str, *, encoding: str | None = None, ocr: bool = False) -> list[SourceText]:
        """As `extractor.ingest.read_all`. Raises LimitExceeded where the child breaks a limit."""
        if len(data) > self._limits.max_file_bytes:
            raise LimitExceeded(f"a file of more than {self._limits.max_file_bytes} bytes")
        header = {"name": name, "encoding": encoding, "ocr": ocr, "limits": asdict(self._limits)}
        answer = json.loads(self._exchange(frame(json.dumps(header).encode()) + frame(data)))
        if "error" in answer:
            raise _error(answer["error"], answer["message"])
        return [source_of(record) for record in answer["sources"]]

    def close(self) -> None:
        """End the child and remove its temporary files."""
        process, self._process = self._process, None
        if process is not None:
            _end(process)
        folder, self._folder = self._folder, None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    def _exchange(self, request: bytes) -> bytes:
        deadline = time.monotonic() + self._limits.max_wall_s
        process = self._started()
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            _send(process.stdin.fileno(), request, deadline)
            size = int.from_bytes(_receive(process.stdout.fileno(), _LENGTH_BYTES, deadline), "big")
            if size > _MAX_ANSWER_BYTES:
                raise LimitExceeded("the text of the file is too long")
            return _receive(process.stdout.fileno(), size, deadline)
        except TimeoutError as error:
            self.close()
            raise LimitExceeded(f"reading took more than {self._limits.max_wall_s:g} seconds") from error
        except (EOFError, BrokenPipeError) as error:
            status = process.wait()
            self.close()
            raise _death(status) from error
        except BaseException:
            self.close()
            raise

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.close()
        self._folder = tempfile.mkdtemp(prefix="minutes-")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "extractor.ingest.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "TMPDIR": self._folder, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
            start_new_session=True,
            bufsize=0,
        )
        os.set_blocking(self._process.stdin.fileno(), False)  # type: ignore[union-attr]
        return self._process


def read_isolated(
    data: bytes, name: str, limits: Limits | None = None, *, encoding: str | None = None, ocr: bool = False
) -> list[SourceText]:
    """As `read_all`, in a child process of its own; for many files, `IsolatedReader` keeps the child."""
    with IsolatedReader(limits) as reader:
        return reader.read_all(data, name, encoding=encoding, ocr=ocr)


def frame(message: bytes) -> bytes:
    """A message behind its length."""
    return len(message).to_bytes(_LENGTH_BYTES, "big") + message


def record_of(source: SourceText) -> dict[str, Any]:
    """A text in JSON's types."""
    return {
        **{key: getattr(source, key) for key in ("name", "media_type", "sha256", "text", "n_pages", "encoding")},
        "blocks": [[b.start, b.end, b.kind, b.level, b.table, b.row, b.column] for b in source.blocks],
        "words": [[w.start, w.end, w.page, w.box] for w in source.words],
        "warnings": [[w.code, w.detail] for w in source.warnings],
    }


def source_of(record: Mapping[str, Any]) -> SourceText:
    """The text of a record."""
    return SourceText(
        **{key: record[key] for key in ("name", "media_type", "sha256", "text", "n_pages", "encoding")},
        blocks=tuple(Block(start, end, BlockKind(kind), *rest) for start, end, kind, *rest in record["blocks"]),
        words=tuple(Word(start, end, page, tuple(box)) for start, end, page, box in record["words"]),
        warnings=tuple(Warning(*pair) for pair in record["warnings"]),
    )


def _error(kind: str, message: str) -> UnreadableFile:
    found = getattr(errors, kind, UnreadableFile)
    return found(message) if issubclass(found, UnreadableFile) else UnreadableFile(message)


def _death(status: int) -> UnreadableFile:
    if -status == signal.SIGXCPU:
        return LimitExceeded("reading took too much processor time")
    if -status in (signal.SIGKILL, signal.SIGABRT):
        return LimitExceeded("reading took too much memory")
    return ReaderDied("the reader broke down on the file")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask first, so that the child ends the programs that it started; then kill its whole session's group."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_TERMINATE_WAIT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()


def _send(descriptor: int, data: bytes, deadline: float) -> None:
    view = memoryview(data)
    while view:
        _wait(descriptor, deadline, write=True)
        view = view[os.write(descriptor, view[:_CHUNK_BYTES]) :]


def _receive(descriptor: int, size: int, deadline: float) -> bytes:
    out = bytearray()
    while len(out) < size:
        _wait(descriptor, deadline, write=False)
        chunk = os.read(descriptor, min(_CHUNK_BYTES, size - len(out)))
        if not chunk:
            raise EOFError
        out += chunk
    return bytes(out)


def _wait(descriptor: int, deadline: float, *, write: bool) -> None:
    left = max(0.0, deadline - time.monotonic())
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT if write else select.POLLIN)
    if not poll.poll(left * 1000):
        raise TimeoutError
