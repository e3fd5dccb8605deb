import hashlib
import json
from pathlib import Path

import pytest

from extractor.annotations import to_standoff
from extractor.errors import AnnotationError
from tests.markup import annotate
from training.corpus import LabelledDocument, check_leaks, find_text, from_row, iter_real, load, to_row

INLINE = "⟨P role=r1 att=present|Ann Lee⟩ (⟨R r1|Clerk⟩)\n⟨A no=1 owner=r2|The ⟨R r2|Clerk⟩ would write⟩."


def _document(organisation: str, text: str = INLINE, doc_id: str = "a") -> LabelledDocument:
    return LabelledDocument(annotate(text, doc_id), organisation, "charity", True)


def test_a_row_gives_the_document_back() -> None:
    document = _document("Hilltop Trust")
    assert from_row(to_row(document)) == document


def test_our_own_minutes_load_with_typed_columns() -> None:
    corpora = load()
    assert set(corpora) == {"train", "dev", "test"}
    for split in corpora:
        for row in corpora[split]:
            document = from_row(row)
            assert document.invented
            assert all(document.annotated.text[s.start : s.end] for s in document.annotated.spans)


def test_our_own_minutes_are_as_many_as_the_data_card_says(repository: Path) -> None:
    corpora = load()
    rows = [row for split in corpora for row in corpora[split]]
    assert len(rows) >= 40
    assert sum(len(row["text"].split()) for row in rows) >= 30_000
    assert len({row["kind"] for row in rows}) >= 15
    kinds = {split: set(corpora[split]["kind"]) for split in corpora}
    assert not kinds["train"] & kinds["test"]
    assert not kinds["train"] & kinds["dev"]


def test_an_organisation_in_two_splits_is_refused() -> None:
    with pytest.raises(AnnotationError, match="stands in train and in dev"):
        check_leaks({"train": [_document("Hilltop Trust")], "dev": [_document("hilltop trust", "Other text.")]})


def test_a_text_in_two_splits_is_refused() -> None:
    with pytest.raises(AnnotationError, match="text"):
        check_leaks({"train": [_document("One")], "dev": [_document("Two")]})


def test_real_labels_are_laid_over_texts_from_elsewhere(tmp_path: Path) -> None:
    annotated = annotate(INLINE, "doc-1")
    labels = tmp_path / "data" / "real" / "labels" / "train"
    labels.mkdir(parents=True)
    (labels / "doc-1.json").write_text(json.dumps(to_standoff(annotated)))
    (labels.parents[1] / "sources.tsv").write_text("doc_id\torganisation\ttype\ndoc-1\tHilltop Trust\tcharity\n")
    texts = tmp_path / "texts"
    texts.mkdir()
    with pytest.raises(AnnotationError, match="its text is missing"):
        list(iter_real("train", texts, tmp_path / "data"))
    (texts / "doc-1.txt").write_bytes(annotated.text.replace("\n", "\r\n").encode())
    (document,) = iter_real("train", texts, tmp_path / "data")
    assert document == LabelledDocument(annotated, "Hilltop Trust", "charity", False)
    (texts / "doc-1.txt").write_text("Another text.")
    with pytest.raises(AnnotationError, match="sha256"):
        list(iter_real("train", texts, tmp_path / "data"))


def test_texts_may_stand_in_folders_of_their_split(tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "x.txt").write_text("text")
    assert find_text(tmp_path, "x") == "text"


def test_labels_of_real_minutes_carry_no_text(repository: Path) -> None:
    for path in (repository / "data" / "real" / "labels").rglob("*.json"):
        record = json.loads(path.read_text(encoding="utf-8"))
        assert set(record) == {"doc_id", "sha256", "n_chars", "scheme", "spans"}
        assert all(set(span) <= {"id", "label", "start", "end", "attrs"} for span in record["spans"])


def test_the_data_are_those_of_the_checksums(repository: Path) -> None:
    data = repository / "data"
    lines = (data / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    assert len(lines) > 300
    for line in lines:
        digest, name = line.split("  ", 1)
        assert hashlib.sha256((data / name).read_bytes()).hexdigest() == digest, name
    listed = (data / "real" / "labels.tsv").read_text(encoding="utf-8").splitlines()[1:]
    labels = [path.read_bytes() for path in (data / "real" / "labels").rglob("*.json")]
    digests = [f"{json.loads(content)['sha256']}\t{hashlib.sha256(content).hexdigest()}" for content in labels]
    assert sorted(digests) == listed
