"""A record as tables in a terminal."""

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from extractor.schema import Action, Attendance, Due, Metric, Minutes


def print_table(minutes: Minutes, console: Console) -> None:
    """Print the meeting, who was there, the actions, decisions and metrics."""
    console.rule(Text(minutes.source.name, style="bold"), align="left")
    for label, value in _meeting(minutes):
        console.print(Text.assemble((f"{label:<10}", "dim"), value))
    for warning in minutes.source.warnings:
        console.print(Text(f"warning   {warning.code}: {warning.detail}", style="yellow"))
    _print(console, "Attendance", ("Status", "Name", "Role", "Note"), map(_attendance_row, minutes.attendance))
    _print(console, "Actions", ("No", "Action", "Owner", "Due", "Status"), map(_action_row, minutes.actions))
    decisions = ([decision.kind, decision.text] for decision in minutes.decisions)
    _print(console, "Decisions", ("Kind", "Decision"), decisions)
    _print(
        console, "Metrics", ("Value", "Indicator", "Period", "Compared with", "Kind"), map(_metric_row, minutes.metrics)
    )


def _meeting(minutes: Minutes) -> Iterable[tuple[str, str]]:
    meeting = minutes.meeting
    times = " – ".join(time for time in (meeting.start_time, meeting.end_time) if time)
    values = {
        "Title": meeting.title,
        "Body": meeting.body,
        "Of": meeting.organisation,
        "Date": " ".join(part for part in (meeting.date, times) if part),
        "Place": meeting.location,
        "Previous": meeting.previous and (meeting.previous.date or meeting.previous.text),
        "Next": meeting.next and (meeting.next.date or meeting.next.text),
    }
    return [(label, " ".join(value.split())) for label, value in values.items() if value]


def _print(console: Console, title: str, columns: Sequence[str], rows: Iterable[Sequence[str | None]]) -> None:
    filled = list(rows)
    if not filled:
        console.print(Text(f"\n{title}: none found", style="dim"))
        return
    table = Table(title=f"{title} ({len(filled)})", title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, overflow="fold", ratio=6 if column in ("Action", "Decision", "Indicator") else None)
    for row in filled:
        table.add_row(*(Text(" ".join(cell.split()) if cell else "–") for cell in row))
    console.print()
    console.print(table)


def _attendance_row(row: Attendance) -> Sequence[str | None]:
    return (row.status.replace("_", " "), row.name, row.role, row.note)


def _action_row(action: Action) -> Sequence[str | None]:
    owners = ", ".join(owner.text for owner in action.owners)
    return (action.number, action.text, owners, describe_due(action.due), action.status)


def describe_due(due: Due | None) -> str | None:
    """The words of the document, with the date where it is known and not said by them already."""
    if due is None:
        return None
    return f"{due.text} ({due.date})" if due.date and due.date != due.text else due.text


def _metric_row(metric: Metric) -> Sequence[str | None]:
    period = metric.period.text if metric.period else None
    baseline = metric.baseline.text if metric.baseline else None
    return (metric.text, metric.indicator, period, baseline, metric.kind)
