"""Turns the bytes of a request into records, in the way of the command line: isolated reading, then the pipeline."""

import hashlib
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Final, Self

from spacy.language import Language

from extractor.errors import ExtractorError
from extractor.ingest import IsolatedReader, Limits, SourceText
from extractor.ingest.characters import clean
from extractor.ingest.source import plain_source
from extractor.normalize.dates import PartialDate
from extractor.pipeline import extract_source, load, pipe
from extractor.schema import Minutes
from extractor.tagger import Report
from service.settings import Settings

_MODEL_LOCK = threading.Lock()
"""The model uses all cores for one document; a second one beside it would only make both slower."""
CHARS_TOGETHER: Final = 60_000
"""Of short texts that go through the model together; others wait for so long."""


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


@dataclass(frozen=True, slots=True)
class Progress:
    """Adds the shares of texts up to that of their file; a tenth is for reading it."""

    lengths: Sequence[int]
    report: Report | None

    def of(self, place: int) -> Report | None:
        """What hears the share of one of the texts."""
        report = self.report
        if report is None:
            return None
        whole = max(1, sum(self.lengths))
        before, length = sum(self.lengths[:place]) / whole, self.lengths[place] / whole
        return lambda share: report(0.1 + 0.9 * (before + length * share))


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

    def read(self, data: bytes, name: str, options: ReadingOptions, report: Report | None = None) -> list[Minutes]:
        """The records of a file: one, or of a mail also those of its attachments. Each holds its text.

        `report` hears how far it is.

        Raises:
            extractor.errors.UnreadableFile: one of its subclasses says why.
        """
        sources = self._sources(data, name, options)
        progress = Progress([len(source.text) for source in sources], report)
        return [self._extract(source, progress.of(place)) for place, source in enumerate(sources)]

    def read_many(self, items: Iterable[tuple[bytes, str, ReadingOptions]]) -> Iterator[list[Minutes] | Exception]:
        """For each file what `read` returns or raises, in order; short texts go through the model together."""
        group: list[list[SourceText] | ExtractorError] = []
        n_chars = 0
        for item in items:
            try:
                found: list[SourceText] | ExtractorError = self._sources(*item)
            except ExtractorError as error:
                found = error
            group.append(found)
            n_chars += sum(len(source.text) for source in found) if isinstance(found, list) else 0
            if n_chars >= CHARS_TOGETHER:
                yield from self._extract_all(group)
                group, n_chars = [], 0
        yield from self._extract_all(group)

    def _extract_all(self, group: Sequence[list[SourceText] | ExtractorError]) -> Iterator[list[Minutes] | Exception]:
        sources = [source for found in group if isinstance(found, list) for source in found]
        try:
            with _MODEL_LOCK:
                records = list(pipe(sources, nlp=self._nlp))
        except Exception:  # one of them fails: which, shows one by one
            for found in group:
                yield self._attempt(found)
            return
        queue = zip(records, sources, strict=True)
        for found in group:
            if isinstance(found, list):
                yield [_with_text(*next(queue)) for _ in found]
            else:
                yield found

    def _attempt(self, found: list[SourceText] | ExtractorError) -> list[Minutes] | Exception:
        if isinstance(found, ExtractorError):
            return found
        try:
            return [self._extract(source) for source in found]
        except Exception as error:
            return error

    def _sources(self, data: bytes, name: str, options: ReadingOptions) -> list[SourceText]:
        if options.is_text:
            sources = [text_source(data.decode(), name)]
        else:
            sources = self._reader.read_all(data, name, encoding=options.encoding, ocr=options.ocr)
        date = PartialDate.fromisoformat(options.meeting_date) if options.meeting_date else None
        return [replace(source, meeting_date=date) for source in sources]

    def _extract(self, source: SourceText, report: Report | None = None) -> Minutes:
        with _MODEL_LOCK:
            minutes = extract_source(source, nlp=self._nlp, report=report)
        return _with_text(minutes, source)


def _with_text(minutes: Minutes, source: SourceText) -> Minutes:
    return minutes.model_copy(update={"text": source.text})


def text_source(text: str, name: str) -> SourceText:
    """A text that came as such, its line ends made LF; the checksum is that of its UTF-8 as it came."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    return replace(plain_source(clean(text), name), sha256=digest)
