"""A PostgreSQL server of the tests' own, on a loopback port, from the system's packages."""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class NoServer(Exception):
    """PostgreSQL is not there, or does not start; the message says which."""


def find_programs() -> Path:
    """The folder of initdb and pg_ctl.

    Raises:
        NoServer: there is none.
    """
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    if not found and on_path is None:
        raise NoServer("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    return found[-1].parent if found else Path(str(on_path)).parent


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """The URL of a server whose files are in the folder; it ends with the `with` statement.

    Raises:
        NoServer: it is not installed or does not start.
    """
    programs, port = find_programs(), free_port()
    data = folder / "data"
    user = _owner(folder)
    _run([programs / "initdb", "-D", data, "-U", "minutes", "--auth=trust", "--encoding=UTF8", "--no-sync"], user)
    options = f"-h 127.0.0.1 -p {port} -k '' -c max_connections=60"
    _run([programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start"], user)
    try:
        yield f"postgresql+psycopg://minutes@127.0.0.1:{port}/postgres"
    finally:
        _run([programs / "pg_ctl", "-D", data, "-m", "immediate", "stop"], user)


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _owner(folder: Path) -> str | None:
    """The user who runs the server: PostgreSQL refuses to be run by root."""
    if os.getuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("postgres")
    except KeyError as error:
        raise NoServer("there is no user postgres") from error
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    for parent in [folder, *folder.parents][:-2]:
        parent.chmod(parent.stat().st_mode | 0o011)
    return "postgres"


def _run(command: list[object], user: str | None) -> None:
    done = subprocess.run(
        [str(part) for part in command], user=user, cwd="/", check=False, capture_output=False,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode:
        raise NoServer(f"{Path(str(command[0])).name} failed with {done.returncode}")
