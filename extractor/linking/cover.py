"""Each indicator is of some metric: what the nearest choices leave out claims one, at the least extra cost."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from extractor.annotations import Span
from extractor.linking.context import within

NEAR: Final = 800
"""Characters around a target in which sources are looked for."""
MOST_COST: Final = 40.0
"""The most that a claim may cost beyond the choices that it undoes."""
Cost = Callable[[Span, Span], float | None]
"""What it costs to tie a source to a target; None where it cannot be."""


@dataclass(frozen=True, slots=True)
class _Claim:
    """New choices that leave no other target empty."""

    cost: float
    choices: tuple[tuple[Span, Span], ...]
    """Source and target."""


def cover(chosen: Mapping[str, Span], sources: Sequence[Span], targets: Iterable[Span], cost: Cost) -> dict[str, Span]:
    """The choices, changed such that each target has a source where one is near.

    Args:
        chosen: target of a source, by the id of the source.
        sources: those whose choice may change, in order of the text.
        targets: in order of the text.
    """
    found = dict(chosen)
    n_sources = Counter(target.id for target in found.values())
    for target in targets:
        if n_sources[target.id]:
            continue
        claims = _claims(target, found, n_sources, sources, cost)
        best = min(claims, key=lambda claim: claim.cost, default=None)
        if best is None or best.cost > MOST_COST:
            continue
        for source, to in best.choices:
            if source.id in found:
                n_sources[found[source.id].id] -= 1
            found[source.id] = to
            n_sources[to.id] += 1
    return found


def _claims(
    target: Span, found: Mapping[str, Span], n_sources: Counter[str], sources: Sequence[Span], cost: Cost
) -> Iterator[_Claim]:
    """A source without a target, one of several of another target, or the only one, if that finds another."""
    for source in within(sources, target.start - NEAR, target.end + NEAR):
        own = cost(source, target)
        if own is None:
            continue
        held = found.get(source.id)
        if held is None:
            yield _Claim(0.0, ((source, target),))
            continue
        extra = own - (cost(source, held) or 0.0)
        if n_sources[held.id] > 1:
            yield _Claim(extra, ((source, target),))
            continue
        for other in within(sources, held.start - NEAR, held.end + NEAR):
            its = found.get(other.id)
            new = cost(other, held) if its is not None and its.id != held.id and n_sources[its.id] > 1 else None
            if its is not None and new is not None:
                yield _Claim(extra + new - (cost(other, its) or 0.0), ((source, target), (other, held)))
