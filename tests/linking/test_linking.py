import hashlib

import pytest

from extractor.annotations import AnnotatedText
from extractor.ingest.source import SourceText
from extractor.linking import link
from extractor.linking.context import Context
from extractor.linking.link import link_by_rules
from extractor.structure import parse, parse_text
from tests.markup import annotate, strip


def relink(inline: str, *, keep: bool = False) -> tuple[AnnotatedText, AnnotatedText]:
    """Gold, and what the rules make of its bare spans."""
    gold = annotate(inline)
    text = gold.text
    source = SourceText("minutes.txt", "text/plain", hashlib.sha256(text.encode()).hexdigest(), text)
    bare = AnnotatedText(gold.doc_id, text, gold.spans) if keep else strip(gold)
    return gold, link(bare, parse(source))


def arrows(annotated: AnnotatedText, *kinds: str) -> set[tuple[str, str, str]]:
    return {(r.kind, r.head, r.tail) for r in annotated.relations if r.kind in kinds}


ROLES = [
    "⟨P p1 role=r1|Ann Lee⟩ (⟨R r1|Chair⟩)",
    "⟨P p1 role=r1|Ann Lee⟩ - ⟨R r1|Chair⟩, ⟨P p2 role=r2|Bo Ray⟩ - ⟨R r2|Clerk⟩",
    "⟨P p1 role=r1|Ann Lee⟩, ⟨R r1|Chair⟩; ⟨P p2 role=r2|Bo Ray⟩, ⟨R r2|Clerk⟩",
    "⟨R r1|Chair⟩: ⟨P p1 role=r1|Ann Lee⟩, ⟨R r2|Treasurer⟩: ⟨P p2 role=r2|Bo Ray⟩",
    "The ⟨R r1|Treasurer⟩ ⟨P p1 role=r1|Ann Lee⟩ gave her report.",
    "The ⟨R r1|Chairman⟩, Cllr ⟨P p1 role=r1|Lee⟩, opened the meeting.",
    "⟨P p1 role=r1|Ann Lee⟩ was elected as ⟨R r1|Chair⟩.",
    "⟨P p1 role=r1|Ann Lee⟩ has kindly agreed to serve as ⟨R r1|Chair⟩.",
    "- [x] ⟨P p1 role=r1|Ann Lee⟩ - (Acme Ltd) ⟨R r1|Voting Member⟩\n- [ ] ⟨P p2|Bo Ray⟩",
    "⟨P p1 role=r1|Ann Lee⟩ (⟨P p2|AL⟩) ⟨R r1|Chair⟩",
    "Present: ⟨P p1 role=r1|Ann Lee⟩ and ⟨P p2 role=r1|Bo Ray⟩ (⟨R r1|Councillors⟩)",
    "⟨R r1|Ordinary Members⟩: ⟨P p1 role=r1|Ann Lee⟩ & ⟨P p2 role=r1|Bo Ray⟩",
    "⟨R r1|Treasurer⟩'s report (⟨P p1 role=r1|Ann Lee⟩)",
    "Ann will write to the ⟨R r1|Chair⟩. ⟨P p1|Bo Ray⟩ left.",
    "⟨P p1|Ann Lee⟩ asked whether the bridge is closed. The ⟨R r1|Clerk⟩ replied.",
    "| ⟨P p1 role=r1|Ann Lee⟩ | ⟨P p2|Q7XYZ⟩ | ⟨R r1|Member⟩ |",
]


@pytest.mark.parametrize("inline", ROLES)
def test_roles(inline: str) -> None:
    gold, linked = relink(inline)
    assert arrows(linked, "role") == arrows(gold, "role")


OWNERS = [
    ("⟨A a1 owner=p1|⟨P p1|Ann⟩ will write to the school⟩.", "subject"),
    ("It was agreed that ⟨A a1 owner=r1|the ⟨R r1|Clerk⟩ would write to the school⟩.", "subject"),
    ("⟨A a1 owner=p1,p2|⟨P p1|Ann⟩ and ⟨P p2|Bo⟩ to meet the builder⟩", "subject"),
    ("⟨A a1 owner=p2|⟨P p1|Ann⟩ asked ⟨P p2|Bo⟩ to call the builder⟩", "subject"),
    ("⟨P p1|Ann⟩ ⟨A a1 owner=p1|agreed to call the builder⟩.", "subject"),
    ("⟨P p1|Ann Lee⟩ did not know but ⟨A a1 owner=p1|would find out⟩.", "subject"),
    ("⟨P p1|Ann⟩ thanked all. ⟨A a1 owner=p1|She will send the papers⟩.", "subject"),
    ("⟨A a1 owner=p1|For the ⟨M|next meeting⟩ ⟨P p1|Ann⟩ will list the topics⟩.", "subject"),
    ("Action 1: ⟨A a1 owner=p1|Write to the school⟩ (⟨P p1|AL⟩)", "bracket"),
    ("Action: ⟨A a1 owner=p1,p2|Write to the school⟩. (⟨P p1|AL⟩/⟨P p2|BR⟩)", "bracket"),
    ("⟨A a1 owner=p1,p2|The hall is to be booked⟩.\nACTION: ⟨P p1|AL⟩/⟨P p2|BR⟩\n", "named"),
    ("⟨A a1 owner=p1|The hall is to be booked⟩. It was free in May. The rent is low.\nACTION: ⟨P p1|AL⟩\n", "named"),
    ("- ⟨P p1|Ann Lee⟩: ⟨A a1 owner=p1|book the hall⟩", "named"),
    ("○ Action ⟨P p1|AL⟩: ⟨A a1 owner=p1|book the hall⟩", "named"),
    ("- ⟨A a1 owner=p1|book the hall⟩ - ⟨P p1|Ann⟩\n", "named"),
    ("⟨A a1 owner=p1|The hall will be booked by Mr ⟨P p1|Lee⟩⟩.", "named"),
    ("1   ⟨A a1 owner=p1|The hall is to be booked⟩.            ⟨P p1|AL⟩\n2   Fees", "column"),
    (
        "1   ⟨A a1 owner=p1,p2|The hall is to be booked and\n    paid⟩.            ⟨P p1|AL⟩/⟨P p2|BR⟩\n2   Fees",
        "column",
    ),
    ("1   ⟨A a1 owner=p1|The hall is to be            ⟨P p1|AL⟩\n    booked⟩.\n2   Fees", "column"),
    ("- ⟨A a1 owner=p1|book the hall⟩ - ⟨P p1|Ann⟩ - done\n", "named"),
    ("7 | ⟨A a1 owner=p1|Book the hall⟩ | @⟨P p1|annlee⟩ | no news\n", "column"),
    ("| Task | Owner | Due |\n|---|---|---|\n| ⟨A a1 owner=p1|Book the hall⟩ | ⟨P p1|Ann⟩ | May |\n", "column"),
]


@pytest.mark.parametrize(("inline", "basis"), OWNERS)
def test_owners(inline: str, basis: str) -> None:
    gold, linked = relink(inline)
    assert arrows(linked, "owner") == arrows(gold, "owner")
    assert {r.basis for r in linked.relations if r.kind == "owner"} == {basis}


@pytest.mark.parametrize(
    "inline",
    [
        "⟨A a1|The Committee will write to the school⟩.",
        "⟨A a1|A letter is to be sent to ⟨P p1|Ann Lee⟩⟩.",
        "⟨P p1|Ann⟩ reported that the grant has come and ⟨A a1|will be paid out⟩.",
        "AI: ⟨A a1|Book the hall⟩ AI: ⟨P p1|Bo⟩ to pay",
        "⟨P p1|Ann⟩ spoke.\n\n⟨A a1|They will meet⟩.",
    ],
)
def test_a_task_without_a_doer_has_no_owner(inline: str) -> None:
    _, linked = relink(inline)
    assert arrows(linked, "owner") == set()


DUES = [
    "⟨A a1 due=m1|Bring a plan to the ⟨M m1|May meeting⟩⟩",
    "⟨A a1 due=d1|Bring a plan⟩ (by ⟨D d1|30 June⟩)",
    "⟨A a1 due=d1|Bring a plan⟩ (⟨P p1|AL⟩ by ⟨D d1|30 June⟩)",
    "| Action | Owner | Due date |\n|---|---|---|\n| ⟨A a1 due=d1|Book the hall⟩ | ⟨P p1|Ann⟩ | ⟨D d1|1 May⟩ |\n",
    "⟨A a1|Book the hall⟩. The ⟨M m1|next meeting⟩ is in June.",
    "1   ⟨A a1 due=d1|Book the hall⟩            ⟨D d1|1 May⟩\n",
    # What nothing ties to a task goes to the one near that has none.
    "Action 7: ⟨A a1 due=d1|Write to the board⟩\nDue: Comments by ⟨D d1|23 March⟩\n",
    "Action: ⟨A a1 due=d1|Mow the green⟩ - AL - revised to ⟨D d1|30 May⟩\n",
    "The fair opens on ⟨D d1|5 May⟩; ⟨A a1 due=d1|Ann will go⟩.",
    "The fair opens on ⟨D d1|5 May⟩.\n\n⟨A a1|Ann will mow the green⟩.",
    "⟨A a1 due=d1|Mow the green by ⟨D d1|May⟩⟩. The fair opens on ⟨D d2|5 June⟩.",
    f"⟨A a1|Mow the green⟩. {'The roof was seen by a man. ' * 10}He went home by ⟨D d1|June⟩.",
]


@pytest.mark.parametrize("inline", DUES)
def test_due(inline: str) -> None:
    gold, linked = relink(inline)
    assert arrows(linked, "due") == arrows(gold, "due")


METRICS = [
    "There are ⟨Q q1 of=i1|33⟩ ⟨I i1|members⟩.",
    "⟨I i1|Reserves⟩ stood at ⟨Q q1 of=i1 period=t1|£40⟩ on ⟨T t1|1 May 2021⟩.",
    "⟨Q q1 of=i1|12⟩ ⟨I i1|cars⟩ and ⟨Q q2 of=i2|9⟩ ⟨I i2|bikes⟩ were seen.",
    "⟨I i1|Postage⟩: ⟨Q q1 of=i1|£5⟩\n⟨I i2|Paper⟩: ⟨Q q2 of=i2|£7⟩\n",
    "⟨I i1|Income⟩ was ⟨Q q1 of=i1 period=t1 base=t2|£9⟩ in ⟨T t1|2021⟩ compared with ⟨T t2|2020⟩.",
    "Accounts for ⟨T t1|May 2021⟩. The ⟨I i1|balance⟩ was ⟨Q q1 of=i1 period=t1|£9⟩.",
    "⟨I i2|Costs⟩ for ⟨T t1|May 2021⟩ were ⟨Q q2 of=i2 period=t1|£7⟩.\n\nThe ⟨I i1|balance⟩ was ⟨Q q1 of=i1|£9⟩.",
    "It cost ⟨Q q1|£9⟩.",
]


PERIODS = [
    "In ⟨T t1|May⟩ ⟨I i1|sales⟩ were ⟨Q q1 of=i1 period=t1|£9⟩. It rained. We met. Bo spoke. We have ⟨Q q2 of=i2|3⟩ "
    "⟨I i2|boats⟩.",
    "⟨I i1|Sales⟩ in ⟨T t1|May⟩ were ⟨Q q1 of=i1 period=t1 base=t2|£9⟩, compared with ⟨Q q2 of=i1 period=t2|£8⟩ in the "
    "⟨T t2|same month of 2020⟩.",
    "⟨I i1|Sales⟩ in ⟨T t1|May⟩ were ⟨Q q1 of=i1 period=t1 base=t2|£9⟩ (⟨T t2|2020⟩: ⟨Q q2 of=i1 period=t2|£8⟩).",
    "⟨I i1|Sales⟩ for ⟨T t1|May⟩ were ⟨Q q1 of=i1 period=t1 base=t2|£9⟩, against ⟨Q q2 of=i1 period=t2|£8⟩ in "
    "⟨T t2|April⟩. ⟨I i2|Costs⟩ were ⟨Q q3 of=i2 period=t1|£7⟩.",
    "⟨I i1|Sales⟩ in ⟨T t1|May⟩ were up ⟨Q q1 of=i1 period=t1 base=t2|3%⟩ on ⟨T t2|2020⟩.",
    "⟨I i1|Sales⟩ were ⟨Q q1 of=i1 period=t1|£9⟩ since ⟨T t1|Easter⟩.",
    "⟨I i1|Mowing⟩ (⟨T t1|June⟩)          ⟨Q q1 of=i1 period=t1|£85⟩     paid",
    "⟨I i1|Sales⟩ were ⟨Q q1 of=i1 period=t1|£9⟩ in ⟨T t1|May⟩, the target being ⟨Q q2 of=i1|£12⟩.",
    "⟨I i1|Sales⟩ were ⟨Q q1 of=i1|£9⟩; in ⟨T t1|2020⟩ ⟨I i2|costs⟩ were ⟨Q q2 of=i2 period=t1|£7⟩.",
    "Measure | ⟨T t1|May 2021⟩ | ⟨T t2|May 2020⟩ | Change | Target\n⟨I i1|Sales⟩ | ⟨Q q1 of=i1 period=t1|£9⟩ | "
    "⟨Q q2 of=i1 period=t2|£8⟩ | ⟨Q q3 of=i1 period=t1 base=t2|12%⟩ | ⟨Q q4 of=i1|£12⟩\n",
    "        ⟨T t1|2021⟩        ⟨T t2|2020⟩\n\n⟨I i1|Sales⟩        ⟨Q q1 of=i1 period=t1|£9⟩        "
    "⟨Q q2 of=i1 period=t2|£8⟩\n",
    "| Income ⟨T t1|2021⟩ | £ |\n|---|---|\n| ⟨I i1|Sales⟩ | ⟨Q q1 of=i1 period=t1|9⟩ |\n",
    "Figures for ⟨T t1|May⟩ were:\n\n⟨I i1|Sales⟩ | ⟨Q q1 of=i1 period=t1|£9⟩\n⟨I i2|Costs⟩ | "
    "⟨Q q2 of=i2 period=t1|£7⟩\n",
    "⟨I i3|Float⟩ on ⟨T t1|2 May⟩: ⟨Q q3 of=i3 period=t1|£5⟩\n\n⟨I i1|Sales⟩ | "
    "⟨Q q1 of=i1|£9⟩\n⟨I i2|Rent⟩, ⟨T t2|June⟩ | ⟨Q q2 of=i2 period=t2|£7⟩\n",
]


EACH_OF_SOME = [
    "The ⟨I i1|float⟩ and the ⟨I i2|reserve⟩ hold ⟨Q q1 of=i1|£9⟩ and ⟨Q q2 of=i2|£7⟩.",
]


LEFT_OVER = [
    "Membership as of ⟨T t1|20 April⟩ (Ann).\n- ⟨I i1|Paid⟩ ⟨Q q1 of=i1 period=t1|33⟩\n- ⟨I i2|Lapsed⟩ "
    "⟨Q q2 of=i2 period=t1|8⟩\n\nThe ⟨I i3|float⟩ is ⟨Q q3 of=i3|£9⟩.\n",
    "Accounts for ⟨T t1|May 2021⟩.\n\nThe ⟨I i1|balance⟩ was ⟨Q q1 of=i1 period=t1|£9⟩.",
    "The ⟨I i1|float⟩ was ⟨Q q1 of=i1|£9⟩ and the ⟨I i2|rent⟩ ⟨Q q2 of=i2 period=t1|£7⟩; all that for ⟨T t1|May⟩.",
]


COLUMNS = [
    "Payee | Purpose | ⟨I i1|VAT⟩ | Total\nBo Ltd | ⟨I i2|Paint⟩ | ⟨Q q1 of=i1|£2⟩ | ⟨Q q2 of=i2|£12⟩\n"
    "Ash | ⟨I i3|Bolts⟩ | ⟨Q q3 of=i1|£1⟩ | ⟨Q q4 of=i3|£6⟩\n",
    "Payee      Purpose      ⟨I i1|VAT⟩       Total\nBo Ltd     ⟨I i2|Paint⟩        ⟨Q q1 of=i1|£2⟩       "
    "⟨Q q2 of=i2|£12⟩\nAsh        ⟨I i3|Bolts⟩                   ⟨Q q4 of=i3|£6⟩\n",
    "Event | ⟨I i1|Income⟩ | ⟨I i2|Outgoing⟩\n⟨I i3|Raffle⟩ | ⟨Q q1 of=i3|£9⟩ | ⟨Q q2 of=i3|£2⟩\n"
    "Total | ⟨Q q3 of=i1|£9⟩ | ⟨Q q4 of=i2|£2⟩\n",
    "Item | ⟨I i1|Rate⟩ | Cost\n\nThe ⟨I i2|hall⟩ took ⟨Q q1 of=i2|£9⟩ | £4\n",
    # A cell that goes on in the next line is no heading.
    "Payee      Purpose       Net       ⟨I i1|VAT £⟩     Total\nBo Ltd     ⟨I i2|Paint and\n           brushes⟩       "
    "⟨Q q1 of=i2|£10⟩       ⟨Q q2 of=i1|£2⟩       ⟨Q q3 of=i2|£12⟩\n",
    # Single spaces: the order of the figures says which is the tax.
    "No Party For Net ⟨I i1|GST⟩ Total Remarks\n1 Bo Ltd ⟨I i2|Paint⟩ ⟨Q q1 of=i2|10.00⟩ ⟨Q q2 of=i1|2.00⟩ "
    "⟨Q q3 of=i2|12.00⟩ paid\n",
    # A line of prose ends the table.
    "Purpose | Net | ⟨I i1|Tax⟩\n⟨I i2|Paint⟩ | ⟨Q q1 of=i2|$9⟩ | ⟨Q q2 of=i1|$1⟩\nAll were paid.\n"
    "⟨I i3|Rent⟩ | ⟨Q q3 of=i3|$7⟩ | ⟨Q q4 of=i3|$8⟩\n",
]


@pytest.mark.parametrize("inline", [*METRICS, *PERIODS, *EACH_OF_SOME, *LEFT_OVER, *COLUMNS])
def test_metrics(inline: str) -> None:
    gold, linked = relink(inline)
    assert arrows(linked, "of", "period", "base") == arrows(gold, "of", "period", "base")


def test_by_the_rules_a_bracket_is_for_the_metric_ahead() -> None:
    """The network is free to think that what stands in brackets holds for the next one too."""
    gold = annotate("⟨I i1|Sales⟩ ⟨Q q1 of=i1 period=t1|£9⟩ (⟨T t1|2020⟩), ⟨I i2|costs⟩ ⟨Q q2 of=i2|£7⟩")
    relations = link_by_rules(Context(strip(gold), parse_text(gold.text)))
    assert {(r.kind, r.head, r.tail) for r in relations} == arrows(gold, "of", "period")


def test_by_the_rules_a_period_holds_for_the_next_sentence_too() -> None:
    """The network is free to think that it does not: in our own minutes less than half of such periods go on."""
    gold = annotate(
        "⟨I i1|Sales⟩ were ⟨Q q1 of=i1 period=t1|£9⟩ in ⟨T t1|2021⟩. ⟨I i2|Costs⟩ were ⟨Q q2 of=i2 period=t1|£7⟩."
    )
    relations = link_by_rules(Context(strip(gold), parse_text(gold.text)))
    assert {(r.kind, r.head, r.tail) for r in relations} == arrows(gold, "of", "period")


def test_a_labelled_line_repeats_the_running_text() -> None:
    gold, linked = relink(
        "It was agreed that ⟨A a1|the steering group would publish a revised complaints leaflet⟩.\n\n"
        "⟨A a2|The garden will be opened to visitors⟩.\n\n"
        "Action 1: ⟨A a3 same=a1|Publish the revised complaints leaflet of the steering group⟩\n"
    )
    assert arrows(linked, "same") == arrows(gold, "same")


def test_like_tasks_of_one_list_are_two() -> None:
    _, linked = relink("Action 1: ⟨A|Write to the Northern school⟩\nAction 2: ⟨A|Write to the Southern school⟩\n")
    assert arrows(linked, "same") == set()


@pytest.mark.parametrize(
    ("inline", "key", "value"),
    [
        ("Action 3: ⟨A s|Book the hall⟩", "no", "3"),
        ("AP 4.2 ⟨A s|Book the hall⟩", "no", "4.2"),
        ("⟨A s|Book the hall⟩ - completed", "status", "done"),
        ("⟨A s|Book the hall⟩ (carried forward)", "status", "carried"),
        ("⟨A s|Book the hall⟩.", "status", "open"),
        ("| Action | Owner | Status |\n|---|---|---|\n| ⟨A s|Book the hall⟩ | Bo | Done |\n", "status", "done"),
        ("⟨X s|The minutes were approved⟩.", "kind", "approved"),
        ("⟨X s|It was agreed to support the plan⟩.", "kind", "agreed"),
        ("⟨X s|RESOLVED: that the report be noted⟩.", "kind", "noted"),
        ("⟨X s|Ann Lee was elected Chair⟩.", "kind", "elected"),
        ("⟨X s|The item was deferred⟩.", "kind", "deferred"),
        ("⟨X s|The application was refused⟩.", "kind", "rejected"),
        ("⟨X s|Thanks to all⟩.", "kind", "other"),
        ("We set aside ⟨Q s|£40⟩.", "kind", "budget"),
        ("Cases changed by ⟨Q s|-0.3%⟩.", "kind", "change"),
        ("Cases rose by ⟨Q s|3%⟩.", "kind", "change"),
        ("The target is ⟨Q s|40⟩.", "kind", "target"),
        ("It is expected to be ⟨Q s|40⟩.", "kind", "forecast"),
        ("There are ⟨Q s|40⟩.", "kind", "level"),
    ],
)
def test_attributes_by_rule(inline: str, key: str, value: str) -> None:
    _, linked = relink(inline)
    assert linked.by_id()["s"].attributes[key] == value


ROSTER = (
    "Present: ⟨P p1|Ann Lee⟩ (⟨P p2|AL⟩), ⟨P p3|Bo Ray⟩\nApologies: ⟨P p4|Cy Fox⟩\n\n1. Welcome\n⟨P p5|Ann⟩ spoke.\n"
)


def test_attendance_follows_the_regions() -> None:
    _, linked = relink(ROSTER)
    statuses = {span.id: span.attributes.get("att") for span in linked.with_label("PERSON")}
    assert statuses == {"p1": "present", "p2": None, "p3": "present", "p4": "apologies", "p5": None}


def test_attributes_of_the_tagger_are_kept() -> None:
    inline = ROSTER.replace("⟨P p3|", "⟨P p3 att=guest|") + "⟨X x1 kind=noted|It was approved⟩."
    _, linked = relink(inline, keep=True)
    assert linked.by_id()["x1"].attributes["kind"] == "noted"
    assert {s.id for s in linked.with_label("PERSON") if "att" in s.attributes} == {"p3"}


def test_no_spans_give_no_links() -> None:
    _, linked = relink("Nothing here.")
    assert (linked.spans, linked.relations) == ((), ())
