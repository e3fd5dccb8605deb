"""Finds the files of an archive: a folder tree with the members of its zip files and the mails of its mailboxes.

What cannot be opened is an `Unopened` entry, so that nothing is lost silently. Links to folders are not followed.
"""

import os
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

from extractor.errors import CorruptFile, EncryptedFile, ExtractorError, LimitExceeded, UnreadableFile
from extractor.ingest import Limits
from extractor.pipeline import read_bytes

MAX_ZIP_DEPTH: Final = 3
"""Zip files within each other."""
_IGNORED_NAMES: Final = frozenset(("thumbs.db", "desktop.ini", "__macosx", "lost+found"))
_IGNORED_STARTS: Final = (".", "~$")
_MAILBOXES: Final = (".mbox", ".mbx")
_SEPARATOR: Final = re.compile(rb"From \S{1,320}\s[^\n]{0,60}\d{1,2}:\d{2}")
_SEPARATOR_BYTES: Final = 400
_ENCRYPTED_FLAG: Final = 0x1
_FIRST_YEAR: Final = 1980
_CHUNK_BYTES: Final = 1 << 20
_ZIP_ERRORS: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, KeyError, OSError)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file to read; `path` is relative to the archive, with "/", and goes on within zip files and mailboxes."""

    path: str
    modified: datetime | None
    read: Callable[[], bytes]
    """Raises UnreadableFile where the bytes cannot be had."""


@dataclass(frozen=True, slots=True)
class Unopened:
    """A file or container that cannot be opened, and why."""

    path: str
    error: ExtractorError


def iter_entries(archive: Path, *, limits: Limits, leave_out: Path | None = None) -> Iterator[Entry | Unopened]:
    """What is in a folder, a zip file, a mailbox or a single file, each folder in order of its names.

    Args:
        leave_out: a folder that is not looked into: that of the output.
    """
    if archive.is_dir():
        yield from _of_folder(archive, "", limits, leave_out.resolve() if leave_out else None)
    else:
        yield from _of_file(archive, archive.name, limits)


def entries_of(content: bytes, path: str, modified: datetime | None, *, limits: Limits) -> Iterator[Entry | Unopened]:
    """What is in a file whose bytes are at hand: itself, or the members of a zip file or mailbox."""
    suffix = Path(path).suffix.lower()
    if suffix == ".zip":
        yield from _of_zip(BytesIO(content), path, limits, depth=1)
    elif suffix in _MAILBOXES:
        yield from _of_mailbox(BytesIO(content), path, modified, limits)
    else:
        yield Entry(path, modified, partial(bytes, content))


def is_ignored(path: str) -> bool:
    """Whether a file of an archive is none of its documents: hidden, a lock or a file of the system."""
    return any(_is_ignored(part) for part in path.split("/"))


def _of_folder(folder: Path, prefix: str, limits: Limits, leave_out: Path | None) -> Iterator[Entry | Unopened]:
    try:
        found = sorted(os.scandir(folder), key=lambda item: item.name)
    except OSError as error:
        yield Unopened(prefix or folder.name, UnreadableFile((error.strerror or "cannot be opened").lower()))
        return
    for item in found:
        if _is_ignored(item.name):
            continue
        path = prefix + _printable(item.name)
        if item.is_dir(follow_symlinks=False):
            if leave_out is None or Path(item.path).resolve() != leave_out:
                yield from _of_folder(Path(item.path), path + "/", limits, leave_out)
        elif item.is_file():
            yield from _of_file(Path(item.path), path, limits)
        elif not item.is_dir():
            yield Unopened(path, UnreadableFile("no regular file"))


def _of_file(file: Path, path: str, limits: Limits) -> Iterator[Entry | Unopened]:
    suffix = file.suffix.lower()
    if suffix == ".zip":
        yield from _of_zip(file, path, limits, depth=1)
    elif suffix in _MAILBOXES or (not suffix and _begins_as_mailbox(file)):
        try:
            with file.open("rb") as stream:
                yield from _of_mailbox(stream, path, _modified(file), limits)
        except OSError as error:
            yield Unopened(path, UnreadableFile((error.strerror or "cannot be opened").lower()))
    else:
        yield Entry(path, _modified(file), lambda: read_bytes(file, limits.max_file_bytes))


def _begins_as_mailbox(file: Path) -> bool:
    """Whether a file without an ending is a folder of mails, as Thunderbird and mutt name them."""
    try:
        with file.open("rb") as stream:
            return _SEPARATOR.match(stream.read(_SEPARATOR_BYTES)) is not None
    except OSError:
        return False


def _of_zip(file: Path | BytesIO, path: str, limits: Limits, *, depth: int) -> Iterator[Entry | Unopened]:
    try:
        with zipfile.ZipFile(file) as archive:
            members = sorted(archive.infolist(), key=lambda member: member.filename)
            if len(members) > limits.max_members * 20:
                raise LimitExceeded(f"a zip file of more than {limits.max_members * 20} members")
            for member in members:
                yield from _of_member(archive, member, f"{path}/{_printable(member.filename)}", limits, depth)
    except ExtractorError as error:
        yield Unopened(path, error)
    except _ZIP_ERRORS:
        yield Unopened(path, CorruptFile("the zip file is damaged"))


def _of_member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: str, limits: Limits, depth: int
) -> Iterator[Entry | Unopened]:
    if member.is_dir() or any(_is_ignored(part) for part in Path(member.filename).parts):
        return
    suffix = Path(member.filename).suffix.lower()
    if suffix != ".zip" and suffix not in _MAILBOXES:
        yield Entry(path, _moment(member), lambda: _expand(archive, member, limits))
        return
    try:
        content = BytesIO(_expand(archive, member, limits))
        if suffix == ".zip" and depth >= MAX_ZIP_DEPTH:
            raise LimitExceeded(f"more than {MAX_ZIP_DEPTH} zip files within each other")
    except ExtractorError as error:
        yield Unopened(path, error)
        return
    if suffix == ".zip":
        yield from _of_zip(content, path, limits, depth=depth + 1)
    else:
        yield from _of_mailbox(content, path, _moment(member), limits)


def _expand(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limits: Limits) -> bytes:
    """The bytes of a member, never more than one beyond the limit.

    Raises:
        UnreadableFile: the member is encrypted, damaged, or expands too far.
    """
    if member.flag_bits & _ENCRYPTED_FLAG:
        raise EncryptedFile("a member of the zip file needs a password")
    expanded = bytearray()
    try:
        with archive.open(member) as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                expanded += chunk
                too_dense = len(expanded) > max(_CHUNK_BYTES * 10, member.compress_size * limits.max_expansion_ratio)
                if len(expanded) > limits.max_file_bytes or too_dense:
                    raise LimitExceeded("a member of the zip file expands too far")
    except _ZIP_ERRORS as error:
        raise CorruptFile("a member of the zip file is damaged") from error
    return bytes(expanded)


def _of_mailbox(stream: BinaryIO, path: str, modified: datetime | None, limits: Limits) -> Iterator[Entry | Unopened]:
    number = 0
    for number, mail in enumerate(_iter_mails(stream, limits.max_file_bytes), start=1):
        yield Entry(f"{path}/{number:06d}.eml", modified, partial(bytes, mail))
    if number == 0:
        yield Unopened(path, CorruptFile("the mailbox holds no mail"))


def _iter_mails(stream: BinaryIO, max_bytes: int) -> Iterator[bytearray]:
    """The mails of an mbox (RFC 4155), each behind a line "From sender date"; cut one byte over the limit."""
    mail: bytearray | None = None
    is_after_blank = True
    while line := stream.readline(_CHUNK_BYTES):
        if is_after_blank and _SEPARATOR.match(line):
            if mail is not None:
                yield mail
            mail = bytearray()
        elif mail is not None:
            mail += line[: max_bytes + 1 - len(mail)]
        is_after_blank = line in (b"\n", b"\r\n")
    if mail is not None:
        yield mail


def _modified(file: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except (OSError, ValueError, OverflowError):
        return None


def _moment(member: zipfile.ZipInfo) -> datetime | None:
    """When a member was changed; zip files tell no time zone."""
    try:
        return datetime(*member.date_time, tzinfo=UTC) if member.date_time[0] > _FIRST_YEAR else None
    except ValueError:
        return None


def _is_ignored(name: str) -> bool:
    return name.startswith(_IGNORED_STARTS) or name.lower() in _IGNORED_NAMES


def _printable(name: str) -> str:
    """A name that can be written as UTF-8."""
    return os.fsencode(name).decode("utf-8", errors="replace").replace("\\", "/").strip("/")
