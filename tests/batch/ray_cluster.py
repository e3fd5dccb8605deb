"""A batch on a Ray cluster of three nodes, one of which is removed: `python -m tests.batch.ray_cluster [FILES]`.

Prints whether the tables are those of a run without Ray, and how long each took.
"""

import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from ray.cluster_utils import Cluster

from extractor.batch.outputs import DOCUMENTS_FILE
from extractor.batch.pool import PoolSettings
from extractor.batch.ray_engine import RaySettings
from extractor.batch.run import BatchSettings, run_batch
from tests.batch.archive_run import tables_of
from tests.batch.made_archive import make_archive
from tests.batch.stubs import make_slow_phrase_reader


@dataclass(frozen=True)
class Outcome:
    """Of both runs."""

    n_documents: int
    n_errors: int
    same_tables: bool
    n_nodes_at_end: int
    local_s: float
    ray_s: float


def run(folder: Path, *, n_files: int, remove_after_s: float) -> Outcome:
    """Read an archive without and with Ray, where a node goes in the middle."""
    archive = folder / "archive"
    make_archive(archive, n_files)
    pool = PoolSettings(n_workers=2, timeout_s=60.0)
    local = BatchSettings(archive, folder / "local", pool=pool)
    started = time.monotonic()
    run_batch(local, lambda counts: None, make_slow_phrase_reader)
    local_s = time.monotonic() - started
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
    cluster.wait_for_nodes()
    on_ray = BatchSettings(
        archive,
        folder / "ray",
        pool=pool,
        ray=RaySettings(str(archive), str(folder / "ray" / "parts"), cluster.address),
    )
    threading.Timer(remove_after_s, cluster.remove_node, (nodes[1],)).start()
    started = time.monotonic()
    run_batch(on_ray, lambda counts: None, make_slow_phrase_reader)
    ray_s = time.monotonic() - started
    tables, ray_tables = tables_of(local.out), tables_of(on_ray.out)
    outcome = Outcome(
        n_documents=len(tables["documents"]),
        n_errors=sum(row["status"] == "error" for row in tables["documents"]),
        same_tables=tables == ray_tables
        and (local.out / DOCUMENTS_FILE).read_bytes() == (on_ray.out / DOCUMENTS_FILE).read_bytes(),
        n_nodes_at_end=len(cluster.list_all_nodes()),
        local_s=local_s,
        ray_s=ray_s,
    )
    cluster.shutdown()
    return outcome


def main() -> None:
    """Run and print."""
    n_files = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as folder:
        print(run(Path(folder), n_files=n_files, remove_after_s=15.0))


if __name__ == "__main__":
    main()
