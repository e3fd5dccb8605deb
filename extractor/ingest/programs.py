"""Programs that are not part of the package: LibreOffice for DOC and RTF, ocrmypdf for scanned pages."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from extractor.errors import CorruptFile, LimitExceeded, MissingProgram
from extractor.ingest.limits import Limits

_OFFICE: Final = ("soffice", "libreoffice")


def convert_to_docx(data: bytes, suffix: str, limits: Limits) -> bytes:
    """A DOC or RTF file as DOCX, made by LibreOffice in a private folder that is removed afterwards.

    Raises:
        MissingProgram: LibreOffice is not installed.
        CorruptFile: LibreOffice cannot read the file.
        LimitExceeded: it takes too long.
    """
    program = next((path for name in _OFFICE if (path := shutil.which(name))), None)
    if program is None:
        raise MissingProgram("DOC and RTF need LibreOffice (the program soffice), which is not installed")
    with tempfile.TemporaryDirectory(prefix="minutes-", ignore_cleanup_errors=True) as folder:
        source = Path(folder, "in" + suffix)
        source.write_bytes(data)
        profile = Path(folder, "profile").as_uri()
        _run(
            [
                *(
                    program,
                    f"-env:UserInstallation={profile}",
                    "--headless",
                    "--norestore",
                    "--nologo",
                    "--nolockcheck",
                ),
                *("--convert-to", "docx", "--outdir", str(Path(folder, "out")), str(source)),
            ],
            Path(folder),
            limits,
        )
        return _result(Path(folder, "out", "in.docx"), "LibreOffice")


def recognise(data: bytes, limits: Limits) -> bytes:
    """A PDF whose scanned pages have a layer of text, made by ocrmypdf in a private folder that is removed afterwards.

    Raises:
        MissingProgram: ocrmypdf is not installed.
        CorruptFile: it cannot read the file.
        LimitExceeded: it takes too long.
    """
    program = shutil.which("ocrmypdf")
    if program is None:
        raise MissingProgram("scanned pages need OCRmyPDF (the program ocrmypdf), which is not installed")
    with tempfile.TemporaryDirectory(prefix="minutes-", ignore_cleanup_errors=True) as folder:
        source, target = Path(folder, "in.pdf"), Path(folder, "out.pdf")
        source.write_bytes(data)
        options = ["--skip-text", "--output-type", "pdf", "--quiet", "--jobs", "1"]
        _run([program, *options, str(source), str(target)], Path(folder), limits)
        return _result(target, "ocrmypdf")


def _run(command: Sequence[str], folder: Path, limits: Limits) -> None:
    """Run a program without output, at home in `folder`; when it is late, it is killed with all that it started."""
    environment = {**os.environ, "HOME": str(folder), "TMPDIR": str(folder)}
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=environment,
        process_group=0,
    ) as process:
        try:
            process.wait(limits.max_wall_s)
        except subprocess.TimeoutExpired as error:
            raise LimitExceeded(f"the conversion took more than {limits.max_wall_s:.0f} seconds") from error
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def _result(path: Path, program: str) -> bytes:
    if not path.is_file():
        raise CorruptFile(f"{program} cannot read the file")
    return path.read_bytes()
