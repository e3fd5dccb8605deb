from pathlib import Path

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.language import Language
from spacy.vocab import Vocab

from extractor.annotations import AnnotatedText, Span
from extractor.components import (
    STATEMENTS,
    LinearTokenizer,
    TaggerComponent,
    annotate,
    load_tagger,
    source_of,
    write_settings,
)
from extractor.errors import ModelError
from extractor.schema import Minutes
from extractor.tagger import TaggerSettings
from tests.pipelines import TEXT, pipeline

TOKENIZER = LinearTokenizer(Vocab())


@given(st.text(st.sampled_from("aZé9.,()\n\t  \u3000\u0301😀"), max_size=60))
def test_a_doc_has_the_text_it_was_made_of(text: str) -> None:
    assert TOKENIZER(text).text == text


def test_a_string_becomes_a_doc_with_both_layers_and_the_record() -> None:
    doc = pipeline()(TEXT)
    assert [(ent.text, ent.label_) for ent in doc.ents][:2] == [("Ann Lee", "PERSON"), ("Treasurer", "ROLE")]
    assert [span.label_ for span in doc.spans[STATEMENTS]] == ["DECISION", "ACTION"]
    minutes = doc._.minutes
    assert isinstance(minutes, Minutes)
    assert minutes.source.media_type == "text/plain"
    assert [action.owners[0].text for action in minutes.actions] == ["Ann Lee"]


@pytest.mark.parametrize("text", ["", " ", "\n\n", "x"])
def test_the_smallest_texts_give_an_empty_record_with_a_warning(text: str) -> None:
    minutes = pipeline()(text)._.minutes
    assert minutes.spans == []
    assert [warning.code for warning in minutes.source.warnings] == ["nothing_found"]


def test_docs_are_read_one_after_the_other() -> None:
    docs = list(pipeline().pipe([TEXT, "x", TEXT]))
    assert [len(doc._.minutes.actions) for doc in docs] == [1, 0, 1]


def test_spans_off_the_tokens_are_left_to_the_annotated_text() -> None:
    doc = TOKENIZER("Ann Lee left")
    spans = (Span("a", "PERSON", 0, 7), Span("b", "ROLE", 8, 10))
    annotate(doc, AnnotatedText("doc", doc.text, spans))
    assert [ent.text for ent in doc.ents] == ["Ann Lee"]
    assert doc._.annotated.spans == spans


def test_the_source_of_a_plain_doc_is_its_text() -> None:
    source = source_of(TOKENIZER("Café"))
    assert (source.text, source.media_type, source.words) == ("Café", "text/plain", ())


def test_a_pipeline_without_a_model_says_so(tmp_path: Path) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("minutes_tagger")
    with pytest.raises(ModelError, match="no model: load"):
        nlp("Ann")
    with pytest.raises(ModelError, match="no model to save"):
        TaggerComponent().to_disk(tmp_path / "tagger")


def test_the_tokenizer_has_nothing_to_store(tmp_path: Path) -> None:
    TOKENIZER.to_disk(tmp_path / "tokenizer")
    assert list(tmp_path.iterdir()) == []
    assert TOKENIZER.from_disk(tmp_path) is TOKENIZER
    assert TOKENIZER.from_bytes(TOKENIZER.to_bytes()) is TOKENIZER


@pytest.mark.parametrize("settings", [None, "", "[]", "{}", '{"unknown": 1}'])
def test_a_folder_without_a_whole_tagger_is_refused(settings: str | None, tmp_path: Path) -> None:
    if settings is not None:
        (tmp_path / "settings.json").write_text(settings)
    with pytest.raises(ModelError, match="no complete tagger"):
        load_tagger(tmp_path)


def test_settings_without_a_vocabulary_are_refused(tmp_path: Path) -> None:
    write_settings(TaggerSettings({}, {}), tmp_path)
    with pytest.raises(ModelError, match="no complete tagger"):
        load_tagger(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["minutes-en", "minutes-en-sm"])
def test_spacy_loads_the_released_models(name: str, repository: Path, tmp_path: Path) -> None:
    nlp = spacy.load(repository / "models" / name)
    doc = nlp("Present: Ann Lee (Chair)\n\nAnn Lee will write to the school by the September meeting.\n")
    assert "Ann Lee" in [ent.text for ent in doc.ents]
    assert [span.label_ for span in doc.spans[STATEMENTS]] == ["ACTION"]
    assert doc._.minutes.actions[0].due.text == "September meeting"
    nlp.to_disk(tmp_path / "copy")
    copied = spacy.load(tmp_path / "copy")(doc.text)
    assert copied._.minutes == doc._.minutes


@pytest.mark.slow
def test_the_released_model_gives_its_name_and_version(nlp: Language) -> None:
    model = nlp("Ann Lee was present.")._.minutes.model
    assert (model.name, model.version) == ("minutes-en", nlp.meta["version"])
