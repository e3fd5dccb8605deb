import hashlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from extractor.errors import ModelError
from extractor.features import FEATURES
from extractor.pipeline import find_model
from extractor.runtime import OnnxScorer, check_sums


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tagger").mkdir()
    (tmp_path / "tagger" / "weights").write_bytes(b"weights")
    (tmp_path / "config").write_bytes(b"config")
    names = ("config", "tagger/weights")
    lines = [f"{hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()}  {name}" for name in names]
    (tmp_path / "SHA256SUMS").write_text("\n".join(lines) + "\n")
    return tmp_path


def test_a_whole_folder_passes(folder: Path) -> None:
    check_sums(folder)
    (folder / "tagger" / "weights").write_bytes(b"weightz")
    with pytest.raises(ModelError, match=r"tagger/weights: damaged"):
        check_sums(folder)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "config").unlink()
    with pytest.raises(ModelError, match="config: missing from the model folder"):
        check_sums(folder)


def test_a_folder_without_sums_is_no_model(folder: Path) -> None:
    (folder / "SHA256SUMS").unlink()
    with pytest.raises(ModelError, match="no SHA256SUMS"):
        check_sums(folder)


@pytest.mark.parametrize("sums", ["", "\n", "nonsense\n", "0  ../config\n"])
def test_sums_that_name_nothing_or_something_outside_are_refused(sums: str, folder: Path) -> None:
    (folder / "SHA256SUMS").write_text(sums)
    with pytest.raises(ModelError):
        check_sums(folder)


@pytest.mark.parametrize("content", [None, b"", b"no model"])
def test_a_file_that_is_no_model_is_refused(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "model.onnx").write_bytes(content)
    with pytest.raises(ModelError, match=r"^model\.onnx: "):
        OnnxScorer(tmp_path / "model.onnx")


@pytest.mark.slow
def test_the_scorer_gives_the_same_scores_in_every_thread() -> None:
    scorer = OnnxScorer(find_model() / "minutes_tagger" / "model.onnx", n_threads=1)
    ids = np.full((2, 256), 5, dtype=np.int64)
    features = np.zeros((2, 256, len(FEATURES)), dtype=np.int64)
    alone = scorer(ids, np.ones_like(ids), features)
    assert alone.shape[:2] == (2, 256)
    assert alone.dtype == np.float32
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda _: scorer(ids, np.ones_like(ids), features), range(6)))
    for scores in together:
        np.testing.assert_array_equal(scores, alone)


@pytest.mark.slow
@pytest.mark.parametrize("instructions", ["AVX2", "AVX512_CORE"])
def test_a_processor_with_fewer_instructions_will_do(instructions: str, repository: Path) -> None:
    sample = repository / "data" / "samples" / "community-council.txt"
    command = [sys.executable, "-m", "extractor.cli", "extract", str(sample), "--model", "minutes-en-sm"]
    environment = {**os.environ, "ONEDNN_MAX_CPU_ISA": instructions}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert len(json.loads(done.stdout)["actions"]) > 3
