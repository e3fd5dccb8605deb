"""The labelled corpora as a Hugging Face DatasetDict: our own minutes and the labels of real ones.

Splits: `train`, `dev` (our own, other styles), `test` (our own, other styles again) and `real_dev` (real minutes of
organisations that are in no other split, for measuring only).
"""

import csv
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from datasets import Dataset, DatasetDict, Features, Value
from datasets import List as ListFeature

from extractor.annotations import AnnotatedText, from_standoff, to_standoff
from extractor.errors import AnnotationError

DATA: Final = Path(__file__).resolve().parent.parent / "data"
SPLITS: Final = ("train", "dev", "test", "real_dev")
FEATURES: Final = Features(
    {
        "doc_id": Value("string"),
        "organisation": Value("string"),
        "kind": Value("string"),
        "invented": Value("bool"),
        "text": Value("string"),
        "sha256": Value("string"),
        "spans": ListFeature(
            {
                "id": Value("string"),
                "label": Value("string"),
                "start": Value("int32"),
                "end": Value("int32"),
                "attrs": Value("string"),
            }
        ),
    }
)
"""`attrs` is JSON: attribute to value, relation to the ids of its tails."""


@dataclass(frozen=True, slots=True)
class LabelledDocument:
    """An annotated text with what the splits and the breakdowns need."""

    annotated: AnnotatedText
    organisation: str
    kind: str
    invented: bool


def load(texts: Path | None = None, *, data: Path = DATA) -> DatasetDict:
    """All corpora; real minutes only with `texts`, the folder that holds their texts (train/, dev/ or flat).

    Raises:
        AnnotationError: labels that do not fit their text, or an organisation that stands in two splits.
    """
    documents: dict[str, list[LabelledDocument]] = {split: [] for split in SPLITS}
    for split in ("train", "dev", "test"):
        documents[split] += iter_gold(split, data)
    if texts is not None:
        documents["train"] += iter_real("train", texts, data)
        documents["real_dev"] += iter_real("dev", texts, data)
    check_leaks(documents)
    return DatasetDict({split: _dataset(rows) for split, rows in documents.items() if rows})


def iter_gold(split: str, data: Path = DATA) -> Iterator[LabelledDocument]:
    """Our own minutes of a split, in the order of their names."""
    about = read_table(data / "gold" / "sources.tsv")
    for labels in sorted((data / "gold" / split).glob("*.json")):
        text = labels.with_suffix(".txt").read_text(encoding="utf-8")
        row = about[labels.stem]
        annotated = from_standoff(json.loads(labels.read_text(encoding="utf-8")), text)
        yield LabelledDocument(annotated, row["organisation"], row["style"], True)


def iter_real(split: str, texts: Path, data: Path = DATA) -> Iterator[LabelledDocument]:
    """Real minutes of a split, whose texts stand in `texts` under their document ids."""
    about = read_table(data / "real" / "sources.tsv")
    for labels in sorted((data / "real" / "labels" / split).glob("*.json")):
        row = about[labels.stem]
        annotated = from_standoff(json.loads(labels.read_text(encoding="utf-8")), find_text(texts, labels.stem))
        yield LabelledDocument(annotated, row["organisation"], row["type"], False)


def find_text(texts: Path, doc_id: str) -> str:
    """The text of a real document.

    Raises:
        AnnotationError: there is none.
    """
    for folder in (texts, texts / "train", texts / "dev", texts / "raw"):
        path = folder / f"{doc_id}.txt"
        if path.exists():
            return path.read_bytes().decode("utf-8").replace("\r\n", "\n")
    raise AnnotationError(f"{doc_id}: its text is missing; see data/real/sources.tsv for where it is published")


def read_table(path: Path) -> dict[str, dict[str, str]]:
    """The rows of a tab-separated table by their `doc_id`."""
    with path.open(encoding="utf-8", newline="") as lines:
        return {row["doc_id"]: row for row in csv.DictReader(lines, delimiter="\t")}


def check_leaks(documents: Mapping[str, Iterable[LabelledDocument]]) -> None:
    """Raise AnnotationError where an organisation, or a text, stands in two splits."""
    seen: dict[str, str] = {}
    for split, rows in documents.items():
        for document in rows:
            digest = hashlib.sha256(document.annotated.text.encode()).hexdigest()
            for key in (f"organisation {document.organisation.casefold()}", f"text {digest}"):
                if seen.setdefault(key, split) != split:
                    raise AnnotationError(f"{key} stands in {seen[key]} and in {split}")


def _dataset(documents: Iterable[LabelledDocument]) -> Dataset:
    return Dataset.from_list([to_row(document) for document in documents], features=FEATURES)


def to_row(document: LabelledDocument) -> dict[str, Any]:
    """A row of the data set; `from_row` reads it back."""
    annotated = document.annotated
    record = to_standoff(annotated)
    return {
        "doc_id": annotated.doc_id,
        "organisation": document.organisation,
        "kind": document.kind,
        "invented": document.invented,
        "text": annotated.text,
        "sha256": record["sha256"],
        "spans": [{**span, "attrs": json.dumps(span.get("attrs", {}))} for span in record["spans"]],
    }


def from_row(row: Mapping[str, Any]) -> LabelledDocument:
    """The labelled document of a row."""
    spans = [{**span, "attrs": json.loads(span["attrs"])} for span in row["spans"]]
    annotated = from_standoff({"doc_id": row["doc_id"], "sha256": row["sha256"], "spans": spans}, row["text"])
    return LabelledDocument(annotated, row["organisation"], row["kind"], row["invented"])
