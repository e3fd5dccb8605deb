"""The child process of `isolation`: reads requests from standard input and answers on standard output."""

import json
import os
import resource
import signal
import sys
from types import FrameType
from typing import Any, BinaryIO

from extractor.errors import LimitExceeded, UnreadableFile
from extractor.ingest.isolation import frame, record_of
from extractor.ingest.limits import Limits
from extractor.ingest.readers import read_all


def main() -> None:
    """Answer requests until standard input ends."""
    signal.signal(signal.SIGTERM, _terminate)
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    while (header := _receive(requests)) is not None:
        data = _receive(requests)
        if data is None:
            return
        answers.write(frame(json.dumps(answer(json.loads(header), data)).encode()))
        answers.flush()


def answer(header: dict[str, Any], data: bytes) -> dict[str, Any]:
    """The texts of one file, or the class and message of what stopped it."""
    limits = Limits(**header["limits"])
    try:
        set_limits(limits)
        sources = read_all(data, header["name"], encoding=header["encoding"], ocr=header["ocr"], limits=limits)
        return {"sources": [record_of(source) for source in sources]}
    except (MemoryError, RecursionError):
        error: UnreadableFile = LimitExceeded("reading took too much memory")
    except UnreadableFile as caught:
        error = caught
    except Exception as caught:  # whatever a hostile file brings up becomes an error of this file
        error = UnreadableFile(f"the reader failed with {type(caught).__name__}")
    return {"error": type(error).__name__, "message": str(error)}


def set_limits(limits: Limits) -> None:
    """Bound memory for good, and processor time counted from now."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    seconds = int(used.ru_utime + used.ru_stime) + limits.max_cpu_s + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, hard))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (limits.max_memory_bytes, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _receive(stream: BinaryIO) -> bytes | None:
    size = stream.read(8)
    if len(size) < 8:
        return None
    message = stream.read(int.from_bytes(size, "big"))
    return message


def _terminate(number: int, stack: FrameType | None) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    main()
