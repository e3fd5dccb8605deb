"""What stands in for the model in the workers; importable, since workers are started afresh."""

import os
import signal
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from extractor.batch.documents import DocumentReader, ReadingOptions
from extractor.batch.pool import Work
from extractor.batch.state import Result
from tests.pipelines import PHRASES, PhraseTagger, pipeline


def answer(name: str, content: bytes) -> Result:
    """Does what the content says."""
    if content == b"die":
        os.kill(os.getpid(), signal.SIGKILL)
    if content == b"hang":
        time.sleep(600)
    if content == b"bloat":
        kept = bytearray(b"x") * 1_100_000_000
        time.sleep(600 + len(kept))
    if content == b"refuse":
        return Result(error_code="corrupt-document", error_detail="as told")
    return Result((name + " " + content.decode(),))


def make_answer(folder: str) -> AbstractContextManager[Work]:
    """Work without any reading."""
    (Path(folder) / "left.txt").write_text("left by the worker")
    return nullcontext(answer)


def make_nothing(folder: str) -> AbstractContextManager[Work]:
    """Work that cannot begin."""
    os._exit(3)


def make_phrase_reader(folder: str) -> AbstractContextManager[Work]:
    """Real reading, with a table of phrases in the place of the tagger; a document that says so kills its process."""
    return _DeadlyReader(ReadingOptions(max_wall_s=20.0), folder, pipeline(PhraseTagger(PHRASES)))


class _DeadlyReader(DocumentReader):
    def __call__(self, name: str, content: bytes) -> Result:
        if b"kills its reader" in content:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(name, content)


def make_slow_phrase_reader(folder: str) -> AbstractContextManager[Work]:
    """As `make_phrase_reader`, with a tenth of a second for each document."""
    return _SlowReader(ReadingOptions(max_wall_s=20.0), folder, pipeline(PhraseTagger(PHRASES)))


class _SlowReader(_DeadlyReader):
    def __call__(self, name: str, content: bytes) -> Result:
        time.sleep(0.1)
        return super().__call__(name, content)
