"""A task that kills, hangs or bloats its process costs an error, and the others nothing."""

import tempfile
from pathlib import Path

import pytest

from extractor.batch.pool import DIED, TOO_LARGE, TOO_LONG, Pool, PoolError, PoolSettings, Task
from extractor.batch.state import Result
from tests.batch.stubs import make_answer, make_nothing

pytestmark = pytest.mark.slow


def run(contents: list[bytes], settings: PoolSettings) -> dict[str, Result]:
    with Pool(make_answer, settings) as pool:
        ended = list(pool.run(Task(str(n), f"{n}.txt", content) for n, content in enumerate(contents)))
    assert len({task.key for task, _ in ended}) == len(ended)
    return {task.key: result for task, result in ended}


def test_each_task_has_its_result() -> None:
    results = run([b"a", b"b", b"refuse", b"d", b"e"], PoolSettings(n_workers=2))
    assert results["1"] == Result(("1.txt b",))
    assert results["2"].error_code == "corrupt-document"
    assert len(results) == 5


def test_a_pool_without_tasks() -> None:
    assert run([], PoolSettings(n_workers=2)) == {}


@pytest.mark.parametrize(
    ("poison", "code"),
    [(b"die", DIED), (b"hang", TOO_LONG), (b"bloat", TOO_LARGE)],
)
def test_poison(poison: bytes, code: str) -> None:
    settings = PoolSettings(n_workers=2, timeout_s=3.0 if poison == b"hang" else 60.0, max_memory_bytes=1_000_000_000)
    results = run([b"a", poison, b"b", b"c"], settings)
    assert (results["1"].error_code, results["1"].attempts) == (code, 2)
    assert [results[key].records for key in "023"] == [("0.txt a",), ("2.txt b",), ("3.txt c",)]


def test_workers_that_cannot_start() -> None:
    with Pool(make_nothing, PoolSettings()) as pool, pytest.raises(PoolError):
        list(pool.run([Task("1", "a.txt", b"a")]))


def test_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    run([b"a", b"die", b"b"], PoolSettings(n_workers=2))
    assert list(tmp_path.iterdir()) == []
