"""Reading the bytes of one file, in a process of its own: what the pool's workers do."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from spacy.language import Language

from extractor.batch.state import Result
from extractor.errors import ExtractorError
from extractor.ingest import IsolatedReader, Limits
from extractor.pipeline import extract_source, load


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """How files are read."""

    model: Path | None = None
    encoding: str | None = None
    ocr: bool = False
    n_threads: int = 1
    """Of the tagger, in each worker."""
    max_wall_s: float = Limits().max_wall_s
    """For reading a file; the tagger's time comes on top."""

    @property
    def what_matters(self) -> str:
        """The options that change the result."""
        return f"encoding={self.encoding} ocr={self.ocr}"


class DocumentReader:
    """Turns files into results, one after the other."""

    def __init__(self, options: ReadingOptions, folder: str, nlp: Language | None = None) -> None:
        """`folder` takes the temporary files; who made it removes it, also when this process is killed."""
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        self._options = options
        self._nlp = nlp or load(options.model, n_threads=options.n_threads)
        self._reader = IsolatedReader(Limits(max_wall_s=options.max_wall_s))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reader.close()

    def __call__(self, name: str, content: bytes) -> Result:
        """The records of a file, one for each document in it; a failure becomes an error result."""
        try:
            sources = self._reader.read_all(content, name, encoding=self._options.encoding, ocr=self._options.ocr)
            records = [
                extract_source(source, nlp=self._nlp).model_copy(update={"text": source.text}) for source in sources
            ]
        except ExtractorError as error:
            return Result(error_code=error.code, error_detail=str(error))
        except Exception as error:  # a fault in one document must not stop the others
            return Result(error_code="internal-error", error_detail=type(error).__name__)
        return Result(tuple(record.model_dump_json() for record in records))
