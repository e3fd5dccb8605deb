"""Load the released pipeline, and extract from files and texts."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from extractor.errors import LimitExceeded, ModelError, UnreadableFile
from extractor.ingest import Limits, read
from extractor.ingest.source import SourceText
from extractor.runtime import check_sums
from extractor.schema import Minutes
from extractor.tagger import Report

MODEL_NAME: Final = "minutes-en"
META_FILE: Final = "meta.json"
MAX_CHARS: Final = 2_000_000
"""Of a document, some 800 pages: beyond it the tagger takes too long for a text that is hardly minutes."""
_HERE: Final = Path(__file__).resolve().parent


def find_model(model: Path | None = None) -> Path:
    """The folder of a model: `model` where there is such a folder, else the shipped one of that name.

    Raises:
        ModelError: there is none.
    """
    if model is not None and model.is_dir():
        return model
    name = MODEL_NAME if model is None else model.name
    is_name = model is None or str(model) == name
    for folder in (_HERE / "models" / name, _HERE.parent / "models" / name) if is_name else ():
        if (folder / META_FILE).is_file():
            return folder
    raise ModelError(f"{model or MODEL_NAME}: no such model is installed, and there is no such folder")


def load(model: Path | None = None, *, n_threads: int = 0) -> Language:
    """The pipeline of a model folder, checked against its SHA256SUMS; see `find_model`.

    `n_threads` is how many the tagger takes; 0 is one for each physical core.

    Raises:
        ModelError: the folder is no complete, undamaged model.
    """
    return _load(find_model(model).resolve(), n_threads)


@lru_cache(maxsize=2)
def _load(folder: Path, n_threads: int) -> Language:
    check_sums(folder)
    nlp = spacy.load(folder, config={"components": {"minutes_tagger": {"n_threads": n_threads}}})
    nlp.max_length = MAX_CHARS
    return nlp


def extract(path: Path, *, nlp: Language | None = None) -> Minutes:
    """What a file contains.

    Raises:
        UnreadableFile: it cannot be opened or read.
    """
    return extract_source(read(read_bytes(path, Limits().max_file_bytes), path.name), nlp=nlp)


def read_bytes(path: Path, max_bytes: int) -> bytes:
    """The bytes of a file, and no more than one beyond the limit, also of a device without end.

    Raises:
        UnreadableFile: the operating system's reason.
    """
    try:
        with path.open("rb") as file:
            return file.read(max_bytes + 1)
    except OSError as error:
        raise UnreadableFile((error.strerror or "cannot be opened").lower()) from error


def extract_text(text: str, *, name: str = "text", nlp: Language | None = None) -> Minutes:
    """What a plain text contains."""
    return extract_source(read(text.encode(errors="replace"), name, encoding="utf-8"), nlp=nlp)


def extract_source(source: SourceText, *, nlp: Language | None = None, report: Report | None = None) -> Minutes:
    """What a text that was already read contains; `report` hears how much of it is tagged.

    Raises:
        LimitExceeded: the text is longer than MAX_CHARS.
    """
    nlp = nlp or load()
    (doc,) = _docs([source], nlp)
    doc._.report = report
    minutes: Minutes = nlp(doc)._.minutes
    return minutes


def pipe(sources: Iterable[SourceText], *, nlp: Language | None = None, batch_size: int = 16) -> Iterator[Minutes]:
    """The records of many texts, in order; `batch_size` of them are taken at once, which is faster for short ones.

    Raises:
        LimitExceeded: a text is longer than MAX_CHARS.
    """
    nlp = nlp or load()
    for doc in nlp.pipe(_docs(sources, nlp), batch_size=batch_size):
        yield doc._.minutes


def _docs(sources: Iterable[SourceText], nlp: Language) -> Iterator[Doc]:
    for source in sources:
        if len(source.text) > MAX_CHARS:
            raise LimitExceeded(f"{len(source.text)} characters, more than the {MAX_CHARS} that are read at once")
        doc = nlp.make_doc(source.text)
        doc._.source = source
        yield doc
