"""Action tables: which owner, due and status cells belong to the row of a task."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from extractor.annotations import Span
from extractor.structure.model import ActionRegion, Structure


@dataclass(frozen=True)
class ActionTable:
    """The cells of the document's action tables, by row."""

    structure: Structure

    @cached_property
    def _cells(self) -> Sequence[ActionRegion]:
        return [region for region in self.structure.action_regions if region.kind == "column" and region.column]

    @cached_property
    def _starts(self) -> list[int]:
        return [cell.start for cell in self._cells]

    def cell(self, position: int) -> ActionRegion | None:
        """The cell around a character."""
        at = bisect_right(self._starts, position) - 1
        return self._cells[at] if at >= 0 and position < self._cells[at].end else None

    def row_cells(self, action: Span, column: str) -> list[ActionRegion]:
        """The cells of that column in the row of the task; none if the task is in no action table."""
        own = self.cell(action.start)
        if own is None or own.column != "action":
            return []
        return [cell for cell in self._cells if cell.row == own.row and cell.column == column]
