"""Load the released pipeline, and extract from files and texts."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

import spacy
from spacy.language import Language

from extractor.errors import LimitExceeded, ModelError, UnreadableFile
from extractor.ingest import Limits, read
from extractor.ingest.source import SourceText
from extractor.runtime import check_sums
from extractor.schema import Minutes

MODEL_NAME: Final = "minutes-en"
MAX_CHARS: Final = 1_000_000
"""Of a document, some 400 pages: beyond it the tagger takes too long for a text that is hardly minutes."""
_HERE: Final = Path(__file__).resolve().parent


def default_model() -> Path:
    """The folder of the model that is shipped with the package, or that of the repository.

    Raises:
        ModelError: neither is there.
    """
    for folder in (_HERE / "models" / MODEL_NAME, _HERE.parent / "models" / MODEL_NAME):
        if (folder / "meta.json").is_file():
            return folder
    raise ModelError(f"the model {MODEL_NAME} is not installed")


def load(folder: Path | None = None) -> Language:
    """The pipeline of a model folder, checked against its SHA256SUMS; the shipped one without an argument.

    Raises:
        ModelError: the folder is no complete, undamaged model.
    """
    return _load((folder or default_model()).resolve())


@lru_cache(maxsize=2)
def _load(folder: Path) -> Language:
    check_sums(folder)
    nlp = spacy.load(folder)
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


def extract_source(source: SourceText, *, nlp: Language | None = None) -> Minutes:
    """What a text that was already read contains."""
    (minutes,) = pipe([source], nlp=nlp)
    return minutes


def pipe(sources: Iterable[SourceText], *, nlp: Language | None = None) -> Iterator[Minutes]:
    """The records of many texts, in order, one at a time.

    Raises:
        LimitExceeded: a text is longer than MAX_CHARS.
    """
    nlp = nlp or load()
    for source in sources:
        if len(source.text) > MAX_CHARS:
            raise LimitExceeded(f"{len(source.text)} characters, more than the {MAX_CHARS} that are read at once")
        doc = nlp.make_doc(source.text)
        doc._.source = source
        yield nlp(doc)._.minutes
