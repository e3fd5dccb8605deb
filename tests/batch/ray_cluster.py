"""A batch on a Ray cluster of three nodes, one of which is removed: `python -m tests.batch.ray_cluster [FILES]`.

Then once more on the two that are left, with the driver killed half-way. Prints whether the tables of both are those
of a run without Ray, and how long each took.
"""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ray.cluster_utils import Cluster

from extractor.batch.outputs import DOCUMENTS_FILE
from extractor.batch.pool import PoolSettings
from extractor.batch.ray_engine import RaySettings
from extractor.batch.run import BatchSettings, Counts, run_batch
from tests.batch.archive_run import tables_of
from tests.batch.made_archive import ROOT, make_archive
from tests.batch.stubs import make_slow_phrase_reader

POOL: Final = PoolSettings(n_workers=2, timeout_s=60.0)


@dataclass(frozen=True)
class Outcome:
    """Of all runs."""

    n_documents: int
    n_errors: int
    same_tables: bool
    n_nodes_at_end: int
    n_read_before_kill: int
    same_tables_after_kill: bool
    local_s: float
    ray_s: float


def run(folder: Path, *, n_files: int, remove_after_s: float) -> Outcome:
    """Read an archive without Ray, with Ray where a node goes in the middle, and where the driver is killed."""
    archive = folder / "archive"
    make_archive(archive, n_files)
    started = time.monotonic()
    run_batch(BatchSettings(archive, folder / "local", pool=POOL), lambda counts: None, make_slow_phrase_reader)
    local_s = time.monotonic() - started
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
    cluster.wait_for_nodes()
    threading.Timer(remove_after_s, cluster.remove_node, (nodes[1],)).start()
    started = time.monotonic()
    read(archive, folder / "ray", cluster.address)
    ray_s = time.monotonic() - started
    n_read = _killed_at(archive, folder / "killed", cluster.address, n_files // 2)
    read(archive, folder / "killed", cluster.address)
    documents = tables_of(folder / "local")["documents"]
    outcome = Outcome(
        n_documents=len(documents),
        n_errors=sum(row["status"] == "error" for row in documents),
        same_tables=_are_same(folder / "local", folder / "ray"),
        n_nodes_at_end=len(cluster.list_all_nodes()),
        n_read_before_kill=n_read,
        same_tables_after_kill=_are_same(folder / "local", folder / "killed"),
        local_s=local_s,
        ray_s=ray_s,
    )
    cluster.shutdown()
    return outcome


def read(archive: Path, out: Path, address: str, told_at: int | None = None) -> None:
    """Read the archive on the cluster; print how many files are done with once they are so many."""

    def show(counts: Counts) -> None:
        if told_at is not None and counts.read >= told_at:
            print(counts.read, flush=True)

    ray = RaySettings(str(archive), str(out / "parts"), address)
    run_batch(BatchSettings(archive, out, pool=POOL, ray=ray), show, make_slow_phrase_reader)


def _killed_at(archive: Path, out: Path, address: str, n_files: int) -> int:
    """Start a driver of its own and kill it when it has got so far; how far that was."""
    command = [sys.executable, "-m", "tests.batch.ray_cluster", str(archive), str(out), address, str(n_files)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, start_new_session=True)
    assert process.stdout is not None
    n_read = int(process.stdout.readline())
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    return n_read


def _are_same(one: Path, other: Path) -> bool:
    same_lines = (one / DOCUMENTS_FILE).read_bytes() == (other / DOCUMENTS_FILE).read_bytes()
    return same_lines and tables_of(one) == tables_of(other)


def main() -> None:
    """Run and print; with four arguments, be the driver that is killed."""
    if len(sys.argv) == 5:
        read(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
        return
    n_files = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as folder:
        print(run(Path(folder), n_files=n_files, remove_after_s=15.0))


if __name__ == "__main__":
    main()
