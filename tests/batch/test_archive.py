"""Every file of an archive is an entry, or an error with a reason."""

import io
import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from extractor.batch.archive import Entry, Unopened, iter_entries
from extractor.errors import CorruptFile, EncryptedFile, LimitExceeded, UnreadableFile
from extractor.ingest import Limits

MAILS = (
    b"From a@b.example Mon Jan  5 10:00:00 2015\nSubject: one\n\nFrom here on we agree.\n\n"
    b"From c@d.example Tue Jan  6 10:00:00 2015\nSubject: two\n\nText\n"
)


def zipped(members: dict[str, bytes], *, encrypted: bool = False) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2014, 5, 6, 7, 8, 10)), content, zipfile.ZIP_DEFLATED)
    data = bytearray(out.getvalue())
    if encrypted:
        for mark, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
            data[data.index(mark) + offset] |= 1
    return bytes(data)


def read_all(archive: Path, limits: Limits | None = None) -> dict[str, bytes | str]:
    """Path to content, or to the name of the error."""
    found: dict[str, bytes | str] = {}
    for entry in iter_entries(archive, limits=limits or Limits()):
        if isinstance(entry, Unopened):
            found[entry.path] = type(entry.error).__name__
            continue
        try:
            found[entry.path] = entry.read()
        except UnreadableFile as error:
            found[entry.path] = type(error).__name__
    return found


def test_folders_zips_and_mailboxes(tmp_path: Path) -> None:
    (tmp_path / "2019" / "may").mkdir(parents=True)
    (tmp_path / "2019" / "may" / "b.txt").write_bytes(b"B")
    (tmp_path / "2019" / "a.txt").write_bytes(b"A")
    (tmp_path / "box.mbox").write_bytes(MAILS)
    inner = zipped({"deep/c.txt": b"C", "inbox.mbox": MAILS})
    (tmp_path / "pack.zip").write_bytes(zipped({"in.zip": inner, "d.txt": b"D", "folder/": b""}))
    found = read_all(tmp_path)
    assert list(found) == [
        "2019/a.txt",
        "2019/may/b.txt",
        "box.mbox/000001.eml",
        "box.mbox/000002.eml",
        "pack.zip/d.txt",
        "pack.zip/in.zip/deep/c.txt",
        "pack.zip/in.zip/inbox.mbox/000001.eml",
        "pack.zip/in.zip/inbox.mbox/000002.eml",
    ]
    assert found["pack.zip/in.zip/deep/c.txt"] == b"C"
    assert found["box.mbox/000001.eml"] == b"Subject: one\n\nFrom here on we agree.\n\n"
    assert found["box.mbox/000002.eml"] == found["pack.zip/in.zip/inbox.mbox/000002.eml"] == b"Subject: two\n\nText\n"


def test_a_zip_file_or_a_single_file_is_an_archive(tmp_path: Path) -> None:
    (tmp_path / "pack.zip").write_bytes(zipped({"d.txt": b"D"}))
    (tmp_path / "one.txt").write_bytes(b"1")
    assert read_all(tmp_path / "pack.zip") == {"pack.zip/d.txt": b"D"}
    assert read_all(tmp_path / "one.txt") == {"one.txt": b"1"}


def test_what_is_no_document_of_anybody_is_left_out(tmp_path: Path) -> None:
    for name in (".DS_Store", "Thumbs.db", "~$draft.docx", "kept.txt"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_bytes(b"x")
    (tmp_path / "mac.zip").write_bytes(zipped({"__MACOSX/._a.txt": b"x", "a.txt": b"x"}))
    assert list(read_all(tmp_path)) == ["kept.txt", "mac.zip/a.txt"]


def test_links_to_folders_and_the_output_are_left_out(tmp_path: Path) -> None:
    out = tmp_path / "tables"
    out.mkdir()
    (out / "documents.jsonl").write_bytes(b"{}")
    (tmp_path / "a.txt").write_bytes(b"A")
    os.symlink(tmp_path, tmp_path / "round")
    entries = list(iter_entries(tmp_path, limits=Limits(), leave_out=out))
    assert [entry.path for entry in entries] == ["a.txt"]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"PK\x03\x04 and no more", CorruptFile),
        (zipped({"a.txt": b"A"})[:-30], CorruptFile),
        (zipped({"1.zip": zipped({"2.zip": zipped({"3.zip": zipped({"4.txt": b"4"})})})}), LimitExceeded),
    ],
)
def test_a_zip_file_that_cannot_be_opened(tmp_path: Path, content: bytes, error: type[Exception]) -> None:
    (tmp_path / "a.zip").write_bytes(content)
    (tmp_path / "b.txt").write_bytes(b"B")
    found = read_all(tmp_path)
    assert list(found.values()) == [error.__name__, b"B"]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (zipped({"a.txt": b"A"}, encrypted=True), EncryptedFile),
        (zipped({"a.txt": b"0" * 30_000_000}), LimitExceeded),
    ],
)
def test_a_member_that_cannot_be_read(tmp_path: Path, content: bytes, error: type[Exception]) -> None:
    (tmp_path / "a.zip").write_bytes(content)
    assert read_all(tmp_path) == {"a.zip/a.txt": error.__name__}


def test_more_members_than_allowed(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped({f"{n}.txt": b"x" for n in range(41)}))
    assert read_all(tmp_path, Limits(max_members=2)) == {"a.zip": "LimitExceeded"}


def test_a_mailbox_without_an_ending(tmp_path: Path) -> None:
    (tmp_path / "Inbox").write_bytes(MAILS)
    (tmp_path / "README").write_bytes(b"From here on")
    assert list(read_all(tmp_path)) == ["Inbox/000001.eml", "Inbox/000002.eml", "README"]


def test_a_mailbox_without_mail(tmp_path: Path) -> None:
    (tmp_path / "a.mbox").write_bytes(b"no mail at all\n")
    assert read_all(tmp_path) == {"a.mbox": "CorruptFile"}


def test_when_a_file_was_changed(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped({"a.txt": b"A"}))
    (tmp_path / "b.txt").write_bytes(b"B")
    moment = datetime(2011, 3, 4, 5, 6, 7, tzinfo=UTC)
    os.utime(tmp_path / "b.txt", (moment.timestamp(), moment.timestamp()))
    entries = [entry for entry in iter_entries(tmp_path, limits=Limits()) if isinstance(entry, Entry)]
    assert [entry.modified for entry in entries] == [datetime(2014, 5, 6, 7, 8, 10, tzinfo=UTC), moment]


def test_a_name_that_is_no_utf_8(tmp_path: Path) -> None:
    with open(os.path.join(os.fsencode(tmp_path), b"caf\xe9.txt"), "wb") as file:
        file.write(b"A")
    assert read_all(tmp_path) == {"caf\ufffd.txt": b"A"}
