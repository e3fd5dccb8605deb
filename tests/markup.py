"""Gold written inside the text: the inline form of GUIDELINES.md to an AnnotatedText."""

import re
from types import MappingProxyType

from extractor.annotations import AnnotatedText, Relation, Span
from extractor.scheme import RELATIONS, TAGS

_HEAD = re.compile(r"⟨([A-Z])((?:\s+[^\s|⟨⟩]+)*)\s*\|")
_RELATION_KINDS = {kind for _, kind in RELATIONS}


def annotate(inline: str, doc_id: str = "doc") -> AnnotatedText:
    """The text without its tags, and the spans and relations that the tags say; ids are given where missing."""
    out: list[str] = []
    n_chars, position, n_tags = 0, 0, 0
    stack: list[tuple[str, list[str], int, str]] = []
    spans: list[Span] = []
    relations: list[Relation] = []
    while position < len(inline):
        sign = inline[position]
        head = _HEAD.match(inline, position)
        if head is not None:
            n_tags += 1
            stack.append((head.group(1), head.group(2).split(), n_chars, f"u{n_tags}"))
            position = head.end()
            continue
        if sign == "⟩":
            tag, words, start, given = stack.pop()
            span_id = next((word for word in words if "=" not in word), given)
            pairs = dict(word.split("=", 1) for word in words if "=" in word)
            for kind in _RELATION_KINDS & pairs.keys():
                relations += [Relation(kind, span_id, tail) for tail in pairs.pop(kind).split(",")]
            spans.append(Span(span_id, TAGS[tag], start, n_chars, 1.0, MappingProxyType(pairs)))
        else:
            out.append(sign)
            n_chars += 1
        position += 1
    assert not stack, "a tag is not closed"
    return AnnotatedText(doc_id, "".join(out), tuple(spans), tuple(relations))


def strip(annotated: AnnotatedText) -> AnnotatedText:
    """The spans alone, as a tagger without attribute heads would give them."""
    return AnnotatedText(
        annotated.doc_id, annotated.text, tuple(Span(s.id, s.label, s.start, s.end) for s in annotated.spans)
    )
