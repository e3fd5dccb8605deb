"""The quality gate: the floors that a released model must keep on a corpus that must not change unseen."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from extractor.errors import ModelError

FLOORS_FILE: Final = "floors.json"
DECIMALS: Final = 3
ARITHMETIC: Final = 0.02
"""How far below a floor a score may lie: processors without bfloat16 tag a few spans otherwise.

Measured on data/gold/test: the same model in 32-bit floats differs by 0.015 F1 at most, the headline by 0.001.
"""


@dataclass(frozen=True, slots=True)
class Floors:
    """The lowest F1 allowed for each measure on the corpus whose checksum is `sha256`."""

    path: str
    sha256: str
    floors: dict[str, float]


def read_floors(file: Path) -> Floors:
    """The floors of a model.

    Raises:
        ModelError: there is no such file, or it is none of floors.
    """
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        floors = {str(key): float(value) for key, value in record["floors"].items()}
        return Floors(str(record["corpus"]["path"]), str(record["corpus"]["sha256"]), floors)
    except FileNotFoundError as error:
        raise ModelError(f"{file}: there are no floors yet; --write-floors writes them") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{file}: no table of floors ({type(error).__name__})") from error


def write_floors(file: Path, floors: Floors) -> None:
    """Write them as `read_floors` reads them."""
    record: dict[str, Any] = {"corpus": {"path": floors.path, "sha256": floors.sha256}, "floors": floors.floors}
    file.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def floors_at(path: str, sha256: str, scores: dict[str, float]) -> Floors:
    """Floors at the scores, rounded down."""
    scale = 10**DECIMALS
    return Floors(path, sha256, {key: math.floor(value * scale) / scale for key, value in scores.items()})


@dataclass(frozen=True, slots=True)
class FloorCheck:
    """A floor and what was reached; None where the corpus does not measure it."""

    measure: str
    floor: float
    score: float | None

    @property
    def holds(self) -> bool:
        """Whether the floor is kept, but for the arithmetic of the processor."""
        return self.score is not None and self.score >= self.floor - ARITHMETIC


def check_floors(floors: Floors, scores: dict[str, float]) -> list[FloorCheck]:
    """Each floor beside what was reached."""
    return [FloorCheck(measure, floor, scores.get(measure)) for measure, floor in floors.floors.items()]
