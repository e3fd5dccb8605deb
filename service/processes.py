"""The worker processes: started, watched and started again."""

import multiprocessing
import signal
import threading
import time
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Final

import structlog
from sqlalchemy import Engine

from service.callbacks import Courier
from service.database import database
from service.reading import DocumentReader
from service.settings import Settings
from service.telemetry import configure_logs
from service.worker import Read, Worker, worker_name

WATCH_S: Final = 0.5
END_S: Final = 20.0
"""For a worker to end its job when asked to; then it is killed, and the job is done by another."""
log = structlog.get_logger("minutes.processes")


def work(settings: Settings, read: Read | None = None) -> None:
    """Work until SIGTERM or SIGINT, delivering webhooks beside; the job at hand is ended first."""
    configure_logs()
    stop = stop_on_signals()
    with database(settings.database) as engine:
        courier = threading.Thread(target=deliver, args=(Courier(engine, settings), settings, stop), name="courier")
        courier.start()
        try:
            _work_off(engine, settings, read, stop)
        finally:
            stop.set()
            courier.join()


def _work_off(engine: Engine, settings: Settings, read: Read | None, stop: threading.Event) -> None:
    if read is not None:
        Worker(engine, settings, read, worker_name()).run(stop)
        return
    with DocumentReader(settings) as reader:
        Worker(engine, settings, reader.read, worker_name()).run(stop)


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set."""
    stop = threading.Event()

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask_to_stop)
    return stop


def deliver(courier: Courier, settings: Settings, stop: threading.Event) -> None:
    """Deliver webhooks until `stop` is set; a database that is away for a while is waited for."""
    while not stop.is_set():
        try:
            busy = courier.deliver_next()
        except Exception as error:  # the thread must outlive a database that restarts
            log.error("webhooks not delivered", error=type(error).__name__)
            busy = False
        if not busy:
            stop.wait(settings.poll_s)


class Workers:
    """A number of worker processes beside the API; one that dies is started again."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._context = multiprocessing.get_context("spawn")
        self._processes: list[BaseProcess] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="workers", daemon=True)

    def __enter__(self) -> "Workers":
        self._processes = [self._started() for _ in range(self._settings.n_workers)]
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        for process in self._processes:
            process.terminate()
        deadline = time.monotonic() + END_S
        for process in self._processes:
            process.join(max(0.0, deadline - time.monotonic()))
            if process.is_alive():
                process.kill()
                process.join()

    def _started(self) -> BaseProcess:
        process = self._context.Process(target=work, args=(self._settings,), name="minutes-worker")
        process.start()
        return process

    def _watch(self) -> None:
        while not self._stop.wait(WATCH_S):
            for place, process in enumerate(self._processes):
                if not process.is_alive():
                    log.warning("worker ended", exit_code=process.exitcode)
                    self._processes[place] = self._started()
