"""The command `minutes batch`, with the released model."""

from pathlib import Path

import pytest
from pyarrow import parquet

from extractor.batch.outputs import OUTPUT_FILES
from extractor.batch.state import STATE_FILE, State
from extractor.cli import EXIT_BAD_INPUT, main


@pytest.mark.slow
def test_the_samples(tmp_path: Path, repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["batch", str(repository / "data" / "samples"), "--out", str(tmp_path), "--workers", "1", "--no-text"]
    assert main(command) == 0
    told = capsys.readouterr().out
    assert "3 files: 3 read now, 0 known, 0 left for later" in told
    assert "3 documents: 3 ok, 0 with warnings, 0 errors" in told
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted((*OUTPUT_FILES, STATE_FILE))
    actions = parquet.read_table(tmp_path / "actions.parquet").to_pylist()
    assert {row["document"] for row in actions} <= {
        "community-council.txt",
        "finance-committee.pdf",
        "trust-board.docx",
    }
    assert any(row["owners"] and row["due_date"] for row in actions)
    assert main(command) == 0
    assert "3 files: 0 read now, 3 known" in capsys.readouterr().out


def test_an_archive_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["batch", str(tmp_path / "none"), "--out", str(tmp_path / "out")]) == EXIT_BAD_INPUT
    assert "not there" in capsys.readouterr().err


def test_two_runs_into_one_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with State(tmp_path / "out"):
        assert main(["batch", str(tmp_path), "--out", str(tmp_path / "out")]) == EXIT_BAD_INPUT
    assert "another run is writing there" in capsys.readouterr().err


@pytest.mark.parametrize(
    "option",
    [("--workers", "0"), ("--limit", "-1"), ("--since", "May"), ("--timeout", "x"), ("--max-memory", "0")],
)
def test_values_that_do_not_fit(tmp_path: Path, option: tuple[str, str]) -> None:
    with pytest.raises(SystemExit):
        main(["batch", str(tmp_path), "--out", str(tmp_path / "out"), *option])


def test_a_limit_and_ray(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["batch", str(tmp_path), "--out", str(tmp_path / "out"), "--engine", "ray", "--limit", "1"]
    assert main(command) == EXIT_BAD_INPUT
    assert "--limit does not go with --engine ray" in capsys.readouterr().err
