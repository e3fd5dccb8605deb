"""The spaCy factories: a Doc gets a structure, spans, relations and at last the record.

`doc.ents` holds the entity layer, `doc.spans["statements"]` the statement layer, `doc._.annotated` both with
attributes and relations, `doc._.minutes` the JSON contract.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Final

from spacy.language import Language
from spacy.tokens import Doc
from spacy.tokens import Span as DocSpan
from spacy.util import registry
from spacy.vocab import Vocab

from extractor.alignment import load_tokenizer
from extractor.annotations import AnnotatedText
from extractor.errors import ModelError
from extractor.ingest.source import SourceText, plain_source
from extractor.linking import link
from extractor.records import build
from extractor.runtime import OnnxScorer
from extractor.schema import Model
from extractor.scheme import ENTITY_LABELS, STATEMENT_LABELS
from extractor.structure import parse
from extractor.tagger import Tagger, TaggerSettings
from extractor.tokens import tokenize

STATEMENTS: Final = "statements"
MODEL_FILE: Final = "model.onnx"
RANGES_FILE: Final = "ranges.npz"
"""How far the inputs of the network's products reach; a model may come without it."""
VOCABULARY_FILE: Final = "vocab.txt"
SETTINGS_FILE: Final = "settings.json"

for _name in ("source", "report", "structure", "annotated", "minutes"):
    Doc.set_extension(_name, default=None, force=True)


class LinearTokenizer:
    """The project's tokens as a spaCy Doc, in time linear in the text."""

    def __init__(self, vocab: Vocab) -> None:
        self.vocab = vocab

    def __call__(self, text: str) -> Doc:
        """A Doc whose text is `text`."""
        tokens = tokenize(text)
        after = [*(token.start for token in tokens), len(text)][1:]
        spaces = [start > token.end for token, start in zip(tokens, after, strict=False)]
        return Doc(self.vocab, words=[token.text for token in tokens], spaces=spaces)

    def to_bytes(self, **_: object) -> bytes:
        """Nothing is learned, so nothing is stored."""
        return b""

    def from_bytes(self, _: bytes, **__: object) -> "LinearTokenizer":
        """See `to_bytes`."""
        return self

    def to_disk(self, _: Path, **__: object) -> None:
        """See `to_bytes`."""

    def from_disk(self, _: Path, **__: object) -> "LinearTokenizer":
        """See `to_bytes`."""
        return self


def make_tokenizer() -> Callable[[Language], LinearTokenizer]:
    """The tokenizer factory `minutes.Tokenizer.v1`."""
    return lambda nlp: LinearTokenizer(nlp.vocab)


registry.tokenizers.register("minutes.Tokenizer.v1", func=make_tokenizer)


def source_of(doc: Doc) -> SourceText:
    """What was read for the Doc; for a Doc made from a string, that string as plain text."""
    source: SourceText | None = doc._.source
    return plain_source(doc.text) if source is None else source


@Language.factory("minutes_structure", assigns=["doc._.source", "doc._.structure"])
def make_structure(nlp: Language, name: str) -> Callable[[Doc], Doc]:
    """Sections, attendance regions, agenda and tables by rules over the text."""

    def structure(doc: Doc) -> Doc:
        doc._.source = source_of(doc)
        doc._.structure = parse(doc._.source)
        return doc

    return structure


class TaggerComponent:
    """Runs the token classifier; the model folder is read by `from_disk`."""

    def __init__(self, tagger: Tagger | None = None, folder: Path | None = None, *, n_threads: int = 0) -> None:
        self.tagger, self.folder, self._n_threads = tagger, folder, n_threads

    def __call__(self, doc: Doc) -> Doc:
        """Sets `doc.ents`, `doc.spans["statements"]` and `doc._.annotated`."""
        spans = self._tagger()(doc.text, doc._.structure, doc._.report)
        return annotate(doc, AnnotatedText(source_of(doc).name, doc.text, spans))

    def _tagger(self) -> Tagger:
        if self.tagger is None:
            raise ModelError("the pipeline has no model: load a released one")
        return self.tagger

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 16) -> Iterator[Doc]:
        """As for one Doc; the windows of `batch_size` Docs may be scored together."""
        tagger = self._tagger()
        docs_left = iter(stream)
        while docs := list(islice(docs_left, batch_size)):
            found = tagger.pipe((doc.text, doc._.structure) for doc in docs)
            for doc, spans in zip(docs, found, strict=True):
                yield annotate(doc, AnnotatedText(source_of(doc).name, doc.text, spans))

    def to_disk(self, path: Path, **_: object) -> None:
        """Copy the model files to `path`."""
        if self.tagger is None or self.folder is None:
            raise ModelError("the pipeline has no model to save")
        Path(path).mkdir(parents=True, exist_ok=True)
        for name in (MODEL_FILE, RANGES_FILE, VOCABULARY_FILE, SETTINGS_FILE):
            if name != RANGES_FILE or (self.folder / name).is_file():
                (Path(path) / name).write_bytes((self.folder / name).read_bytes())

    def from_disk(self, path: Path, **_: object) -> "TaggerComponent":
        """Read model.onnx, ranges.npz, vocab.txt and settings.json from `path`."""
        self.folder = Path(path)
        self.tagger = load_tagger(self.folder, n_threads=self._n_threads)
        return self


def load_tagger(folder: Path, *, n_threads: int = 0) -> Tagger:
    """The tagger of a model folder.

    Raises:
        ModelError: a file is missing or broken.
    """
    try:
        settings = TaggerSettings(**json.loads((folder / SETTINGS_FILE).read_text(encoding="utf-8")))
        tokenizer = load_tokenizer(folder / VOCABULARY_FILE)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelError(f"{folder}: no complete tagger ({SETTINGS_FILE}, {VOCABULARY_FILE})") from error
    ranges = folder / RANGES_FILE
    known = ranges if ranges.is_file() else None
    return Tagger(tokenizer, OnnxScorer(folder / MODEL_FILE, known, n_threads=n_threads), settings)


def write_settings(settings: TaggerSettings, folder: Path) -> None:
    """Write settings.json."""
    (folder / SETTINGS_FILE).write_text(json.dumps(asdict(settings), indent=1) + "\n", encoding="utf-8")


@Language.factory(
    "minutes_tagger",
    requires=["doc._.structure"],
    assigns=["doc.ents", "doc.spans", "doc._.annotated"],
    default_config={"n_threads": 0},
)
def make_tagger(nlp: Language, name: str, n_threads: int) -> TaggerComponent:
    """Spans of both layers by the token classifier."""
    return TaggerComponent(n_threads=n_threads)


@Language.factory("minutes_linker", requires=["doc._.annotated", "doc._.structure"], assigns=["doc._.annotated"])
def make_linker(nlp: Language, name: str) -> Callable[[Doc], Doc]:
    """Attributes and relations of the spans."""

    def linker(doc: Doc) -> Doc:
        doc._.annotated = link(doc._.annotated, doc._.structure)
        return doc

    return linker


@Language.factory("minutes_records", requires=["doc._.annotated", "doc._.structure"], assigns=["doc._.minutes"])
def make_records(nlp: Language, name: str) -> Callable[[Doc], Doc]:
    """The JSON contract."""

    def records(doc: Doc) -> Doc:
        model = Model(name=str(nlp.meta["name"]), version=str(nlp.meta["version"]))
        doc._.minutes = build(doc._.source, doc._.structure, doc._.annotated, model)
        return doc

    return records


def annotate(doc: Doc, annotated: AnnotatedText) -> Doc:
    """Lay the spans over the Doc; spans that do not fall on its tokens are left to `doc._.annotated`."""
    doc._.annotated = annotated
    doc.ents = tuple(_doc_spans(doc, annotated, ENTITY_LABELS))
    doc.spans[STATEMENTS] = list(_doc_spans(doc, annotated, STATEMENT_LABELS))
    return doc


def _doc_spans(doc: Doc, annotated: AnnotatedText, labels: tuple[str, ...]) -> Iterable[DocSpan]:
    for span in annotated.with_label(*labels):
        found = doc.char_span(span.start, span.end, label=span.label, span_id=span.id)
        if found is not None:
            yield found
