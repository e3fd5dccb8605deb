"""Workers that are killed lose no job and double none; the script beside does the same with a thousand jobs."""

from pathlib import Path

import pytest

from service.settings import Settings
from tests.service import kill_api
from tests.service.kill_workers import run


@pytest.mark.slow
def test_killed_workers_lose_nothing(url: str) -> None:
    settings = Settings(database=url, lease_s=1.0, poll_s=0.05, max_attempts=3)
    outcome = run(settings, n_jobs=60, n_workers=2, every_s=1.0, seconds=0.1)
    assert (outcome.n_lost, outcome.n_doubled, outcome.n_without_reason) == (0, 0, 0)
    assert sum(outcome.states.values()) == outcome.n_webhooks == 60
    assert outcome.n_kills > 0


@pytest.mark.slow
def test_a_killed_api_delivers_its_webhooks(tmp_path: Path) -> None:
    outcome = kill_api.run(tmp_path, n_rounds=1, n_jobs=3)
    assert (outcome.n_lost, outcome.n_changed, outcome.n_unsigned) == (0, 0, 0)
    assert outcome.n_messages >= outcome.n_jobs == 3
