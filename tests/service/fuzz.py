"""Schemathesis over the OpenAPI document: `python -m tests.service.fuzz [OPTION…]`, its options pass through."""

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.service.live import serving


def main() -> int:
    """Run it against a service of its own; its exit code."""
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), {"max_json_bytes": 100_000}) as live:
        command = [sys.executable, "-m", "schemathesis.cli", "run", f"{live.url}/openapi.json", *sys.argv[1:]]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
