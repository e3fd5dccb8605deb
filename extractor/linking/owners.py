"""action → owner: who must do it. Names set apart from the sentence go before its subject."""

from collections.abc import Mapping, Sequence

from extractor.annotations import Relation, Span
from extractor.linking.apart import owners_apart, owners_of_item
from extractor.linking.context import Context
from extractor.linking.runs import Owners
from extractor.linking.subject import owners_in_sentence


def link_owners(context: Context, roles: Sequence[Relation]) -> list[Relation]:
    """The owners of every task; `roles` are the relations of persons, for "the Clerk, Ann Lee," is one owner."""
    held: dict[str, set[str]] = {}
    for relation in roles:
        held.setdefault(relation.tail, set()).add(relation.head)
    relations = []
    for action in context.of("ACTION"):
        owners, basis = _owners_of(context, action)
        relations += [Relation("owner", action.id, owner.id, 1.0, basis) for owner in _once(owners, held)]
    return relations


def _owners_of(context: Context, action: Span) -> Owners:
    owners, basis = owners_apart(context, action)
    if not owners:
        owners, basis = owners_in_sentence(context, action)
    return (owners, basis) if owners else (owners_of_item(context, action), "named")


def _once(owners: Sequence[Span], held: Mapping[str, set[str]]) -> list[Span]:
    """The owners without the roles of persons who are owners themselves."""
    ids = {owner.id for owner in owners}
    return [owner for owner in owners if not held.get(owner.id, set()) & ids]
