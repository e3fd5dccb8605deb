import hashlib

import pytest

from extractor.annotations import AnnotatedText
from extractor.ingest.source import Block, BlockKind, SourceText, Warning, Word
from extractor.linking import link
from extractor.records import build
from extractor.schema import Action, Minutes, Model
from extractor.structure import parse
from tests.markup import annotate

MODEL = Model(name="minutes-en", version="1.0.0")
MINUTES = """# Quality Committee

Minutes of the meeting held on Monday 7 June 2021 at 11:00 in the Town Hall

Present:
⟨P p1 role=r1 att=present|Ann Lee⟩ – ⟨R r1|Chair⟩
⟨P p2 role=r2 att=present|Bo Ray⟩ – ⟨R r2|Treasurer⟩ (item 3)
⟨P p3 att=present|Cy Fox-Hill⟩

Apologies:
⟨P p4 att=apologies|Di van Dam⟩

1. Minutes of the last meeting

⟨X x1 kind=approved|The minutes of the ⟨B b1|meeting held on 8 March⟩ were approved⟩.

2. Complaints

⟨A a1 owner=p5 due=m1|⟨P p5|Lee⟩ will bring the annual complaints report to the ⟨M m1|September meeting⟩⟩.
Action 1: ⟨A a2 no=1 same=a1 owner=p6 due=m2|The annual complaints report would come to the ⟨M m2|October
meeting⟩⟩ (⟨P p6|BR⟩)
⟨A a3 owner=r3 due=d1|The ⟨R r3|Chair⟩ to write to the school by ⟨D d1|30 June⟩⟩.
⟨A a4 owner=p7 due=m3 status=carried|⟨P p7|Fox⟩ to report to the ⟨M m3|next Board meeting⟩⟩.

3. Figures

New cases fell by about ⟨Q q1 of=i1 period=t1 base=t2 kind=change|– 0.3%⟩, the ⟨I i1|total new cases⟩ between
⟨T t1|April 2020 and March 2021⟩, compared with the ⟨T t2|same period in 2019/20⟩.
Waits are ⟨Q q2 kind=level|10 to 12 weeks⟩.

4. Date of next meeting

⟨M m4|Next meeting⟩: ⟨M m5|Monday 6 September 2021⟩
"""


def source_of(text: str) -> SourceText:
    return SourceText("m.txt", "text/plain", hashlib.sha256(text.encode()).hexdigest(), text, encoding="utf-8")


def record(inline: str) -> Minutes:
    gold = annotate(inline)
    source = source_of(gold.text)
    return build(source, parse(source), gold, MODEL)


@pytest.fixture(scope="module")
def minutes() -> Minutes:
    return record(MINUTES)


def action(minutes: Minutes, action_id: str) -> Action:
    return next(a for a in minutes.actions if a.id == action_id)


def test_the_meeting(minutes: Minutes) -> None:
    meeting = minutes.meeting
    assert (meeting.body, meeting.date, meeting.start_time) == ("Quality Committee", "2021-06-07", "11:00")
    assert meeting.previous is not None
    assert (meeting.previous.text, meeting.previous.date) == ("meeting held on 8 March", "2021-03-08")
    assert meeting.next is not None
    assert (meeting.next.text, meeting.next.date) == ("Monday 6 September 2021", "2021-09-06")


def test_people_are_merged_over_their_mentions(minutes: Minutes) -> None:
    assert [person.name for person in minutes.people] == ["Ann Lee", "Bo Ray", "Cy Fox-Hill", "Di van Dam"]
    assert [len(person.mentions) for person in minutes.people] == [2, 2, 2, 1]
    assert minutes.people[0].roles == ["Chair"]


def test_attendance(minutes: Minutes) -> None:
    rows = [(row.name, row.role, row.status, row.note) for row in minutes.attendance]
    assert rows == [
        ("Ann Lee", "Chair", "present", None),
        ("Bo Ray", "Treasurer", "present", "item 3"),
        ("Cy Fox-Hill", None, "present", None),
        ("Di van Dam", None, "apologies", None),
    ]


def test_a_repeated_task_is_one_record_with_its_differences(minutes: Minutes) -> None:
    task = action(minutes, "a1")
    assert (task.number, task.status, len(task.mentions)) == ("1", "open", 2)
    assert [(owner.text, owner.person) for owner in task.owners] == [("Lee", "p1"), ("BR", "p2")]
    assert task.differences == [
        "'will' in the text, 'would' in the labelled line",
        "'Lee' in the text, 'BR' in the labelled line",
        "'September meeting' in the text, 'October meeting' in the labelled line",
    ]
    assert task.due is not None
    assert (task.due.kind, task.due.date, task.due.precision) == ("meeting", "2021-09", "month")
    assert (task.due.body, task.due.basis) == ("Quality Committee", "month after the meeting")


def test_a_role_owns_as_the_one_who_holds_it(minutes: Minutes) -> None:
    task = action(minutes, "a2")
    assert [(owner.text, owner.person) for owner in task.owners] == [("Chair", "p1")]
    assert task.due is not None
    assert (task.due.kind, task.due.date, task.due.body) == ("date", "2021-06-30", None)


def test_another_body_has_its_own_next_meeting(minutes: Minutes) -> None:
    task = action(minutes, "a3")
    assert task.status == "carried"
    assert task.due is not None
    assert (task.due.body, task.due.date, task.due.basis) == ("Board", None, None)


def test_decisions_stand_in_their_item(minutes: Minutes) -> None:
    (decision,) = minutes.decisions
    items = {item.id: item.title for item in minutes.agenda}
    assert decision.kind == "approved"
    assert items[decision.agenda_item or ""] == "Minutes of the last meeting"


def test_target_meetings_are_folded(minutes: Minutes) -> None:
    found = {(m.text, m.body, m.date): (m.actions, len(m.mentions)) for m in minutes.target_meetings}
    assert found == {
        ("September meeting", "Quality Committee", "2021-09"): (["a1"], 1),
        ("October meeting", "Quality Committee", "2021-10"): (["a1"], 1),
        ("next Board meeting", "Board", None): (["a3"], 1),
        ("Next meeting", "Quality Committee", "2021-09-06"): ([], 2),
    }


def test_metrics_are_normalised(minutes: Minutes) -> None:
    change, waits = minutes.metrics
    assert (change.value, change.unit, change.kind, change.approximate) == (-0.3, "%", "change", True)
    assert change.indicator == "total new cases"
    assert change.period is not None
    assert (change.period.start, change.period.end) == ("2020-04-01", "2021-03-31")
    assert change.baseline is not None
    assert (change.baseline.start, change.baseline.end) == ("2019-04-01", "2020-03-31")
    assert (waits.value, waits.value_high, waits.unit, waits.approximate) == (10, 12, "weeks", False)
    assert (waits.indicator, waits.period, waits.baseline) == (None, None, None)


def test_every_reference_is_to_something_that_is_there(minutes: Minutes) -> None:
    assert minutes.text is not None
    assert all(minutes.text[span.start : span.end] == span.text for span in minutes.spans)
    spans, people = {span.id for span in minutes.spans}, {person.id for person in minutes.people}
    items, actions = {item.id for item in minutes.agenda}, {a.id for a in minutes.actions}
    assert {m for person in minutes.people for m in person.mentions} <= spans
    assert {row.person for row in minutes.attendance} <= people
    assert {row.span for row in minutes.attendance} <= spans
    for task in minutes.actions:
        assert {*task.mentions, *(owner.span for owner in task.owners)} <= spans
        assert {owner.person for owner in task.owners} <= people | {None}
        assert task.agenda_item in items
    for meeting in minutes.target_meetings:
        assert set(meeting.mentions) <= spans
        assert set(meeting.actions) <= actions
    assert {metric.span for metric in minutes.metrics} | {d.span for d in minutes.decisions} <= spans


def test_the_record_survives_json(minutes: Minutes) -> None:
    assert Minutes.model_validate_json(minutes.model_dump_json()) == minutes


def test_linked_spans_give_the_same_owners_and_dues(minutes: Minutes) -> None:
    gold = annotate(MINUTES)
    source = source_of(gold.text)
    structure = parse(source)
    linked = build(source, structure, link(AnnotatedText(gold.doc_id, gold.text, gold.spans), structure), MODEL)
    owners = [[owner.text for owner in task.owners] for task in linked.actions]
    assert owners == [["Lee", "BR"], ["Chair"], ["Fox"]]
    assert [task.due.text for task in linked.actions if task.due] == [
        "September meeting",
        "30 June",
        "next Board meeting",
    ]
    assert linked.attendance == minutes.attendance


def test_pages_and_warnings_come_from_the_source() -> None:
    text = "Ann left"
    words = (Word(0, 3, 2, (10.0, 20.0, 30.0, 40.0)), Word(4, 8, 2, (35.0, 20.0, 60.0, 40.0)))
    blocks = (Block(0, 8, BlockKind.PARAGRAPH),)
    warnings = (Warning("page_without_text", "page 1"),)
    source = SourceText("m.pdf", "application/pdf", "0" * 64, text, blocks, words, 2, None, warnings)
    built = build(source, parse(source), annotate("⟨P|Ann⟩ left"), MODEL)
    assert (built.spans[0].page, built.spans[0].box) == (2, (10.0, 20.0, 30.0, 40.0))
    assert [(w.code, w.detail) for w in built.source.warnings] == [("page_without_text", "page 1")]
    assert built.source.n_pages == 2


def test_an_empty_document_has_an_empty_record() -> None:
    built = record("Nothing to see.")
    assert (built.people, built.actions, built.metrics, built.spans) == ([], [], [], [])
    assert (built.meeting.previous, built.meeting.next) == (None, None)


@pytest.mark.parametrize(
    ("inline", "names"),
    [
        ("⟨P|Ann Lee⟩ (⟨P|AL⟩) and ⟨P|Al Lund⟩ met. ⟨P|AL⟩ spoke.", ["Ann Lee", "Al Lund"]),
        ("⟨P att=present|Ann Lee⟩, ⟨P att=present|Ann Leeson⟩. ⟨P|Ann⟩ spoke.", ["Ann Lee", "Ann Leeson", "Ann"]),
        ("⟨P|Ann Lee⟩ and ⟨P|Bo Lee⟩ met. ⟨P|Lee⟩ spoke.", ["Ann Lee", "Bo Lee", "Lee"]),
        ("⟨P att=present|Ann Lee⟩ came. ⟨P|Bo Lee⟩ wrote. ⟨P|Lee⟩ spoke.", ["Ann Lee", "Bo Lee"]),
        ("⟨P|A Lee⟩ spoke. ⟨P|Ann Lee⟩ left.", ["Ann Lee"]),
        ("⟨P|Ann⟩ spoke. ⟨P|Ann⟩ left.", ["Ann"]),
        ("⟨P|Ann Lee⟩ (⟨P|Annie⟩) spoke. ⟨P|Annie⟩ left.", ["Ann Lee"]),
    ],
)
def test_merging(inline: str, names: list[str]) -> None:
    assert [person.name for person in record(inline).people] == names


def test_a_role_of_two_people_is_nobodys_alone() -> None:
    built = record(
        "⟨P role=r1|Ann Lee⟩, ⟨R r1|Councillor⟩\n⟨P role=r2|Bo Ray⟩, ⟨R r2|Councillor⟩\n"
        "⟨A owner=r3|The ⟨R r3|Councillor⟩ will write⟩."
    )
    assert [(owner.text, owner.person) for owner in built.actions[0].owners] == [("Councillor", None)]


def test_dates_are_read_as_the_document_writes_them() -> None:
    built = record("Minutes of June 7, 2021\n\n⟨A due=m1|Report on ⟨M m1|07/09/2021⟩⟩. See also May 3, 2021.")
    assert built.actions[0].due is not None
    assert built.actions[0].due.date == "2021-07-09"


def test_the_date_beside_the_next_meeting_is_its_date() -> None:
    built = record(
        "# Garden Club\n\nMinutes of the meeting held on 7 June 2021\n\n1. Plans\n\n"
        "The ⟨M m1|next Club meeting⟩ will be on ⟨M m2|Tuesday 7 September⟩. A ⟨M m3|meeting of growers⟩ is planned."
    )
    found = [(m.text, m.body, m.date, len(m.mentions)) for m in built.target_meetings]
    assert found == [("next Club meeting", "Garden Club", "2021-09-07", 2), ("meeting of growers", None, None, 1)]
