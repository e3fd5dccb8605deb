from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from tokenizers import Tokenizer

from extractor.annotations import AnnotatedText
from extractor.scheme import LAYERS
from extractor.structure import parse_text
from extractor.tagger import Encoding, Scores, Tagger, TaggerSettings, encode_text
from extractor.tags import allowed_transitions, encode, tag_names
from tests.markup import annotate
from training.corpus import LabelledDocument
from training.label_review import iter_doubts, main
from training.train import held_out_organisations

SETTINGS = TaggerSettings({layer: allowed_transitions(layer).tolist() for layer in LAYERS}, {})


def _no_scores(ids: object, mask: object, features: object) -> Scores:
    raise AssertionError("the scores are given")


def _scores(believed: AnnotatedText, encoding: Encoding, strength: float) -> Scores:
    """Scores of a model that believes in the given labels."""
    columns = []
    for layer in LAYERS:
        tags = np.array(encode(believed.spans, encoding.tokens, layer).tags)
        columns.append(np.eye(len(tag_names(layer)), dtype=np.float32)[tags] * strength)
    return np.concatenate(columns, axis=1)


def _doubts(gold: str, believed: str, tokenizer: Tokenizer, faith: float = 12.0) -> list[tuple[str, str, bool]]:
    """The doubts of a model that believes `faith` of 12 in other labels and the rest in gold."""
    labelled = annotate(gold)
    encoding = encode_text(labelled.text, parse_text(labelled.text), tokenizer)
    scores = _scores(annotate(believed), encoding, faith) + _scores(labelled, encoding, 12.0 - faith)
    found = iter_doubts(labelled, Tagger(tokenizer, _no_scores, SETTINGS), encoding, scores)
    return [(error.kind, error.span.label, sure > 0.5) for error, sure in found]


@pytest.mark.parametrize(
    ("believed", "expected"),
    [
        pytest.param("⟨P|Ann Lee⟩ thanked Bo.", [], id="agreed"),
        pytest.param("⟨P|Ann Lee⟩ thanked ⟨P|Bo⟩.", [("invented", "PERSON", True)], id="invented"),
        pytest.param("Ann Lee thanked Bo.", [("missed", "PERSON", False)], id="missed"),
        pytest.param("⟨P|Ann⟩ Lee thanked Bo.", [("boundary", "PERSON", True)], id="boundary"),
        pytest.param("⟨R|Ann Lee⟩ thanked Bo.", [("label", "PERSON", True)], id="label"),
    ],
)
def test_a_sure_model_doubts_what_it_reads_otherwise(
    believed: str, expected: list[tuple[str, str, bool]], tokenizer: Tokenizer
) -> None:
    assert _doubts("⟨P|Ann Lee⟩ thanked Bo.", believed, tokenizer) == expected


def test_an_unsure_model_doubts_nothing(tokenizer: Tokenizer) -> None:
    assert _doubts("⟨P|Ann Lee⟩ thanked Bo.", "Ann Lee thanked ⟨P|Bo⟩.", tokenizer, faith=6.3) == []


def test_the_folds_share_no_organisation_and_hold_all() -> None:
    names = [f"Body {k}" for k in range(7)]
    documents = [LabelledDocument(annotate("x"), name, "charity", name == "Body 0") for name in names]
    folds = [held_out_organisations(documents, fold, 3) for fold in range(3)]
    assert sorted(name for fold in folds for name in fold) == names[1:]


def test_a_run_that_held_nothing_out_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("training.label_review.load_run", lambda run: SimpleNamespace(about={"fold": None, "folds": 5}))
    with pytest.raises(SystemExit):
        main(["--run", str(tmp_path), "--texts", str(tmp_path)])
    assert "held nothing out" in capsys.readouterr().err
