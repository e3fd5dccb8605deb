"""What was read is kept under the bytes, and only one run at a time keeps it."""

from pathlib import Path

import pytest

from extractor.batch.state import STATE_FILE, File, Result, State, result_key
from extractor.errors import ExtractorError


def test_results_are_kept(tmp_path: Path) -> None:
    with State(tmp_path) as state:
        state.add_files(
            [File("b.txt", key="k1"), File("a.txt", key="k2"), File("c.zip", error_code="corrupt-document")]
        )
        state.save("k1", Result(('{"a": 1}',), attempts=2))
    with State(tmp_path) as state:
        found = list(state.iter_files())
    assert [(file.path, result) for file, result in found] == [
        ("a.txt", None),
        ("b.txt", Result(('{"a": 1}',), attempts=2)),
        ("c.zip", None),
    ]


def test_an_error_is_known_unless_it_shall_be_tried_again(tmp_path: Path) -> None:
    with State(tmp_path) as state:
        state.save("bad", Result(error_code="corrupt-document"))
        state.save("good", Result(("{}",)))
        assert state.has("bad")
        assert not state.has("bad", retry_errors=True)
        assert state.has("good", retry_errors=True)
        assert not state.has("other")


def test_two_files_of_one_path(tmp_path: Path) -> None:
    with State(tmp_path) as state:
        state.add_files([File("a.zip/a.txt", key="1"), File("a.zip/a.txt", key="2"), File("a.zip/a.txt", key="3")])
        assert [file.path for file, _ in state.iter_files()] == ["a.zip/a.txt", "a.zip/a.txt (2)", "a.zip/a.txt (3)"]


def test_the_list_is_of_one_run(tmp_path: Path) -> None:
    with State(tmp_path) as state:
        state.add_files([File("a.txt", key="1")])
        state.save("1", Result(("{}",)))
        state.forget_files()
        state.add_files([File("moved.txt", key="1")])
        assert [(file.path, result) for file, result in state.iter_files()] == [("moved.txt", Result(("{}",)))]


def test_one_run_at_a_time(tmp_path: Path) -> None:
    with State(tmp_path), pytest.raises(ExtractorError, match="another run"), State(tmp_path):
        pass
    with State(tmp_path) as state:
        assert not state.has("x")


def test_a_damaged_state(tmp_path: Path) -> None:
    (tmp_path / STATE_FILE).write_bytes(b"this is no database" * 100)
    with pytest.raises(ExtractorError, match="damaged"):
        State(tmp_path)


@pytest.mark.parametrize(
    "other",
    [
        ("other", "a.txt", "m", "o"),
        ("s", "a.pdf", "m", "o"),
        ("s", "a.txt", "other", "o"),
        ("s", "a.txt", "m", "other"),
    ],
)
def test_what_a_result_depends_on(other: tuple[str, str, str, str]) -> None:
    assert result_key("s", "b/other.TXT", "m", "o") == result_key("s", "a.txt", "m", "o") != result_key(*other)
