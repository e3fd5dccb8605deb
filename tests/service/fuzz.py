"""Schemathesis over the OpenAPI document: `python -m tests.service.fuzz [OPTION…]`, its options pass through."""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from service.access import create_key
from service.database import database, writing
from tests.service.live import serving

DOCUMENTS: Final = "^/v1/(extract|jobs)"
NOT_ALL_ARE: Final = ("--exclude-checks", "positive_data_acceptance")
"""A file can fit the schema and still be no document that has a reader."""


def main() -> int:
    """Run it against a service of its own; its exit code."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        with database(f"sqlite:///{path / 'minutes.db'}") as engine, writing(engine) as connection:
            _, secret = create_key(connection, "fuzz", ["admin"])
        settings = {"max_json_bytes": 100_000, "require_keys": True, "requests_per_minute": 1_000_000}
        with serving(path, settings) as live:
            command = [sys.executable, "-m", "schemathesis.cli", "run", f"{live.url}/openapi.json", *sys.argv[1:]]
            command += ["-H", f"Authorization: Bearer {secret}", "-H", f"X-API-Key: {secret}"]
            parts = (["--include-path-regex", DOCUMENTS, *NOT_ALL_ARE], ["--exclude-path-regex", DOCUMENTS])
            return max(subprocess.run([*command, *part], check=False).returncode for part in parts)


if __name__ == "__main__":
    sys.exit(main())
