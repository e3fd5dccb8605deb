"""Zip packages of office documents, opened within limits, and their XML parts as a stream of events."""

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final, Protocol

from lxml import etree

from extractor.errors import CorruptFile, EncryptedFile, LimitExceeded
from extractor.ingest.limits import Limits

_CHUNK_BYTES: Final = 1 << 16
_RATIO_FROM_BYTES: Final = 10_000_000
_ENCRYPTED_FLAG: Final = 0x1
_ZIP_ERRORS: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, KeyError, OSError)


class Events(Protocol):
    """What hears the elements of an XML part, in order."""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def end(self, tag: str) -> None:
        """An element ends."""

    def data(self, text: str) -> None:
        """Characters; a stretch may come in pieces."""


@dataclass(slots=True)
class Package:
    """An open archive that counts what it has expanded."""

    archive: zipfile.ZipFile
    limits: Limits
    n_expanded: int = 0

    @property
    def names(self) -> frozenset[str]:
        """The names of the members."""
        return frozenset(self.archive.namelist())

    def chunks(self, name: str) -> Iterator[bytes]:
        """A member in pieces.

        Raises:
            CorruptFile: the member is missing or damaged.
            LimitExceeded: it expands too far.
        """
        n_bytes = 0
        try:
            member = self.archive.getinfo(name)
            compressed = max(1, member.compress_size)
            with self.archive.open(member) as stream:
                while chunk := stream.read(_CHUNK_BYTES):
                    n_bytes += len(chunk)
                    self._count(len(chunk), n_bytes, compressed)
                    yield chunk
        except _ZIP_ERRORS as error:
            raise CorruptFile("a part of the archive is missing or damaged") from error

    def _count(self, n_chunk: int, n_member: int, compressed: int) -> None:
        self.n_expanded += n_chunk
        if self.n_expanded > self.limits.max_expanded_bytes:
            raise LimitExceeded(f"the archive expands to more than {self.limits.max_expanded_bytes} bytes")
        if n_member > _RATIO_FROM_BYTES and n_member > compressed * self.limits.max_expansion_ratio:
            raise LimitExceeded(f"a part expands to more than {self.limits.max_expansion_ratio} times its size")

    def read(self, name: str) -> bytes:
        """A whole member; meant for small ones."""
        return b"".join(self.chunks(name))

    def parse(self, name: str, events: Events) -> None:
        """Send the elements of an XML member to `events`.

        Raises:
            CorruptFile: it is not well-formed, or declares entities.
            LimitExceeded: it nests too deep or expands too far.
        """
        target = _Guard(events, self.limits.max_depth)
        parser = etree.XMLParser(target=target, resolve_entities=False, no_network=True, load_dtd=False)
        try:
            for chunk in self.chunks(name):
                parser.feed(chunk)
            parser.close()
        except etree.XMLSyntaxError as error:
            raise CorruptFile("a part of the archive is not well-formed XML") from error


class _Guard:
    """Refuses document types and deep nesting before the events are heard."""

    def __init__(self, events: Events, max_depth: int) -> None:
        self.events = events
        self.max_depth = max_depth
        self.depth = 0

    def start(self, tag: str | bytes, attrib: Any) -> None:
        self.depth += 1
        if self.depth > self.max_depth:
            raise LimitExceeded(f"more than {self.max_depth} elements within each other")
        self.events.start(str(tag), dict(attrib))

    def end(self, tag: str | bytes) -> None:
        self.depth -= 1
        self.events.end(str(tag))

    def data(self, data: str | bytes) -> None:
        self.events.data(str(data))

    def doctype(self, name: str, public_id: str | None, system_url: str | None) -> None:
        raise CorruptFile("a part of the archive declares a document type")

    def comment(self, text: str | bytes) -> None:
        return None

    def pi(self, target: str, text: str | None = None) -> None:
        return None

    def close(self) -> None:
        return None


def open_package(data: bytes, limits: Limits) -> Package:
    """The archive in `data`.

    Raises:
        CorruptFile: it is no complete zip archive.
        LimitExceeded: it has too many members.
        EncryptedFile: a member needs a password.
    """
    try:
        archive = zipfile.ZipFile(BytesIO(data))
    except _ZIP_ERRORS as error:
        raise CorruptFile("the zip archive is incomplete or damaged") from error
    members = archive.infolist()
    if len(members) > limits.max_members:
        raise LimitExceeded(f"{len(members)} entries in the archive, more than {limits.max_members}")
    if any(member.flag_bits & _ENCRYPTED_FLAG for member in members):
        raise EncryptedFile("the archive needs a password")
    return Package(archive, limits)
