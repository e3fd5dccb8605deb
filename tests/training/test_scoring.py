import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics.v1 import precision_recall_fscore_support
from seqeval.scheme import IOB2

from extractor.annotations import AnnotatedText, Span
from extractor.scheme import ENTITY_LABELS, HEADLINE_LABELS
from tests.markup import annotate
from training.scoring import (
    ActionRecord,
    Counts,
    action_records,
    attendance_records,
    bootstrap_f1,
    count_overlaps,
    count_records,
    count_relations,
    count_spans,
    fold,
    macro_f1,
    match_actions,
    micro,
    token_f1,
    total,
)

TAGS = ("O", "B-PERSON", "I-PERSON", "B-ROLE", "I-ROLE", "B-METRIC", "I-METRIC")
GOLD = (
    "⟨P p1 role=r1 att=present|Ann Lee⟩ - ⟨R r1|Chair⟩\n"
    "⟨A a1 owner=p2 due=m1|⟨P p2|Ann⟩ will write to the school before the ⟨M m1|next meeting⟩⟩.\n"
    "Costs were ⟨Q q1 of=i1 period=t1|£40⟩ of ⟨I i1|postage⟩ in ⟨T t1|2020⟩.\n"
    "Action: ⟨A a2 same=a1 owner=p3|Write to the school⟩ (⟨P p3|AL⟩)\n"
)


def test_counts_add_and_score() -> None:
    counts = Counts(1, 2, 4) + Counts(1, 0, 0)
    assert counts == Counts(2, 2, 4)
    assert (counts.precision, counts.recall) == (1.0, 0.5)
    assert counts.f1 == pytest.approx(2 / 3)


def test_nothing_over_nothing_is_zero() -> None:
    assert (Counts().precision, Counts().recall, Counts().f1) == (0.0, 0.0, 0.0)


def test_gold_against_itself_is_perfect() -> None:
    gold = annotate(GOLD)
    for counts in (count_spans(gold, gold), count_overlaps(gold, gold), count_relations(gold, gold)):
        assert all(c.tp == c.n_gold == c.n_predicted for c in counts.values())
    assert all(c.f1 == 1.0 for c in count_records(gold, gold).values())


def test_nothing_predicted_counts_as_missed() -> None:
    gold = annotate(GOLD)
    empty = AnnotatedText("doc", gold.text, ())
    assert count_records(gold, empty)["action complete"] == Counts(0, 0, 1)
    assert count_spans(gold, empty)["PERSON"] == Counts(0, 0, 3)
    assert count_relations(gold, empty)["same"] == Counts(0, 0, 1)


def test_micro_takes_the_headline_labels_together() -> None:
    counts = {"PERSON": Counts(1, 1, 1), "ACTION": Counts(0, 1, 3), "PERIOD": Counts(9, 9, 9)}
    assert micro(counts) == Counts(1, 2, 4)
    assert macro_f1(counts) == pytest.approx(1 / len(HEADLINE_LABELS))
    assert total([counts, counts])["ACTION"] == Counts(0, 2, 6)


@pytest.mark.parametrize(
    ("predicted", "n_pairs"),
    [
        ("⟨P|Ann⟩ Lee and Bo", 1),
        ("⟨P|Ann⟩ ⟨P|Lee⟩ and Bo", 1),
        ("⟨P|Ann Lee and Bo⟩", 1),
        ("Ann ⟨P|Lee⟩ and ⟨P|Bo⟩", 2),
        ("⟨R|Ann Lee⟩ and Bo", 0),
        ("Ann Lee ⟨P|and⟩ Bo", 0),
    ],
)
def test_overlaps_are_matched_one_to_one(predicted: str, n_pairs: int) -> None:
    counts = count_overlaps(annotate("⟨P|Ann Lee⟩ and ⟨P|Bo⟩"), annotate(predicted))
    assert (counts["PERSON"].tp, counts["PERSON"].n_gold) == (n_pairs, 2)


def test_text_is_folded() -> None:
    assert fold("  The  Clerk,\nto write - e-mail_too! ") == "the clerk to write e mail too"
    assert token_f1("a a b", "a b b") == pytest.approx(2 / 3)
    assert token_f1("", "") == 0.0


def test_records_fold_mentions() -> None:
    record = ActionRecord(
        ("ann will write to the school before the next meeting", "write to the school"),
        frozenset({"ann", "al"}),
        ("next meeting",),
    )
    assert action_records(annotate(GOLD)) == [record]
    assert attendance_records(annotate(GOLD)) == {("ann lee", "present")}


@pytest.mark.parametrize(
    ("change", "right"),
    [
        (("owner=p2 ", ""), {"text", "+due"}),
        (("due=m1", ""), {"text", "+owners"}),
        (("same=a1 ", ""), set()),
        (("next meeting", "next meeting"), {"text", "+owners", "+due", "complete"}),
    ],
)
def test_an_action_is_right_part_by_part(change: tuple[str, str], right: set[str]) -> None:
    gold = annotate(GOLD.replace("Action: ⟨A a2 same=a1 owner=p3|Write to the school⟩", "Action: Write to the school"))
    if "same" in change[0]:
        gold = annotate("⟨A|Quite another thing⟩")
    counts = count_records(
        gold, annotate(GOLD.replace("⟨A a2 same=a1 owner=p3|Write to the school⟩", "-").replace(*change))
    )
    assert {key for key in ("text", "+owners", "+due", "complete") if counts[f"action {key}"].tp} == right


def test_each_gold_action_is_matched_once() -> None:
    record = ActionRecord(("write to the school",), frozenset(), ())
    close = ActionRecord(("write to the schools",), frozenset(), ())
    assert match_actions([record], [record, record]) == [(0, 0)]
    assert match_actions([record], [ActionRecord(("pay the bill",), frozenset(), ())]) == []
    assert match_actions([close, record], [record]) == [(1, 0)]


def test_metrics_need_span_then_indicator_then_period() -> None:
    gold = annotate("⟨Q of=i1 period=t1|5⟩ ⟨I i1|cars⟩ in ⟨T t1|2020⟩, ⟨Q of=i2|6⟩ ⟨I i2|bikes⟩")
    predicted = annotate("⟨Q of=i1|5⟩ ⟨I i1|cars⟩ in ⟨T t1|2020⟩, ⟨Q|6⟩ ⟨I i2|bikes⟩")
    counts = count_records(gold, predicted)
    assert [counts[f"metric {key}"].tp for key in ("span", "indicator", "+period")] == [2, 1, 0]


def test_interval_holds_the_score_and_narrows() -> None:
    rng = random.Random(1)
    few = [{"PERSON": Counts(rng.randint(3, 9), 10, 10)} for _ in range(10)]
    low, high = bootstrap_f1(few)
    assert low < micro(total(few)).f1 < high
    low_of_many, high_of_many = bootstrap_f1(few * 20)
    assert high_of_many - low_of_many < high - low
    assert bootstrap_f1(few) == (low, high)
    assert bootstrap_f1(few, ["PERSON", "ROLE"], macro=True) == pytest.approx((low / 2, high / 2))
    assert bootstrap_f1([]) == (0.0, 0.0)


def strict_spans(tags: Sequence[str]) -> AnnotatedText:
    """Spans of B-X I-X* over the text "w w w …"; an I without its B is none."""
    spans, position = [], 0
    while position < len(tags):
        end = position + 1
        if tags[position].startswith("B-"):
            while end < len(tags) and tags[end] == f"I-{tags[position][2:]}":
                end += 1
            spans.append(Span(f"s{position}", tags[position][2:], 2 * position, 2 * end - 1))
        position = end
    return AnnotatedText("doc", "w " * len(tags), tuple(spans))


@given(st.lists(st.tuples(st.sampled_from(TAGS), st.sampled_from(TAGS)), min_size=1, max_size=40))
def test_strict_spans_agree_with_seqeval(pairs: list[tuple[str, str]]) -> None:
    gold, predicted = ([pair[side] for pair in pairs] for side in (0, 1))
    ours = count_spans(strict_spans(gold), strict_spans(predicted))
    summed = micro(ours, ENTITY_LABELS)
    precision, recall, f1, support = (
        precision_recall_fscore_support([gold], [predicted], average="micro", scheme=IOB2, zero_division=0)
        if _has_entities(gold, predicted)
        else (0.0, 0.0, 0.0, 0)
    )
    assert (summed.precision, summed.recall, summed.f1) == pytest.approx((precision, recall, f1))
    assert summed.n_gold == (support or 0)


def _has_entities(*sides: Sequence[str]) -> bool:
    return any(tag.startswith("B-") for tags in sides for tag in tags)
