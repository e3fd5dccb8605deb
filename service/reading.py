"""Turns the bytes of a request into records, in the way of the command line: isolated reading, then the pipeline."""

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Self

from spacy.language import Language

from extractor.ingest import IsolatedReader, Limits, SourceText
from extractor.ingest.characters import clean
from extractor.ingest.source import plain_source
from extractor.normalize.dates import PartialDate
from extractor.pipeline import extract_source, load
from extractor.schema import Minutes
from service.settings import Settings

_MODEL_LOCK = threading.Lock()
"""The model uses all cores for one document; a second one beside it would only make both slower."""


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """What the caller asked for."""

    encoding: str | None = None
    ocr: bool = False
    is_text: bool = False
    """Whether the bytes are a plain text in UTF-8 that a request in JSON held."""
    paperless_id: int | None = None
    """The document of Paperless-ngx that the result is written to."""
    meeting_date: str | None = None
    """YYYY, YYYY-MM or YYYY-MM-DD: when the meeting was, should the text not say it."""

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Self:
        """From the JSON of a job; unknown names are an error."""
        return cls(**options)


def limits_of(settings: Settings) -> Limits:
    """The bounds of one document."""
    return Limits(
        max_file_bytes=settings.max_body_bytes,
        max_memory_bytes=settings.parse_memory_bytes,
        max_cpu_s=settings.parse_cpu_s,
        max_wall_s=settings.parse_wall_s,
    )


class DocumentReader:
    """Reads one document at a time; each thread needs its own. The pipeline is shared."""

    def __init__(self, settings: Settings, nlp: Language | None = None) -> None:
        self._reader = IsolatedReader(limits_of(settings))
        self._nlp = nlp or load(settings.model)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the child process."""
        self._reader.close()

    def read(self, data: bytes, name: str, options: ReadingOptions) -> list[Minutes]:
        """The records of a file: one, or of a mail also those of its attachments. Each holds its text.

        Raises:
            extractor.errors.UnreadableFile: one of its subclasses says why.
        """
        return [self._extract(source) for source in self._sources(data, name, options)]

    def _sources(self, data: bytes, name: str, options: ReadingOptions) -> list[SourceText]:
        if options.is_text:
            sources = [text_source(data.decode(), name)]
        else:
            sources = self._reader.read_all(data, name, encoding=options.encoding, ocr=options.ocr)
        date = PartialDate.fromisoformat(options.meeting_date) if options.meeting_date else None
        return [replace(source, meeting_date=date) for source in sources]

    def _extract(self, source: SourceText) -> Minutes:
        with _MODEL_LOCK:
            minutes = extract_source(source, nlp=self._nlp)
        return minutes.model_copy(update={"text": source.text})


def text_source(text: str, name: str) -> SourceText:
    """A text that came as such, its line ends made LF; the checksum is that of its UTF-8 as it came."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    return replace(plain_source(clean(text), name), sha256=digest)
