"""The tables of a cluster that loses a machine, and of one that loses its driver, are those of one machine."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import json, sys
from dataclasses import asdict
from pathlib import Path
from tests.batch.ray_cluster import run
if __name__ == "__main__":
    print(json.dumps(asdict(run(Path(sys.argv[1]), n_files=60, remove_after_s=6.0))))
"""


@pytest.mark.slow
def test_a_cluster_that_loses_a_node_and_one_that_loses_its_driver(tmp_path: Path, repository: Path) -> None:
    pytest.importorskip("ray", reason="Ray is an extra")
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [sys.executable, str(tmp_path / "script.py"), str(tmp_path / "work")]
    environment = {**os.environ, "PYTHONPATH": str(repository)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=400, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    outcome = json.loads(done.stdout.splitlines()[-1])
    assert outcome["same_tables"]
    assert 30 <= outcome["n_read_before_kill"] < 60
    assert outcome["same_tables_after_kill"]
    assert outcome["n_documents"] == 60
