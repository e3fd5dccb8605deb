"""All links of a document, in one pass over its spans."""

from extractor.annotations import AnnotatedText, Relation
from extractor.linking.attributes import attendance, fill_attributes
from extractor.linking.context import Context
from extractor.linking.due import link_due
from extractor.linking.metrics import link_metrics
from extractor.linking.owners import link_owners
from extractor.linking.period_choice import choose_periods
from extractor.linking.roles import link_roles
from extractor.linking.same import link_same
from extractor.structure.model import Structure


def link(annotated: AnnotatedText, structure: Structure) -> AnnotatedText:
    """The same spans with attributes and relations; attributes that a span carries already are kept."""
    context = Context(annotated, structure)
    by_rules = link_by_rules(context)
    relations = (
        *(relation for relation in by_rules if relation.kind != "period"),
        *choose_periods(context, by_rules),
        *link_same(context, by_rules),
    )
    listed = attendance(context)
    spans = tuple(fill_attributes(context, span, listed) for span in annotated.spans)
    return AnnotatedText(annotated.doc_id, annotated.text, spans, relations)


def link_by_rules(context: Context) -> list[Relation]:
    """What the rules alone say; they know nothing of mentions of one task."""
    roles = link_roles(context)
    return [*roles, *link_owners(context, roles), *link_due(context), *link_metrics(context)]
