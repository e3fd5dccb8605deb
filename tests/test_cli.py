import io
import json
import subprocess
import sys
import zipfile
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from spacy.language import Language

from extractor import cli
from extractor.cli import EXIT_BAD_INPUT, EXIT_INTERRUPTED, EXIT_PIPE_CLOSED, MAX_STEM_BYTES, Output, main
from extractor.pipeline import MAX_CHARS
from extractor.schema import Minutes
from tests.ingest.files import PdfMaker, word_docx, zip_of
from tests.pipelines import TEXT, BrokenTagger, pipeline

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
SECRET = "Zaphrax"


@pytest.fixture(autouse=True)
def stub(monkeypatch: pytest.MonkeyPatch) -> Language:
    nlp = pipeline()
    monkeypatch.setattr(cli, "load", lambda folder: nlp)
    return nlp


def write(folder: Path, name: str, content: str | bytes = TEXT) -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def pdf(password: str | None = None) -> bytes:
    maker = PdfMaker(password=password)
    maker.text(50, 50, *(f"{SECRET} and Ann Lee were present {n}" for n in range(20)))
    return maker.done()


def mail() -> bytes:
    message = EmailMessage()
    message["Subject"] = "Minutes"
    message.set_content(TEXT)
    message.add_attachment(word_docx(TEXT.split("\n")), maintype="application", subtype="x", filename="board.docx")
    return message.as_bytes()


def broken_docx() -> bytes:
    data = bytearray(word_docx([SECRET] * 50))
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive:
        start = archive.getinfo("word/document.xml").header_offset
    data[start + 60 : start + 160] = b"\x00" * 100
    return bytes(data)


BAD_FILES: dict[str, Any] = {
    "empty.txt": lambda: b"",
    "blank.txt": lambda: b"\n" * 10_000_000,
    "picture.png": lambda: PNG,
    "picture.txt": lambda: PNG,
    "cut.pdf": lambda: pdf()[:300],
    "locked.pdf": lambda: pdf("secret"),
    "other.docx": lambda: zip_of({"readme.txt": SECRET}),
    "broken.docx": broken_docx,
    "letters.txt": lambda: b"a" * 10_000_000,
    "brackets.txt": lambda: b")" * 10_000_000,
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_gives_one_line_and_the_others_are_done(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    bad = write(tmp_path, name, BAD_FILES[name]())
    files = [write(tmp_path, "one.txt"), bad, write(tmp_path, "two.txt")]
    assert main(["extract", *files, "--out", str(tmp_path / "out")]) == EXIT_BAD_INPUT
    shown = capfd.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(f"minutes: {bad}: ")
    assert shown.err.count("\n") == 1
    assert len(shown.err) > len(f"minutes: {bad}: \n")
    assert SECRET not in shown.err
    assert "aaaa" not in shown.err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["one.json", "two.json"]


@pytest.mark.parametrize("sign", ["a", ")"])
def test_a_text_beyond_the_limit_is_refused_by_its_length(
    sign: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, "long.txt", sign * (MAX_CHARS + 1))
    assert main(["extract", path]) == EXIT_BAD_INPUT
    assert f"{MAX_CHARS + 1} characters, more than the {MAX_CHARS}" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "reason"), [("folder", "is a directory"), ("none.txt", "no such file or directory")])
def test_what_is_no_file_is_told(name: str, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "folder").mkdir()
    good = write(tmp_path, "good.txt")
    assert main(["extract", str(tmp_path / name), good]) == EXIT_BAD_INPUT
    shown = capsys.readouterr()
    assert shown.err == f"minutes: {tmp_path / name}: {reason}\n"
    assert json.loads(shown.out)["source"]["name"] == "good.txt"


def test_a_file_that_may_not_be_read_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, "locked.txt")

    opened = Path.open

    def refuse(self: Path, *arguments: Any, **options: Any) -> Any:
        if self == Path(path):
            raise PermissionError(13, "Permission denied", path)
        return opened(self, *arguments, **options)

    monkeypatch.setattr(Path, "open", refuse)
    assert main(["extract", path]) == EXIT_BAD_INPUT
    assert capsys.readouterr().err == f"minutes: {path}: permission denied\n"


def test_a_fault_in_one_document_shows_its_class_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    nlp = pipeline(BrokenTagger(SECRET))
    monkeypatch.setattr(cli, "load", lambda folder: nlp)
    bad = write(tmp_path, "bad.txt", f"{SECRET} was present.")
    assert main(["extract", bad, write(tmp_path, "good.txt")]) == EXIT_BAD_INPUT
    shown = capsys.readouterr()
    assert shown.err == f"minutes: {bad}: internal error (RuntimeError)\n"
    assert json.loads(shown.out)["source"]["name"] == "good.txt"


def test_one_file_gives_a_valid_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["extract", write(tmp_path, "hall.txt")]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    minutes = Minutes.model_validate_json(shown.out)
    assert minutes.text is not None
    assert [minutes.text[s.start : s.end] for s in minutes.spans] == [s.text for s in minutes.spans]
    assert [action.owners[0].text for action in minutes.actions] == ["Ann Lee"]
    assert json.loads(shown.out)["schema"] == "minutes/1"


def test_several_files_give_a_line_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [write(tmp_path, f"{n}.txt") for n in range(3)]
    assert main(["extract", *files]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [Minutes.model_validate_json(line).source.name for line in lines] == ["0.txt", "1.txt", "2.txt"]


def test_files_of_one_stem_get_files_of_their_own(tmp_path: Path) -> None:
    files = [write(tmp_path, name, f"{TEXT}{name}") for name in ("a/m.txt", "b/m.txt", "b/M.md")]
    assert main(["extract", *files, "--out", str(tmp_path / "out")]) == 0
    names = {path.name: json.loads(path.read_text())["text"][-5:] for path in (tmp_path / "out").iterdir()}
    assert names == {"m.json": "m.txt", "m-2.json": "m.txt", "M-3.json": "/M.md"}


def test_an_input_is_never_written_over(tmp_path: Path) -> None:
    page = f"<html><body><p>{TEXT}</p></body></html>"
    path = write(tmp_path, "m.html", page)
    assert main(["extract", path, "--format", "html", "--out", str(tmp_path)]) == 0
    assert Path(path).read_text() == page
    assert (tmp_path / "m-2.html").is_file()


def test_a_long_name_is_cut(tmp_path: Path) -> None:
    path = Output(tmp_path).path_of("ü" * 300 + ".txt", ".json")
    assert path is not None
    assert path.name == "ü" * (MAX_STEM_BYTES // 2) + ".json"


def test_the_text_can_be_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["extract", "--no-text", write(tmp_path, "hall.txt")]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["text"] is None
    assert record["spans"]


def test_the_encoding_can_be_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, "hall.txt", "Present: Ann Lee – Café".encode("cp1252"))
    assert main(["extract", "--encoding", "cp1252", path]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["text"].rstrip() == "Present: Ann Lee – Café"
    assert record["source"]["encoding"] == "cp1252"
    assert record["source"]["warnings"] == []


@pytest.mark.parametrize("encoding", ["klingon", "base64", "ascii"])
def test_an_encoding_that_does_not_fit_is_told(
    encoding: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, "hall.txt", "Café")
    assert main(["extract", "--encoding", encoding, path]) == EXIT_BAD_INPUT
    assert capsys.readouterr().err.count("\n") == 1


def test_a_mail_gives_its_body_and_its_attachment(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, "mail.eml", mail())
    assert main(["extract", path]) == 0
    names = [json.loads(line)["source"]["name"] for line in capsys.readouterr().out.splitlines()]
    assert names == ["mail.eml", "mail.eml/board.docx"]
    assert main(["extract", path, "--out", str(tmp_path / "out")]) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["mail.eml--board.json", "mail.json"]


def test_pages_of_several_documents_need_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [write(tmp_path, "a.txt"), write(tmp_path, "b.txt")]
    assert main(["extract", "--format", "html", *files]) == EXIT_BAD_INPUT
    assert "--out DIR" in capsys.readouterr().err
    assert main(["extract", "--format", "html", write(tmp_path, "mail.eml", mail())]) == EXIT_BAD_INPUT
    shown = capsys.readouterr()
    assert "--out DIR" in shown.err
    assert shown.out == ""


@pytest.mark.parametrize(
    ("form", "name", "sign"), [("table", "m.table.txt", "Actions (1)"), ("html", "m.html", "<mark")]
)
def test_formats_for_people(
    form: str, name: str, sign: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, "m.txt")
    assert main(["extract", "--format", form, path]) == 0
    assert sign in capsys.readouterr().out
    assert main(["extract", "--format", form, path, "--out", str(tmp_path / "out")]) == 0
    assert sign in (tmp_path / "out" / name).read_text(encoding="utf-8")


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, "m.txt")
    assert main(["extract", path, "--out", path]) == EXIT_BAD_INPUT
    assert capsys.readouterr().err == f"minutes: {path}: File exists\n"


def test_an_output_that_cannot_be_written_does_not_stop_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out" / "a.json").mkdir(parents=True)
    files = [write(tmp_path, "a.txt"), write(tmp_path, "b.txt")]
    assert main(["extract", *files, "--out", str(tmp_path / "out")]) == EXIT_BAD_INPUT
    assert capsys.readouterr().err == f"minutes: {files[0]}: {tmp_path / 'out' / 'a.json'}: Is a directory\n"
    assert (tmp_path / "out" / "b.json").is_file()


def test_a_model_that_is_none_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    assert main(["extract", "--model", str(tmp_path), write(tmp_path, "m.txt")]) == EXIT_BAD_INPUT
    assert capsys.readouterr().err == f"minutes: {tmp_path}: no SHA256SUMS, so not a released model\n"


def test_a_keyboard_interrupt_is_quiet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(folder: Path | None) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "load", interrupt)
    assert main(["extract", write(tmp_path, "m.txt")]) == EXIT_INTERRUPTED
    assert capsys.readouterr().err == ""


def test_a_closed_pipe_is_quiet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Closed())
    assert main(["extract", write(tmp_path, "m.txt")]) == EXIT_PIPE_CLOSED
    assert capsys.readouterr().err == ""


@pytest.mark.slow
def test_the_command_keeps_quiet_when_its_reader_goes_away(tmp_path: Path, repository: Path) -> None:
    files = [write(tmp_path, f"{n}.txt", TEXT * 30) for n in range(4)]
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "extractor.cli", "extract", *files],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=repository,
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == EXIT_PIPE_CLOSED


@pytest.mark.slow
@pytest.mark.parametrize("name", ["trust-board.docx", "finance-committee.pdf", "community-council.txt"])
def test_the_released_model_reads_the_samples(
    name: str,
    repository: Path,
    nlp: Language,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cli, "load", lambda folder: nlp)
    assert main(["extract", str(repository / "data" / "samples" / name)]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    minutes = Minutes.model_validate_json(shown.out)
    assert minutes.text is not None
    assert [minutes.text[s.start : s.end] for s in minutes.spans] == [s.text for s in minutes.spans]
    assert minutes.attendance
    assert minutes.actions
    assert minutes.decisions
    assert minutes.metrics


def test_a_table_of_several_files(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    files = [write(tmp_path, f"{n}.txt") for n in range(2)]
    assert main(["extract", "--format", "csv", *files, str(tmp_path / "none.txt")]) == EXIT_BAD_INPUT
    lines = capfdbinary.readouterr().out.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("Document,Body,Meeting,No,Action")
    assert [line.split(",")[0] for line in lines[1:]] == ["0.txt", "1.txt"]


@pytest.mark.parametrize(
    ("form", "start"), [("csv", b"\xef\xbb\xbfDocument"), ("xlsx", b"PK"), ("ics", b"BEGIN:VCALENDAR")]
)
def test_exports_into_a_folder(tmp_path: Path, form: str, start: bytes) -> None:
    assert main(["extract", "--format", form, "--out", str(tmp_path / "out"), write(tmp_path, "a.txt")]) == 0
    assert (tmp_path / "out" / f"a.{form}").read_bytes().startswith(start)


def test_the_date_of_the_meeting_can_be_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, "a.txt")
    assert main(["extract", path]) == 0
    assert json.loads(capsys.readouterr().out)["meeting"]["date"] is None
    assert main(["extract", "--meeting-date", "2019-05-04", path]) == 0
    minutes = json.loads(capsys.readouterr().out)
    assert minutes["meeting"]["date"] == "2019-05-04"
    assert minutes["actions"][0]["due"]["date"] == "2019-09"
    with pytest.raises(SystemExit):
        main(["extract", "--meeting-date", "May", path])


@pytest.mark.slow
def test_extracting_loads_no_library_of_other_commands(tmp_path: Path) -> None:
    page = tmp_path / "page.txt"
    page.write_text("Present: Ann Lee")
    code = (
        "import sys; from extractor.cli import main; "
        f"assert main(['extract', {str(page)!r}]) == 0; "
        "print(sorted({'openpyxl', 'datasets', 'fastapi', 'pyarrow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
