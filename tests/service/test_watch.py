"""The watched folder."""

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from extractor.errors import EncryptedFile
from extractor.schema import Minutes
from extractor.tagger import Report
from service.reading import ReadingOptions
from service.watch import FolderTaken, Watch
from tests.pipelines import TEXT, minutes_of


def read(data: bytes, name: str, options: ReadingOptions, report: Report | None = None) -> list[Minutes]:
    if data == b"secret":
        raise EncryptedFile("the file needs a password")
    if data == b"fault":
        raise RuntimeError("Ann Lee")
    return [minutes_of(TEXT)] * (2 if name.endswith(".eml") else 1)


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    folder = tmp_path / "in"
    folder.mkdir()
    return Watch(folder, tmp_path / "done", tmp_path / "failed", read, 1000, settle_s=0.0)


def run_until(watch: Watch, is_enough: Callable[[], bool]) -> None:
    """Run the watch in a thread until the test is content."""
    stop = threading.Event()
    thread = threading.Thread(target=watch.run, args=(stop,), kwargs={"poll_s": 0.01})
    thread.start()
    for _ in range(2000):
        if is_enough():
            break
        threading.Event().wait(0.01)
    stop.set()
    thread.join()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_files_move_on_with_their_records(watch: Watch) -> None:
    for name, data in (("a.txt", b"x"), ("b.pdf", b"secret"), ("c.txt", b"fault"), ("d.eml", b"x")):
        (watch.incoming / name).write_bytes(data)
    run_until(watch, lambda: len(names(watch.done)) == 4 and len(names(watch.failed)) == 4)
    assert names(watch.done) == ["a.txt", "a.txt.json", "d.eml", "d.eml.json"]
    assert names(watch.failed) == ["b.pdf", "b.pdf.error.json", "c.txt", "c.txt.error.json"]
    assert Minutes.model_validate_json((watch.done / "a.txt.json").read_text()) == minutes_of(TEXT)
    assert len(json.loads((watch.done / "d.eml.json").read_text())) == 2
    problems = [json.loads((watch.failed / f"{name}.error.json").read_text()) for name in ("b.pdf", "c.txt")]
    assert [p["type"].rpartition(":")[2] for p in problems] == ["encrypted-document", "internal-error"]
    assert "Ann Lee" not in str(problems)


def test_a_file_that_grows_is_left_alone(watch: Watch) -> None:
    watch.settle_s = 0.5
    growing = watch.incoming / "a.txt"
    for length in range(1, 6):
        growing.write_bytes(b"x" * length)
        assert watch._settled() == []
        threading.Event().wait(0.15)
    threading.Event().wait(0.6)
    assert watch._settled() == [growing]


def test_what_a_killed_process_left_is_taken_up(watch: Watch) -> None:
    left = watch.incoming / ".minutes-working" / "a.txt"
    left.parent.mkdir()
    left.write_bytes(b"x")
    run_until(watch, lambda: len(names(watch.done)) == 2)
    assert names(watch.done) == ["a.txt", "a.txt.json"]


def test_hidden_files_folders_and_links_are_no_documents(watch: Watch, tmp_path: Path) -> None:
    (watch.incoming / ".part").write_bytes(b"x")
    (watch.incoming / "folder").mkdir()
    (tmp_path / "outside.txt").write_bytes(b"x")
    os.symlink(tmp_path / "outside.txt", watch.incoming / "link.txt")
    assert watch._settled() == []


def test_a_folder_has_one_watch(watch: Watch) -> None:
    with watch._locked(), pytest.raises(FolderTaken):
        watch.run(threading.Event())
