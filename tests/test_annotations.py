import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.annotations import AnnotatedText, Relation, Span, from_standoff, replace_spans, to_standoff
from extractor.errors import AnnotationError
from tests.markup import annotate

TEXT = "Ann Lee, Clerk, would write by 5 May."


@pytest.mark.parametrize(
    ("spans", "relations", "message"),
    [
        ([Span("a", "NOTHING", 0, 7)], [], "no such label"),
        ([Span("a", "PERSON", 0, 99)], [], "outside the text"),
        ([Span("a", "PERSON", 7, 7)], [], "outside the text"),
        ([Span("a", "PERSON", 0, 7), Span("a", "ROLE", 9, 14)], [], "stands twice"),
        ([Span("a", "PERSON", 0, 7), Span("b", "ROLE", 4, 14)], [], "overlaps PERSON a"),
        ([Span("a", "PERSON", 0, 7, 1.0, {"kind": "level"})], [], "takes no kind="),
        ([Span("a", "PERSON", 0, 7, 1.0, {"att": "late"})], [], "att= is not one of"),
        ([Span("a", "PERSON", 0, 7)], [Relation("role", "a", "b")], "no such span"),
        (
            [Span("a", "PERSON", 0, 7), Span("b", "PERSON", 9, 14)],
            [Relation("role", "a", "b")],
            "not between PERSON and PERSON",
        ),
    ],
)
def test_what_breaks_the_scheme_is_refused(spans: list[Span], relations: list[Relation], message: str) -> None:
    with pytest.raises(AnnotationError, match=message):
        AnnotatedText("doc", TEXT, tuple(spans), tuple(relations))


def test_an_entity_may_lie_in_a_statement() -> None:
    annotated = AnnotatedText("doc", TEXT, (Span("b", "PERSON", 0, 7), Span("a", "ACTION", 0, 36)))
    assert [span.id for span in annotated.spans] == ["a", "b"]
    assert annotated.spans[0].contains(annotated.spans[1])
    assert annotated.spans[0].overlaps(annotated.spans[1])
    assert annotated.spans[1].text_of(TEXT) == "Ann Lee"


def test_standoff_gives_the_annotation_back() -> None:
    gold = annotate(
        "⟨P p1 role=r1 att=present|Ann Lee⟩, ⟨R r1|Clerk⟩, ⟨A no=3 owner=p1 due=d1|would write by ⟨D d1|5 May⟩⟩."
    )
    record = to_standoff(gold)
    assert "text" not in record
    assert from_standoff(record, gold.text) == gold
    assert gold.tails("p1", "role") == ("r1",)
    with pytest.raises(AnnotationError, match="not the one that was labelled"):
        from_standoff(record, gold.text + " ")


@given(st.lists(st.tuples(st.integers(0, 36), st.integers(0, 36)), max_size=6))
def test_spans_come_sorted(places: list[tuple[int, int]]) -> None:
    spans = []
    for start, end in places:
        new = Span(str(len(spans)), "PERSON", start, end)
        if start < end and not any(new.overlaps(old) for old in spans):
            spans.append(new)
    annotated = replace_spans(AnnotatedText("doc", TEXT, ()), spans)
    assert [s.start for s in annotated.spans] == sorted(s.start for s in spans)
    assert len(annotated.spans) == len(spans)
