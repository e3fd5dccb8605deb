"""All links of a document, in one pass over its spans."""

from extractor.annotations import AnnotatedText
from extractor.linking.attributes import attendance, fill_attributes
from extractor.linking.context import Context
from extractor.linking.due import link_due
from extractor.linking.metrics import link_metrics
from extractor.linking.owners import link_owners
from extractor.linking.roles import link_roles
from extractor.linking.same import link_same
from extractor.structure.model import Structure


def link(annotated: AnnotatedText, structure: Structure) -> AnnotatedText:
    """The same spans with attributes and relations; attributes that a span carries already are kept."""
    context = Context(annotated, structure)
    roles = link_roles(context)
    of_tasks = [*link_owners(context, roles), *link_due(context)]
    relations = [*roles, *of_tasks, *link_metrics(context), *link_same(context, of_tasks)]
    listed = attendance(context)
    spans = tuple(fill_attributes(context, span, listed) for span in annotated.spans)
    return AnnotatedText(annotated.doc_id, annotated.text, spans, tuple(relations))
