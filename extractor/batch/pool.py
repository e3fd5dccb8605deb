"""Worker processes under watch: a task that kills, hangs or bloats its process costs an error and a new process.

Each worker has a pipe of its own, so that a process killed in the middle of a message spoils nothing for the others.
"""

import multiprocessing
import shutil
import signal
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from extractor.batch.state import Result

Work = Callable[[str, bytes], Result]
MakeWork = Callable[[str], AbstractContextManager[Work]]
"""Gets a folder for temporary files; called once in each worker."""
DIED: Final = "process-died"
TOO_LONG: Final = "time-exceeded"
TOO_LARGE: Final = "memory-exceeded"
_POLL_S: Final = 0.25
_MAX_IDLE_DEATHS: Final = 5
"""In a row, of workers that never got a task: then starting is hopeless."""
_END_S: Final = 5.0
_START_S: Final = 300.0
"""For a worker to load the model."""
_PAGE_BYTES: Final = 4096


class PoolError(RuntimeError):
    """No worker can be started."""


@dataclass(frozen=True, slots=True)
class Task:
    """A file to read."""

    key: str
    name: str
    content: bytes
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """Bounds of one task."""

    n_workers: int = 1
    max_attempts: int = 2
    timeout_s: float = 600.0
    max_memory_bytes: int = 4_000_000_000
    """Resident size of a worker; watched where /proc tells it."""


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    pipe: Connection
    folder: str
    is_ready: bool = False
    task: Task | None = None
    deadline: float = field(default_factory=lambda: time.monotonic() + _START_S)
    """Of its start or its task; infinite while it rests."""


class Pool:
    """A number of workers; use it in a `with` statement."""

    def __init__(self, make_work: MakeWork, settings: PoolSettings) -> None:
        self._make_work, self._settings = make_work, settings
        self._context: SpawnContext = multiprocessing.get_context("spawn")
        self._workers: list[_Worker] = []
        self._n_idle_deaths = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.pipe.close()  # a worker at rest ends by itself
            if kind is not None or worker.task is not None:
                worker.process.kill()
        for worker in self._workers:
            worker.process.join(_END_S)
            _bury(worker)
        self._workers = []

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Result]]:
        """Each task with its result, in the order in which they end; of `tasks` no more is drawn than is needed soon.

        Raises:
            PoolError: workers die before they get a task.
        """
        source, again = iter(tasks), deque[Task]()
        ready: deque[Task] = deque()
        is_drained = False
        while True:
            while not is_drained and len(ready) < self._settings.n_workers:
                task = next(source, None)
                if task is None:
                    is_drained = True
                else:
                    ready.append(task)
                    self._hand_out(again, ready)
            self._hand_out(again, ready)
            if not any(worker.task for worker in self._workers) and not ready and not again:
                return
            for task, result in self._ended():
                if result is None:
                    again.append(task)
                else:
                    yield task, result

    def _hand_out(self, again: deque[Task], ready: deque[Task]) -> None:
        n_wanted = min(
            self._settings.n_workers, sum(w.task is not None for w in self._workers) + len(ready) + len(again)
        )
        while len(self._workers) < n_wanted:
            self._workers.append(self._started())
        for worker in self._workers:
            queue = again or ready
            if queue and worker.is_ready and worker.task is None:
                task = queue.popleft()
                worker.task = replace(task, attempts=task.attempts + 1)
                worker.deadline = time.monotonic() + self._settings.timeout_s
                try:
                    worker.pipe.send((task.name, task.content))
                except OSError:
                    continue  # it has died, which `_ended` sees

    def _ended(self) -> Iterator[tuple[Task, Result | None]]:
        """Tasks with their results; None for those to be tried again."""
        signals: dict[object, _Worker] = {}
        for worker in self._workers:
            signals[worker.pipe] = signals[worker.process.sentinel] = worker
        heard = {id(signals[object_]): signals[object_] for object_ in wait(list(signals), timeout=_POLL_S)}  # type: ignore[arg-type]
        for worker in list(self._workers):
            if id(worker) in heard:
                yield from self._listen(worker)
            elif time.monotonic() > worker.deadline:
                yield from self._lost(worker, TOO_LONG, f"took more than {self._settings.timeout_s:g} seconds")
            elif _resident_bytes(worker.process.pid) > self._settings.max_memory_bytes:
                yield from self._lost(worker, TOO_LARGE, "took too much memory")

    def _listen(self, worker: _Worker) -> Iterator[tuple[Task, Result | None]]:
        try:
            if worker.pipe.poll():
                message = worker.pipe.recv()
                worker.is_ready, worker.deadline = True, float("inf")
                task, worker.task = worker.task, None
                if isinstance(message, Result) and task is not None:
                    self._n_idle_deaths = 0
                    yield task, replace(message, attempts=task.attempts)
                return
        except (EOFError, OSError):
            pass
        yield from self._lost(worker, DIED, "the process that read it broke down")

    def _lost(self, worker: _Worker, code: str, detail: str) -> Iterator[tuple[Task, Result | None]]:
        """Replace a worker; its task goes back, or becomes an error after the last attempt."""
        self._workers.remove(worker)
        worker.process.kill()
        worker.process.join()
        worker.pipe.close()
        _bury(worker)
        if worker.task is None:
            self._n_idle_deaths += 1
            if self._n_idle_deaths >= _MAX_IDLE_DEATHS:
                raise PoolError("the workers end before they get a document")
        elif worker.task.attempts < self._settings.max_attempts:
            yield worker.task, None
        else:
            yield worker.task, Result(error_code=code, error_detail=detail, attempts=worker.task.attempts)

    def _started(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        folder = tempfile.mkdtemp(prefix="minutes-")
        process = self._context.Process(
            target=_serve, args=(theirs, self._make_work, folder), name="minutes-batch", daemon=False
        )
        process.start()
        theirs.close()
        return _Worker(process, ours, folder)


def _serve(pipe: Connection, make_work: MakeWork, folder: str) -> None:
    """The worker's life: say that it is ready, answer tasks, end when the pipe does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with make_work(folder) as work:
            pipe.send(None)
            while True:
                name, content = pipe.recv()
                pipe.send(work(name, content))
    except (EOFError, OSError):  # the pipe has been closed, or the process at its other end is gone
        pass
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _bury(worker: _Worker) -> None:
    if worker.process.is_alive():
        worker.process.kill()
        worker.process.join()
    shutil.rmtree(worker.folder, ignore_errors=True)


def _resident_bytes(pid: int | None) -> int:
    """Of a process; 0 where the system does not tell."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES
    except (OSError, IndexError, ValueError):
        return 0
