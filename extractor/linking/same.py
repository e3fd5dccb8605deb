"""action → action: the same task in the running text, in a labelled line and in a summary."""

import re
from collections import Counter
from math import log
from typing import Final

from extractor.annotations import Relation
from extractor.linking.context import Context
from extractor.linking.vocabulary import words

MIN_OF_KINDS: Final = {True: 0.25, False: 0.9}
"""Similarity from which two actions are one task: where only one of them is set apart by a label, and else."""
MIN_TASKS: Final = 20
"""A shorter list of tasks is weighed as if it had so many, for there any word looks common."""
MIN_SHARED: Final = 9.0
"""Weight of the words that both must share: a rare word weighs more than one that every task has."""
MAX_COPIES: Final = 2
"""How often one wording stands for one task; a phrase used more often is a formula for several."""
_WORD: Final = re.compile(r"[^\W_]{2,}")


def link_same(context: Context) -> list[Relation]:
    """Each later action that repeats an earlier one, tied to the first of its record."""
    actions = context.of("ACTION")
    bags = [_stems(span.text_of(context.text)) for span in actions]
    frequency = Counter(stem for bag in bags for stem in bag)
    weights = {stem: 1 + log(max(len(bags), MIN_TASKS) / n) for stem, n in frequency.items()}
    sizes = [sum(weights[stem] for stem in bag) for bag in bags]
    labelled = [context.is_set_apart(action) for action in actions]
    copies = Counter(bags)
    leaders: dict[int, int] = {}
    relations = []
    for later, action in enumerate(actions):
        if copies[bags[later]] > MAX_COPIES:
            continue
        best, index = 0.0, -1
        for i in range(later):
            limit = max(best, MIN_OF_KINDS[labelled[i] != labelled[later]])
            if 2 * min(sizes[i], sizes[later]) < limit * (sizes[i] + sizes[later]):
                continue
            shared = sum(weights[stem] for stem in bags[i] & bags[later])
            if shared >= MIN_SHARED and 2 * shared >= limit * (sizes[i] + sizes[later]):
                best, index = 2 * shared / (sizes[i] + sizes[later]), i
        if index >= 0:
            leaders[later] = leaders.get(index, index)
            relations.append(Relation("same", action.id, actions[leaders[later]].id, round(min(1.0, best), 3)))
    return relations


def _stems(text: str) -> frozenset[str]:
    """The beginnings of the words that say something: "circulate" and "circulation" are one."""
    ignored = words("same", "ignored")
    return frozenset(word[:6] for word in _WORD.findall(text.lower()) if word not in ignored)
