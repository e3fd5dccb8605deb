"""Where a token stands in the structure of the minutes, as small classes for the encoder's input."""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from extractor.structure.model import LineKind, Structure
from extractor.tokens import Token


class Listed(IntEnum):
    """The attendance list around the token."""

    NONE = 1
    PRESENT = 2
    IN_ATTENDANCE = 3
    GUEST = 4
    APOLOGIES = 5
    ABSENT = 6


class Part(IntEnum):
    """The part of the minutes around the token; of several that overlap the highest counts."""

    OTHER = 1
    PREVIOUS_MINUTES = 2
    NEXT_MEETING = 3
    HEADING = 4
    ACTION_LIST = 5
    REF_CELL = 6
    ACTION_CELL = 7
    OWNER_CELL = 8
    DUE_CELL = 9
    STATUS_CELL = 10
    ACTION_LABEL = 11
    FURNITURE = 12


_CELLS: Final = {
    "ref": Part.REF_CELL,
    "action": Part.ACTION_CELL,
    "owner": Part.OWNER_CELL,
    "due": Part.DUE_CELL,
    "status": Part.STATUS_CELL,
}
Stretch = tuple[int, int, int]
"""Start, end and class."""


def region_features(tokens: Sequence[Token], structure: Structure) -> npt.NDArray[np.int64]:
    """Shape: (n_tokens, 2): `Listed` and `Part` of each token."""
    starts = np.array([token.start for token in tokens], dtype=np.int64)
    listed = ((r.start, r.end, Listed[r.status.upper()]) for r in structure.attendance)
    return np.stack(
        [_classes(starts, listed, Listed.NONE), _classes(starts, sorted(_parts(structure), key=_rank), Part.OTHER)],
        axis=1,
    )


def _classes(starts: npt.NDArray[np.int64], stretches: Iterable[Stretch], default: int) -> npt.NDArray[np.int64]:
    out = np.full(len(starts), default, dtype=np.int64)
    for start, end, value in stretches:
        out[np.searchsorted(starts, start) : np.searchsorted(starts, end)] = value
    return out


def _rank(stretch: Stretch) -> int:
    return stretch[2]


def _parts(structure: Structure) -> Iterable[Stretch]:
    if structure.previous_minutes is not None:
        yield structure.previous_minutes.start, structure.previous_minutes.end, Part.PREVIOUS_MINUTES
    for region in structure.next_meeting:
        yield region.start, region.end, Part.NEXT_MEETING
    for item in structure.agenda:
        yield item.title_start, item.title_end, Part.HEADING
    for table in structure.action_regions:
        yield table.start, table.end, _CELLS.get(table.column or "", Part.ACTION_LIST)
    for label in structure.action_labels:
        yield label.start, label.end, Part.ACTION_LABEL
    for line in structure.lines:
        if line.kind is LineKind.FURNITURE:
            yield line.start, line.end, Part.FURNITURE
