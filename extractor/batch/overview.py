"""The overview of an archive as one self-contained page: counts, actions by due meeting, errors, a chart over time."""

import heapq
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from extractor.batch.tables import DocumentRow
from extractor.normalize.dates import last_day
from extractor.render.templates import load_template
from extractor.schema import Action, Minutes

MAX_ROWS: Final = 500
"""Of a list on the page; the tables hold the rest."""
MAX_ACTIONS: Final = 2000
CHART_WIDTH: Final = 960
CHART_HEIGHT: Final = 220


@dataclass(frozen=True, slots=True)
class OpenAction:
    """An action that is not done, with what the list shows."""

    document: str
    text: str
    owners: str
    due: str
    due_date: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A year of the chart; heights and places in pixels."""

    year: int
    x: float
    width: float
    actions: int
    metrics: int
    actions_height: float
    metrics_height: float


@dataclass(slots=True)
class Overview:
    """Gathers what the page shows while the documents go by."""

    statuses: Counter[str] = field(default_factory=Counter)
    error_codes: Counter[str] = field(default_factory=Counter)
    warning_codes: Counter[str] = field(default_factory=Counter)
    errors: list[DocumentRow] = field(default_factory=list)
    due: list[tuple[str, int, OpenAction]] = field(default_factory=list)
    """A heap of the actions that are due last: the last day or "", a number, the action."""
    actions_by_year: Counter[int] = field(default_factory=Counter)
    metrics_by_year: Counter[int] = field(default_factory=Counter)
    documents_by_body: Counter[str] = field(default_factory=Counter)
    n_due: int = 0
    n_open: int = 0
    n_undated: int = 0

    def add(self, row: DocumentRow, minutes: Minutes | None) -> None:
        """A document with its records, or an error."""
        self.statuses[row.status] += 1
        if minutes is None:
            self.error_codes[row.error_code or ""] += 1
            if len(self.errors) < MAX_ROWS:
                self.errors.append(row)
            return
        self.warning_codes.update(warning.code for warning in minutes.source.warnings)
        self.documents_by_body[minutes.meeting.body or "(no body found)"] += 1
        if minutes.meeting.date:
            year = int(minutes.meeting.date[:4])
            self.actions_by_year[year] += len(minutes.actions)
            self.metrics_by_year[year] += len(minutes.metrics)
        else:
            self.n_undated += 1
        for action in minutes.actions:
            if action.status != "done":
                self._add_action(row.document, action)

    def _add_action(self, document: str, action: Action) -> None:
        self.n_open += 1
        due = action.due
        if due is None:
            return
        self.n_due += 1
        words = " ".join(due.text.split())
        owners = ", ".join(" ".join(owner.text.split()) for owner in action.owners)
        shown = OpenAction(document, " ".join(action.text.split()), owners, words, due.date or "")
        heapq.heappush(self.due, (last_day(due.date) if due.date else "", -self.n_due, shown))
        if len(self.due) > MAX_ACTIONS:
            heapq.heappop(self.due)

    def to_html(self, n_rows: Mapping[str, int], title: str, model: str) -> str:
        """The page; `n_rows` is the length of each table."""
        return load_template("extractor.batch", "overview.html.j2").render(
            title=title,
            model=model,
            n_rows=n_rows,
            overview=self,
            due=self._by_due(),
            bars=self.bars(),
            bodies=self.documents_by_body.most_common(50),
            max_rows=MAX_ROWS,
            max_actions=MAX_ACTIONS,
            width=CHART_WIDTH,
            height=CHART_HEIGHT,
        )

    def _by_due(self) -> list[tuple[str, list[OpenAction]]]:
        """The actions by the date that they are due at, or by its words, the last first."""
        actions = [action for _, _, action in sorted(self.due, reverse=True)]
        groups = groupby(actions, key=lambda action: action.due_date or action.due)
        return [(due, list(found)) for due, found in groups]

    def bars(self) -> list[Bar]:
        """The chart's years, from the first to the last that has a meeting; none without dates."""
        years = sorted({*self.actions_by_year, *self.metrics_by_year})
        if not years:
            return []
        all_years = range(years[0], years[-1] + 1)
        highest = max(1, *self.actions_by_year.values(), *self.metrics_by_year.values())
        step = CHART_WIDTH / len(all_years)
        return [
            Bar(
                year,
                round(place * step, 1),
                round(min(step * 0.4, 40.0), 1),
                self.actions_by_year[year],
                self.metrics_by_year[year],
                round(self.actions_by_year[year] / highest * CHART_HEIGHT, 1),
                round(self.metrics_by_year[year] / highest * CHART_HEIGHT, 1),
            )
            for place, year in enumerate(all_years)
        ]
