"""Nothing that a user runs may reach for the network, not even at import."""

import subprocess
import sys
from pathlib import Path

import pytest

WATCHED = """
import os, sys, threading
log = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
NETWORK = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto")
sys.addaudithook(lambda event, values: os.write(log, event.encode() + b"\\n") if event in NETWORK else None)
from extractor.cli import main
code = main(["extract", "--no-text", sys.argv[1]])
assert "spacy" in sys.modules and "openvino" in sys.modules
for thread in threading.enumerate():
    if thread is not threading.main_thread():
        thread.join(3)
sys.exit(code)
"""


@pytest.mark.slow
def test_extracting_a_file_reaches_for_no_network(repository: Path, tmp_path: Path) -> None:
    sample, log = repository / "data" / "samples" / "community-council.txt", tmp_path / "events"
    done = subprocess.run([sys.executable, "-c", WATCHED, str(sample), str(log)], capture_output=True, cwd=repository)
    assert done.returncode == 0, done.stderr
    assert log.read_text() == ""
