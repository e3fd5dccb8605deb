"""What two mentions of tasks have in common, as numbers that a small network weighs."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log
from typing import Final

import numpy as np
import numpy.typing as npt

from extractor.linking.mentions import Stems, TaskMention

FEATURES: Final = (
    *("dice", "contained", "shared", "only_these", "equal", "first_word", "begins", "marks", "sure"),
    *("apart_earlier", "apart_later", "apart_one", "listed_earlier", "listed_later", "same_list", "same_section"),
    *("far", "neighbours", "gap", "in_earlier_paragraph", "in_later_paragraph", "in_heading", "mutual", "refers"),
    *(
        "owners_shared",
        "owners_differ",
        "owners_one",
        "dues_shared",
        "dues_differ",
        "dues_one",
        "size_earlier",
        "size_later",
    ),
)
MIN_TASKS: Final = 20
"""A shorter list of tasks is weighed as if it had so many, for there any word looks common."""
MAX_MENTIONS: Final = 12
"""A stem of more tasks does not make two of them candidates."""
NEAR: Final = 2
"""Tasks that so many places apart are candidates whatever their words."""
UNSEEN: Final = 3.0
"""Weight of a stem that is in no task."""
SURE_SHARED: Final = 9.0
SURE_DICE: Final = {True: 0.25, False: 0.9}
"""What is one task by its words alone: weight of those shared, and similarity where one is set apart, and else."""


@dataclass(frozen=True)
class TaskPairs:
    """The pairs of tasks of a document that may be one, with their features."""

    mentions: Sequence[TaskMention]

    @cached_property
    def _counts(self) -> Counter[str]:
        return Counter(stem for mention in self.mentions for stem in mention.stems)

    @cached_property
    def _weights(self) -> dict[str, float]:
        """A rare stem weighs more than one that every task has."""
        n_tasks = max(len(self.mentions), MIN_TASKS)
        return {stem: 1 + log(n_tasks / n) for stem, n in self._counts.items()}

    @cached_property
    def _sizes(self) -> list[float]:
        return [self._weigh(mention.stems) for mention in self.mentions]

    @cached_property
    def candidates(self) -> list[tuple[int, int]]:
        """Indices of earlier and later task, sorted."""
        places: dict[str, list[int]] = {}
        for index, mention in enumerate(self.mentions):
            for stem in mention.stems:
                places.setdefault(stem, []).append(index)
        found = {
            (earlier, later)
            for indices in places.values()
            if len(indices) <= MAX_MENTIONS
            for k, earlier in enumerate(indices)
            for later in indices[k + 1 :]
        }
        n = len(self.mentions)
        return sorted(found | {(k, k + step) for step in range(1, NEAR + 1) for k in range(n - step)})

    @cached_property
    def _dice(self) -> dict[tuple[int, int], float]:
        found = {}
        for i, j in self.candidates:
            both = self._sizes[i] + self._sizes[j]
            found[i, j] = 2 * self._shared(i, j) / both if both else 0.0
        return found

    @cached_property
    def _best(self) -> list[float]:
        """The highest similarity of each task to another."""
        best = [0.0] * len(self.mentions)
        for (i, j), dice in self._dice.items():
            best[i], best[j] = max(best[i], dice), max(best[j], dice)
        return best

    def features(self) -> npt.NDArray[np.float32]:
        """Shape: (n_candidates, n_features), in the order of FEATURES."""
        rows = [
            [*self._of_words(i, j), *self._of_place(i, j), *self._of_surroundings(i, j), *self._of_links(i, j)]
            for i, j in self.candidates
        ]
        return np.array(rows, dtype=np.float32).reshape(len(rows), len(FEATURES))

    def _of_words(self, i: int, j: int) -> list[float]:
        one, other = self.mentions[i], self.mentions[j]
        dice, shared = self._dice[i, j], self._shared(i, j)
        smaller = min(self._sizes[i], self._sizes[j])
        return [
            dice,
            shared / smaller if smaller else 0.0,
            min(shared, 20.0) / 20,
            min(3, sum(self._counts[stem] == 2 for stem in one.stems & other.stems)) / 3,
            float(one.stems == other.stems and len(one.stems) > 1),
            float(one.first == other.first != ""),
            float(one.folded.startswith(other.folded) or other.folded.startswith(one.folded)),
            min(3, len(one.marks & other.marks)) / 3,
            float(shared >= SURE_SHARED and dice >= SURE_DICE[one.set_apart != other.set_apart]),
        ]

    def _of_place(self, i: int, j: int) -> list[float]:
        one, other = self.mentions[i], self.mentions[j]
        return [
            float(one.set_apart),
            float(other.set_apart),
            float(one.set_apart != other.set_apart),
            float(one.listed),
            float(other.listed),
            float(one.listed and one.list_number == other.list_number),
            float(one.section == other.section),
            log(j - i) / 5,
            float(j == i + 1),
            log(1 + max(0, other.span.start - one.span.end)) / 10,
        ]

    def _of_surroundings(self, i: int, j: int) -> list[float]:
        one, other = self.mentions[i], self.mentions[j]
        dice = self._dice[i, j]
        return [
            self._part(other.stems, one.around),
            self._part(one.stems, other.around),
            self._part(one.heading, other.stems),
            float(0 < dice == max(self._best[i], self._best[j])),
            float(other.refers),
        ]

    def _of_links(self, i: int, j: int) -> list[float]:
        one, other = self.mentions[i], self.mentions[j]
        return [
            *_overlap(one.owners, other.owners),
            *_overlap(one.dues, other.dues),
            log(1 + self._sizes[i]) / 4,
            log(1 + self._sizes[j]) / 4,
        ]

    def _shared(self, i: int, j: int) -> float:
        return self._weigh(self.mentions[i].stems & self.mentions[j].stems)

    def _weigh(self, stems: Stems) -> float:
        return sum(self._weights.get(stem, UNSEEN) for stem in sorted(stems))

    def _part(self, stems: Stems, among: Stems) -> float:
        """The share of the weight of the stems that is among others."""
        return self._weigh(stems & among) / self._weigh(stems) if stems else 0.0


def _overlap(one: frozenset[str], other: frozenset[str]) -> list[float]:
    """Whether two sets share something, share nothing though neither is empty, and whether one alone is empty."""
    both = bool(one) and bool(other)
    return [float(bool(one & other)), float(both and not one & other), float(bool(one) != bool(other))]
