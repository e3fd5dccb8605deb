"""Labelled documents for measuring: a folder of NAME.txt and NAME.json, read without the training libraries."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from extractor.annotations import AnnotatedText, read_standoff
from extractor.errors import AnnotationError, UnreadableFile
from extractor.ingest import SourceText, read
from extractor.ingest.source import plain_source


@dataclass(frozen=True, slots=True)
class GoldDocument:
    """A document with its gold labels, and as the pipeline gets to see it."""

    gold: AnnotatedText
    source: SourceText

    @property
    def n_words(self) -> int:
        """Runs of characters without white space."""
        return len(self.gold.text.split())


def read_gold(folder: Path, texts: Path | None = None) -> list[GoldDocument]:
    """The documents of a folder and the folders in it, by name; the texts stand beside the labels or in `texts`.

    Raises:
        AnnotationError: there are no labels, labels without their text, or labels that do not fit.
    """
    files = sorted(folder.rglob("*.json"))
    if not files:
        raise AnnotationError(f"{folder}: no labels, that is, no NAME.json beside NAME.txt")
    where = {path.stem: path for path in sorted(texts.rglob("*.txt"))} if texts else {}
    documents = [_read_document(labels, where) for labels in files]
    seen: set[str] = set()
    for document in documents:
        if document.gold.doc_id in seen:
            raise AnnotationError(f"{document.gold.doc_id}: labelled twice in {folder}")
        seen.add(document.gold.doc_id)
    return sorted(documents, key=lambda document: document.gold.doc_id)


def _read_document(labels: Path, where: Mapping[str, Path]) -> GoldDocument:
    text = where.get(labels.stem, labels.with_suffix(".txt"))
    if not text.is_file():
        raise AnnotationError(f"{labels.stem}: its text is missing; name the folder that holds {text.name} by --texts")
    try:
        gold = read_standoff(labels, text)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise AnnotationError(f"{labels}: not a file of labels ({type(error).__name__})") from error
    return GoldDocument(gold, source_of(gold))


def source_of(gold: AnnotatedText) -> SourceText:
    """The text with the blocks that the reader of text files finds, offsets being those of gold."""
    bare = plain_source(gold.text, gold.doc_id)
    try:
        source = read(gold.text.encode(), f"{gold.doc_id}.txt", encoding="utf-8")
    except UnreadableFile:
        return bare
    same = gold.text.startswith(source.text) and not gold.text[len(source.text) :].strip()
    return replace(source, name=gold.doc_id, text=gold.text) if same else bare


def corpus_sha256(folder: Path) -> str:
    """One checksum over the names and contents of all labels and texts of a folder."""
    total = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.suffix in (".json", ".txt")):
        content = path.read_bytes().replace(b"\r\n", b"\n")
        total.update(f"{hashlib.sha256(content).hexdigest()}  {path.relative_to(folder).as_posix()}\n".encode())
    return total.hexdigest()
