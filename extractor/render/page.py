"""A record as one self-contained page: the text with every span marked, the records beside it."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from extractor.render.templates import load_template
from extractor.schema import LabelledSpan, Minutes
from extractor.scheme import LABELS


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of text between two borders of spans, and the spans that cover it, widest first."""

    text: str
    spans: tuple[LabelledSpan, ...]
    starts: tuple[str, ...]
    """Ids of the spans that begin here."""

    @property
    def classes(self) -> str:
        """The CSS classes of the labels."""
        return " ".join(f"l-{span.label}" for span in self.spans)

    @property
    def title(self) -> str:
        """What a pointer over the segment shows."""
        return ", ".join(f"{span.label} {span.score:.2f}" for span in self.spans)


def to_html(minutes: Minutes, text: str) -> str:
    """The page of a record; `text` is the text that its offsets count in."""
    labels = [label for label in LABELS if any(span.label == label for span in minutes.spans)]
    segments = list(iter_segments(text, minutes.spans))
    return load_template("extractor.render", "page.html.j2").render(
        minutes=minutes, segments=segments, labels=labels, facts=_facts(minutes)
    )


def _facts(minutes: Minutes) -> list[str]:
    """What stands below the heading, without what the heading says."""
    meeting = minutes.meeting
    heading = meeting.title or meeting.body or minutes.source.name
    times = "–".join(time for time in (meeting.start_time, meeting.end_time) if time)
    values = (meeting.body, meeting.organisation, meeting.date, times, meeting.location)
    return list(dict.fromkeys(value for value in values if value and value != heading))


def iter_segments(text: str, spans: list[LabelledSpan]) -> Iterator[Segment]:
    """Cut the text at every border of a span."""
    borders = sorted({0, len(text), *(s.start for s in spans), *(s.end for s in spans)})
    opening: dict[int, list[LabelledSpan]] = {}
    for span in spans:
        opening.setdefault(span.start, []).append(span)
    open_spans: list[LabelledSpan] = []
    for start, end in pairwise(borders):
        begun = opening.get(start, [])
        open_spans = [span for span in open_spans if span.end > start] + begun
        covering = tuple(sorted(open_spans, key=lambda span: span.start - span.end))
        yield Segment(text[start:end], covering, tuple(span.id for span in begun))
