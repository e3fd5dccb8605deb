"""Worker processes are watched, and end when they are told to."""

import threading
from pathlib import Path

import pytest

from service.database import database
from service.processes import Workers
from service.settings import Settings


@pytest.mark.slow
def test_workers_are_started_again(tmp_path: Path) -> None:
    settings = Settings(database=f"sqlite:///{tmp_path / 'minutes.db'}", n_workers=1)
    with database(settings.database):
        pass
    with Workers(settings) as workers:
        first = workers._processes[0]
        first.kill()
        first.join()
        for _ in range(200):
            if workers._processes[0] is not first:
                break
            threading.Event().wait(0.05)
        assert workers._processes[0].is_alive()
    assert not workers._processes[0].is_alive()
