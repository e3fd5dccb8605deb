import json
from pathlib import Path

import pytest
from spacy.language import Language

from extractor import pipeline as module
from extractor.errors import LimitExceeded, ModelError, UnreadableFile
from extractor.ingest import SourceText
from extractor.pipeline import MAX_CHARS, extract, extract_text, find_model, load, pipe, read_bytes
from extractor.schema import Minutes, json_schema
from tests.pipelines import TEXT, pipeline


@pytest.fixture(scope="module")
def stub() -> Language:
    return pipeline()


def source(text: str, name: str = "m.txt") -> SourceText:
    return SourceText(name, "text/plain", "0" * 64, text)


def test_a_file_gives_its_record(tmp_path: Path, stub: Language) -> None:
    path = tmp_path / "hall.txt"
    path.write_text(TEXT)
    minutes = extract(path, nlp=stub)
    assert minutes.source.name == "hall.txt"
    assert len(minutes.actions) == 1


def test_a_file_that_is_missing_is_unreadable(tmp_path: Path, stub: Language) -> None:
    with pytest.raises(UnreadableFile, match="no such file or directory"):
        extract(tmp_path / "none.txt", nlp=stub)


def test_no_more_than_the_limit_and_one_byte_is_read(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_bytes(b"x" * 100)
    assert len(read_bytes(path, 10)) == 11


def test_a_text_gives_its_record(stub: Language) -> None:
    minutes = extract_text("Café: Ann Lee was present \ud800", name="note", nlp=stub)
    assert minutes.source.name == "note"
    assert [span.text for span in minutes.spans] == ["Ann Lee"]
    assert minutes.text is not None
    assert minutes.text.startswith("Café: ")


def test_texts_keep_their_order(stub: Language) -> None:
    records = pipe((source(TEXT, f"{n}.txt") for n in range(3)), nlp=stub)
    assert [record.source.name for record in records] == ["0.txt", "1.txt", "2.txt"]


def test_a_text_beyond_the_limit_is_refused(stub: Language) -> None:
    with pytest.raises(LimitExceeded, match=f"more than the {MAX_CHARS}"):
        next(pipe([source("a" * (MAX_CHARS + 1))], nlp=stub))


def test_an_empty_result_carries_a_warning(stub: Language) -> None:
    (empty,) = pipe([source("Lorem ipsum")], nlp=stub)
    assert [warning.code for warning in empty.source.warnings] == ["nothing_found"]
    (full,) = pipe([source(TEXT)], nlp=stub)
    assert full.source.warnings == []


def test_without_a_model_the_package_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_HERE", tmp_path)
    with pytest.raises(ModelError, match="minutes-en: no such model is installed"):
        find_model()


def test_a_model_is_named_or_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_HERE", tmp_path)
    shipped = tmp_path / "models" / "minutes-other"
    shipped.mkdir(parents=True)
    (shipped / "meta.json").write_text("{}")
    assert find_model(Path("minutes-other")) == shipped
    assert find_model(tmp_path) == tmp_path
    for missing in (Path("minutes-none"), tmp_path / "minutes-other"):
        with pytest.raises(ModelError, match=f"{missing}: no such model"):
            find_model(missing)


def test_the_published_schema_is_up_to_date(repository: Path) -> None:
    written = (repository / "extractor" / "schema.json").read_text(encoding="utf-8")
    assert written == json_schema(), "write json_schema() to extractor/schema.json"


def test_the_schema_promises_every_field(stub: Language) -> None:
    schema = json.loads(json_schema())
    record = json.loads(extract_text(TEXT, nlp=stub).model_dump_json())
    assert set(schema["required"]) == set(record) == set(schema["properties"])


@pytest.mark.slow
def test_the_model_is_loaded_once_and_bounded(nlp: Language) -> None:
    assert load() is nlp
    assert nlp.max_length == MAX_CHARS
    with pytest.raises(ValueError, match="E088"):
        nlp("a" * (MAX_CHARS + 1))


@pytest.mark.slow
def test_the_released_model_reads_a_text(nlp: Language) -> None:
    minutes = extract_text(TEXT, nlp=nlp)
    assert isinstance(minutes, Minutes)
    assert [row.name for row in minutes.attendance] == ["Ann Lee"]
    assert [(a.owners[0].text, a.due and a.due.text) for a in minutes.actions] == [("Ann Lee", "September meeting")]
