import os
import resource
import signal
import stat
import sys
import threading
from pathlib import Path

import pytest

from extractor.errors import CorruptFile, EmptyFile, LimitExceeded, MissingProgram, UnreadableFile
from extractor.ingest import IsolatedReader, Limits, read, read_all, read_isolated, read_path
from extractor.ingest import isolation as isolation_module
from extractor.ingest.isolation import record_of, source_of
from extractor.ingest.programs import recognise
from extractor.ingest.worker import answer, set_limits
from tests.ingest.files import PdfMaker, docx_of, p

RTF = b"{\\rtf1 Minutes}"


def pdf() -> bytes:
    maker = PdfMaker()
    maker.text(60, 100, "Minutes of the Board")
    return maker.done()


def install(folder: Path, name: str, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program of that name, alone in the path."""
    path = folder / name
    path.write_text(f"#!{sys.executable}\nimport sys, os, time, pathlib\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(folder))


def test_the_child_reads_what_the_parent_reads() -> None:
    with IsolatedReader() as reader:
        assert reader.read(pdf(), "a.pdf") == read(pdf(), "a.pdf")
        first = reader._process
        with pytest.raises(EmptyFile):
            reader.read(b" ", "a.txt")
        assert reader.read("Łuk".encode("cp1250"), "a.txt", encoding="cp1250").text == "Łuk"
        assert reader._process is first
        assert first is not None
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
        assert reader.read(b"Minutes", "a.txt").text == "Minutes"
        assert reader._process is not first


def test_one_call() -> None:
    assert [source.text for source in read_isolated(b"Minutes", "a.txt")] == ["Minutes"]
    with pytest.raises(LimitExceeded):
        read_isolated(b"Minutes", "a.txt", Limits(max_file_bytes=3))


def test_time_limit_ends_the_child_and_its_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(
        tmp_path,
        "soffice",
        f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(os.getpid())); time.sleep(600)",
        monkeypatch,
    )
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    reader = IsolatedReader(Limits(max_wall_s=4.0))
    with pytest.raises(LimitExceeded, match="seconds"):
        reader.read(RTF, "a.rtf")
    pid = int((tmp_path / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not list(tmp_path.glob("minutes-*"))


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ("os.kill(os.getpid(), signal.SIGXCPU)", LimitExceeded),
        ("os.kill(os.getpid(), signal.SIGKILL)", LimitExceeded),
        ("os.kill(os.getpid(), signal.SIGSEGV)", CorruptFile),
        (
            "sys.stdout.buffer.write((3_000_000_000).to_bytes(8, 'big')); sys.stdout.flush(); sys.stdin.read()",
            LimitExceeded,
        ),
    ],
)
def test_death_of_the_child(
    script: str, error: type[UnreadableFile], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_worker.py").write_text(f"import os, signal, sys\nsys.stdin.buffer.read(8)\n{script}\n")
    install(
        tmp_path,
        "python",
        f"os.execv({sys.executable!r}, [{sys.executable!r}, {str(tmp_path / 'broken_worker.py')!r}])",
        monkeypatch,
    )
    monkeypatch.setattr(isolation_module.sys, "executable", str(tmp_path / "python"))
    with IsolatedReader() as reader, pytest.raises(error):
        reader.read(b"Minutes", "a.txt")


def test_memory_limit() -> None:
    with pytest.raises(LimitExceeded):
        read_isolated(b"word " * 12_000_000, "a.txt", Limits(max_memory_bytes=200_000_000))


def test_answer_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("extractor.ingest.worker.set_limits", lambda limits: None)
    header = {"name": "a.txt", "encoding": None, "ocr": False, "limits": {}}
    record = answer(header, b"Minutes")["sources"][0]
    assert source_of(record) == read(b"Minutes", "a.txt")
    assert answer(header, b"")["error"] == "EmptyFile"
    monkeypatch.setattr("extractor.ingest.worker.read_all", _raise(MemoryError()))
    assert answer(header, b"x")["error"] == "LimitExceeded"
    monkeypatch.setattr("extractor.ingest.worker.read_all", _raise(KeyError("secret words")))
    assert answer(header, b"x") == {"error": "UnreadableFile", "message": "the reader failed with KeyError"}


def test_limits_of_the_child(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[int, int] = {}
    monkeypatch.setattr("resource.setrlimit", lambda kind, limits: given.update({kind: limits[0]}))
    set_limits(Limits(max_memory_bytes=10**9, max_cpu_s=50))
    assert given[resource.RLIMIT_AS] == 10**9
    assert given[resource.RLIMIT_CPU] > 50
    assert given[resource.RLIMIT_CORE] == 0


def _raise(error: Exception):  # type: ignore[no-untyped-def]
    def read_nothing(*arguments: object, **options: object) -> None:
        raise error

    return read_nothing


def test_records_keep_everything() -> None:
    source = read(pdf(), "a.pdf")
    assert source.words
    assert source.blocks
    assert source_of(record_of(source)) == source


def test_conversion_of_office_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ready.docx").write_bytes(docx_of(p("Minutes")))
    script = (
        "out = pathlib.Path(sys.argv[sys.argv.index('--outdir') + 1]); out.mkdir()\n"
        f"(out / 'in.docx').write_bytes(pathlib.Path({str(tmp_path / 'ready.docx')!r}).read_bytes())\n"
        f"pathlib.Path({str(tmp_path / 'folder')!r}).write_text(str(out.parent))"
    )
    install(tmp_path, "soffice", script, monkeypatch)
    source = read(RTF, "a.rtf")
    assert (source.text, source.media_type) == ("Minutes", "application/rtf")
    assert not Path((tmp_path / "folder").read_text()).exists()
    doc = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "WordDocument".encode("utf-16-le")
    assert read(doc, "a.doc").media_type == "application/msword"


def test_conversion_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "soffice", "sys.exit(1)", monkeypatch)
    with pytest.raises(CorruptFile, match="LibreOffice"):
        read(RTF, "a.rtf")
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(MissingProgram, match="LibreOffice"):
        read(RTF, "a.rtf")


def test_recognition_goes_through_the_same_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ready.pdf").write_bytes(pdf())
    install(
        tmp_path,
        "ocrmypdf",
        f"pathlib.Path(sys.argv[-1]).write_bytes(pathlib.Path({str(tmp_path / 'ready.pdf')!r}).read_bytes())",
        monkeypatch,
    )
    maker = PdfMaker()
    maker.picture()
    source = read(maker.done(), "scan.pdf", ocr=True)
    assert (source.text, source.warnings) == ("Minutes of the Board", ())
    assert recognise(b"%PDF-", Limits()) == pdf()


def test_paths(tmp_path: Path) -> None:
    path = tmp_path / "minutes.txt"
    path.write_bytes(b"Minutes")
    assert read_path(path) == read(b"Minutes", "minutes.txt")
    with pytest.raises(LimitExceeded):
        read_path(path, limits=Limits(max_file_bytes=3))


def test_threads_may_read_pdfs_at_once() -> None:
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(read_all(pdf(), "a.pdf")[0].text)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["Minutes of the Board"] * 4
