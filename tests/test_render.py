import io
import re

import pytest
from lxml import html
from rich.console import Console

from extractor.ingest.source import Warning
from extractor.render import print_table, to_html
from extractor.render.page import iter_segments
from extractor.render.table import describe_due
from extractor.schema import Due, LabelledSpan, Minutes
from tests.pipelines import record_of

INLINE = """Hall <script>alert("x")</script> & Garden Committee

Minutes of the meeting held on 7 June 2021

Present:
⟨P p1 role=r1 att=present|Ann Lee⟩ (⟨R r1|Treasurer⟩)
⟨P p2 att=apologies|Bo <b>Ray⟩

1. Reports

⟨X x1 kind=approved|The minutes of the ⟨B b1|meeting held on 8 March⟩ were approved⟩.
⟨A a1 no=7 owner=p3 due=m1|⟨P p3|Ann Lee⟩ will count the ⟨I i1|chairs⟩ by the ⟨M m1|September meeting⟩⟩.
There were ⟨Q q1 of=i2 kind=level period=t1 base=t2|42⟩ ⟨I i2|tables⟩ in ⟨T t1|2021⟩ and fewer in ⟨T t2|2020⟩.
"""


@pytest.fixture(scope="module")
def minutes() -> Minutes:
    return record_of(INLINE, warnings=(Warning("page_without_text", "page 4"),))


@pytest.fixture(scope="module")
def page(minutes: Minutes) -> html.HtmlElement:
    return html.document_fromstring(to_html(minutes, minutes.text or ""))


def labelled(label: str, start: int, end: int) -> LabelledSpan:
    return LabelledSpan(id=f"{label}{start}", label=label, start=start, end=end, text="", score=1.0)  # type: ignore[arg-type]


def marked(page: html.HtmlElement, span_id: str) -> str:
    return "".join(mark.text_content() for mark in page.iter("mark") if span_id in mark.get("data-ids").split())


def test_the_page_needs_nothing_from_elsewhere(page: html.HtmlElement) -> None:
    source = html.tostring(page, encoding="unicode")
    assert re.findall(r"https?:|//\w|@import|url\(", source) == []
    assert page.xpath("//@src | //@href") == []
    assert page.xpath("//link") == []


def test_each_span_is_marked_with_its_text(page: html.HtmlElement, minutes: Minutes) -> None:
    assert len(minutes.spans) > 10
    assert {s.id: marked(page, s.id) for s in minutes.spans} == {s.id: s.text for s in minutes.spans}


def test_the_whole_text_is_shown(page: html.HtmlElement, minutes: Minutes) -> None:
    (section,) = page.xpath("//section[@class='text']")
    assert section.text_content() == minutes.text


def test_a_text_that_begins_with_a_blank_line_keeps_it() -> None:
    minutes = record_of("\n\n⟨P p1 att=present|Ann Lee⟩\n")
    (section,) = html.document_fromstring(to_html(minutes, minutes.text or "")).xpath("//section[@class='text']")
    assert section.text_content() == minutes.text


def test_the_text_is_escaped(page: html.HtmlElement) -> None:
    assert len(page.xpath("//script")) == 1
    assert page.xpath("//b") == []
    assert '<script>alert("x")</script>' in page.text_content()


def test_rows_refer_to_spans_of_the_record(page: html.HtmlElement, minutes: Minutes) -> None:
    referred = [span for row in page.xpath("//tr[@data-spans]") for span in row.get("data-spans").split()]
    n_mentions = sum(len(record.mentions) for record in (*minutes.actions, *minutes.target_meetings))
    assert len(referred) == n_mentions + len(minutes.decisions) + len(minutes.metrics) + len(minutes.attendance)
    assert set(referred) <= {span.id for span in minutes.spans}
    assert set(referred) <= set(page.xpath("//a/@id"))


def test_nested_spans_are_marked_by_both(page: html.HtmlElement, minutes: Minutes) -> None:
    (action,) = [span.id for span in minutes.spans if span.label == "ACTION"]
    inside = [mark for mark in page.iter("mark") if action in mark.get("data-ids").split()]
    assert [(mark.text_content(), mark.get("class")) for mark in inside] == [
        ("Ann Lee", "l-ACTION l-PERSON"),
        (" will count the ", "l-ACTION"),
        ("chairs", "l-ACTION l-INDICATOR"),
        (" by the ", "l-ACTION"),
        ("September meeting", "l-ACTION l-TARGET_MEETING"),
    ]


def test_segments_are_cut_at_each_border() -> None:
    spans = [labelled("ACTION", 2, 8), labelled("PERSON", 2, 4), labelled("ROLE", 4, 8)]
    assert [(segment.text, segment.classes) for segment in iter_segments("0123456789", spans)] == [
        ("01", ""),
        ("23", "l-ACTION l-PERSON"),
        ("4567", "l-ACTION l-ROLE"),
        ("89", ""),
    ]
    assert list(iter_segments("", [])) == []


def test_warnings_and_records_stand_on_the_page(page: html.HtmlElement) -> None:
    shown = " ".join(page.text_content().split())
    assert "page_without_text: page 4" in shown
    assert "(2021-09)" in shown
    assert "none found" not in shown


def test_an_empty_record_says_so() -> None:
    minutes = record_of("Nothing here.")
    page = to_html(minutes, minutes.text or "")
    assert page.count("none found") == 5
    assert "nothing_found" in page
    assert "Decisions: none found" in table(minutes)


def table(minutes: Minutes) -> str:
    out = io.StringIO()
    print_table(minutes, Console(file=out, width=200))
    return out.getvalue()


def test_the_table_shows_each_record(minutes: Minutes) -> None:
    lines = [" ".join(line.split()) for line in table(minutes).splitlines()]
    assert "warning page_without_text: page 4" in lines
    assert "Date 2021-06-07" in lines
    assert "present Ann Lee Treasurer –" in lines
    assert "7 Ann Lee will count the chairs by the September meeting Ann Lee September meeting (2021-09) open" in lines
    assert "approved The minutes of the meeting held on 8 March were approved" in lines
    assert any(line.startswith("42 tables ") and line.endswith(" level") for line in lines)


def test_signs_of_the_terminal_are_shown_as_they_are() -> None:
    minutes = record_of("⟨P p1 att=present|[bold]Ann[/bold]⟩ was present.")
    assert "[bold]Ann[/bold]" in table(minutes)


@pytest.mark.parametrize(
    ("text", "date", "shown"),
    [("May", "2021-05", "May (2021-05)"), ("2021-05-01", "2021-05-01", "2021-05-01"), ("soon", None, "soon")],
)
def test_a_due_shows_its_date_unless_it_is_said(text: str, date: str | None, shown: str) -> None:
    assert describe_due(Due(text=text, kind="date", date=date, span="s1")) == shown
    assert describe_due(None) is None
