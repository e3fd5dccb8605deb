"""Kills the API and its worker after jobs are done and before their webhooks: `python -m tests.service.kill_api`.

The receiver is down until the last kill. Prints how many webhooks were lost, changed or badly signed.
"""

import multiprocessing
import os
import signal
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import httpx
from sqlalchemy import func, select
from standardwebhooks import Webhook, WebhookVerificationError

from service.database import open_database, reading
from service.processes import work
from service.settings import Settings
from service.tables import outbox
from tests.service.databases import free_port
from tests.service.kill_workers import Slow
from tests.service.live import serving
from tests.service.receiver import Receiver

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MAX_S = 120.0


@dataclass(frozen=True)
class Outcome:
    """What became of the webhooks."""

    n_jobs: int
    n_kills: int
    n_lost: int
    """Jobs without a message."""
    n_changed: int
    """Jobs with messages of more than one id."""
    n_unsigned: int
    n_messages: int


def run(folder: Path, *, n_rounds: int, n_jobs: int) -> Outcome:
    """In each round start the service, have jobs done, and kill it; then let it deliver."""
    port = free_port()
    chosen = {
        "database": f"sqlite:///{folder / 'minutes.db'}",
        "webhook_secret": SECRET,
        "webhook_hosts": "127.0.0.1",
        "poll_s": 0.05,
    }
    settings = Settings(**{**chosen, "webhook_hosts": ("127.0.0.1",), "require_keys": False})
    wanted: list[str] = []
    for _ in range(n_rounds):
        wanted += _round(folder, chosen, settings, f"http://127.0.0.1:{port}/hook", n_jobs)
    receiver = Receiver(port)
    worker = multiprocessing.get_context("spawn").Process(target=work, args=(settings, Slow(0.0)))
    worker.start()
    _wait_for_empty(settings)
    worker.terminate()
    worker.join()
    receiver.close()
    return _judge(wanted, receiver, n_kills=2 * n_rounds)


def _round(folder: Path, chosen: dict[str, object], settings: Settings, callback: str, n_jobs: int) -> list[str]:
    with serving(folder, chosen) as live:
        worker = multiprocessing.get_context("spawn").Process(target=work, args=(settings, Slow(0.0)))
        worker.start()
        made = [_add(live.url, callback) for _ in range(n_jobs)]
        open_jobs, deadline = set(made), time.monotonic() + MAX_S
        while open_jobs and time.monotonic() < deadline:
            done = {job for job in open_jobs if httpx.get(f"{live.url}/v1/jobs/{job}").json()["state"] == "done"}
            open_jobs -= done
        os.kill(live.pid, signal.SIGKILL)
        worker.kill()
        worker.join()
    return made


def _add(url: str, callback: str) -> str:
    answer = httpx.post(f"{url}/v1/jobs", params={"callback_url": callback}, json={"text": "Present: Ann Lee"})
    return str(answer.raise_for_status().json()["id"])


def _wait_for_empty(settings: Settings) -> None:
    engine, deadline = open_database(settings.database), time.monotonic() + MAX_S
    while time.monotonic() < deadline:
        with reading(engine) as connection:
            if not connection.execute(select(func.count()).select_from(outbox)).scalar_one():
                break
        time.sleep(0.1)
    engine.dispose()


def _judge(wanted: list[str], receiver: Receiver, *, n_kills: int) -> Outcome:
    ids: dict[str, set[str]] = defaultdict(set)
    n_unsigned = 0
    for headers, body in receiver.received:
        try:
            payload = Webhook(SECRET).verify(body.decode(), headers)
        except WebhookVerificationError:
            n_unsigned += 1
            continue
        ids[payload["data"]["id"]].add(headers["webhook-id"])
    return Outcome(
        n_jobs=len(wanted),
        n_kills=n_kills,
        n_lost=sum(job not in ids for job in wanted),
        n_changed=sum(len(found) > 1 for found in ids.values()),
        n_unsigned=n_unsigned,
        n_messages=len(receiver.received),
    )


def main() -> None:
    """Run and print."""
    with tempfile.TemporaryDirectory() as folder:
        print(run(Path(folder), n_rounds=5, n_jobs=20))


if __name__ == "__main__":
    main()
