"""What the labels of a first pass over a document say about a second one.

What is a person or a title twice is likely one wherever it stands; capitals are someone's initials if they are those of
a person whom the document names in full; and a figure seeks what it measures.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from extractor.normalize.names import may_be_same, parse_name
from extractor.tags import tag_names
from extractor.tokens import Gap, Token

LAYER: Final = "entity"
LABELS: Final = ("PERSON", "ROLE")
MIN_MENTIONS: Final = 2
MIN_SCORE: Final = 0.7
"""Probability that at least one of the mentions must reach."""
MAX_WORDS: Final = 12
CAPITALS: Final = re.compile(r"[A-Z]{2,4}")
"""What may be someone's initials."""
SENTENCE_ENDS: Final = frozenset(".;!?")
CHARS_BEFORE: Final = 200
CHARS_BEHIND: Final = 120
"""How far from a figure its indicator is sought."""
Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mention:
    """A labelled run of tokens, end exclusive."""

    label: str
    first: int
    past: int
    score: float


def repeat_bonus(mentions: Iterable[Mention], tokens: Sequence[Token], bonus: float) -> npt.NDArray[np.float32]:
    """What to add to the emissions of the entity layer, shape (n_tokens, n_tags).

    Each place where a known string stands gains `bonus` for its tags and half of it against running on; of several
    strings that begin at one place the longest counts. Words are compared without case, line breaks do not count.
    """
    names = tag_names(LAYER)
    added = np.zeros((len(tokens), len(names)), dtype=np.float32)
    places = [k for k, token in enumerate(tokens) if token.gap is Gap.NONE]
    words = [tokens[k].text.casefold() for k in places]
    known = _known(mentions, tokens)
    for label in LABELS:
        begin, inside = names.index(f"B-{label}"), names.index(f"I-{label}")
        for start, end in _occurrences(words, known[label]):
            first, last = places[start], places[end - 1]
            added[first, begin] += bonus
            added[first + 1 : last + 1, inside] += bonus
            added[last + 1 : last + 2, inside] -= bonus / 2
    return added


def initials_bonus(
    mentions: Iterable[Mention], tokens: Sequence[Token], known: float, unknown: float
) -> npt.NDArray[np.float32]:
    """What to add to the emissions of the entity layer, shape (n_tokens, n_tags).

    A word of two to four capitals gains `known` as a person if it can be the initials of someone who is named in full
    elsewhere, else `unknown`; nothing where the document names nobody in full.
    """
    names = tag_names(LAYER)
    added = np.zeros((len(tokens), len(names)), dtype=np.float32)
    people = [parse_name(words) for words in _full_names(mentions, tokens)]
    if not people:
        return added
    gains: dict[str, float] = {}
    for k, token in enumerate(tokens):
        word = token.text
        if CAPITALS.fullmatch(word) and not _is_part(tokens, k):
            if word not in gains:
                sign = parse_name(word)
                gains[word] = known if any(may_be_same(sign, name) for name in people) else unknown
            added[k, names.index("B-PERSON")] = gains[word]
    return added


def _is_part(tokens: Sequence[Token], k: int) -> bool:
    """Whether a digit or letter touches the token, as in a reference or a call sign."""
    neighbours = (
        (tokens[j], at) for j, at in ((k - 1, tokens[k].start), (k + 1, tokens[k].end)) if 0 <= j < len(tokens)
    )
    return any(other.text[0].isalnum() and at in (other.start, other.end) for other, at in neighbours)


def _full_names(mentions: Iterable[Mention], tokens: Sequence[Token]) -> set[str]:
    """The people that are surely labelled, by a given name or its initial and a surname."""
    sure = (m for m in mentions if m.label == "PERSON" and m.score >= MIN_SCORE and m.past - m.first > 1)
    found = {_written(tokens[mention.first : mention.past]) for mention in sure}
    return {name for name in found if parse_name(name).is_full}


def _written(run: Sequence[Token]) -> str:
    """The words with a blank between those that do not touch."""
    words = run[0].text
    for before, token in pairwise(run):
        words += token.text if token.start == before.end else f" {token.text}"
    return words


def indicator_bonus(mentions: Iterable[Mention], tokens: Sequence[Token], bonus: float) -> npt.NDArray[np.float32]:
    """What to add to the emissions of the entity layer, shape (n_tokens, n_tags).

    An indicator gains `bonus` in each sentence that has a metric and no indicator.
    """
    names = tag_names(LAYER)
    added = np.zeros((len(tokens), len(names)), dtype=np.float32)
    found = list(mentions)
    indicators = [mention for mention in found if mention.label == "INDICATOR"]
    is_end = _sentence_ends(tokens)
    for metric in found:
        if metric.label == "METRIC":
            first, past = _sentence(metric, tokens, is_end)
            if not any(other.first < past and first < other.past for other in _near(indicators, first)):
                added[first:past, names.index("B-INDICATOR")] = bonus
    return added


def _near(mentions: Sequence[Mention], first: int) -> Sequence[Mention]:
    """The last mention that begins before the token and the one after it: if neither reaches a sentence, none does."""
    at = bisect_left(mentions, first, key=lambda mention: mention.first)
    return mentions[max(0, at - 1) : at + 1]


def _sentence_ends(tokens: Sequence[Token]) -> list[bool]:
    """Whether a sentence or paragraph ends with the token."""
    starts = [token.start for token in tokens[1:]] + [-1]
    return [
        token.gap is Gap.PARAGRAPH or (token.text in SENTENCE_ENDS and following != token.end)
        for token, following in zip(tokens, starts, strict=True)
    ]


def _sentence(mention: Mention, tokens: Sequence[Token], is_end: Sequence[bool]) -> tuple[int, int]:
    """(first, past) of the tokens around the mention up to the ends of its sentence, or as far as is looked."""
    lowest = tokens[mention.first].start - CHARS_BEFORE
    highest = tokens[mention.past - 1].end + CHARS_BEHIND
    first, past = mention.first, mention.past
    while first > 0 and not is_end[first - 1] and tokens[first - 1].start >= lowest:
        first -= 1
    while past < len(tokens) and not is_end[past] and tokens[past].start < highest:
        past += 1
    return first, past


def _known(mentions: Iterable[Mention], tokens: Sequence[Token]) -> dict[str, set[Words]]:
    """Label to the strings that are labelled often and surely enough."""
    scores: dict[tuple[str, Words], list[float]] = defaultdict(list)
    for mention in mentions:
        run = tokens[mention.first : mention.past]
        words = tuple(token.text.casefold() for token in run if token.gap is Gap.NONE)
        if len(words) <= MAX_WORDS and any(word[0].isalpha() for word in words):
            scores[mention.label, words].append(mention.score)
    known: dict[str, set[Words]] = {label: set() for label in LABELS}
    for (label, words), found in scores.items():
        if label in known and len(found) >= MIN_MENTIONS and max(found) >= MIN_SCORE:
            known[label].add(words)
    return known


def _occurrences(words: Sequence[str], known: set[Words]) -> Iterator[tuple[int, int]]:
    """(first, past) of each place where a known string stands, the longest first; they do not overlap."""
    lengths: dict[str, set[int]] = defaultdict(set)
    for string in known:
        lengths[string[0]].add(len(string))
    position = 0
    while position < len(words):
        n_words = 0
        if words[position] in lengths:
            longest = sorted(lengths[words[position]], reverse=True)
            n_words = next((n for n in longest if tuple(words[position : position + n]) in known), 0)
        if n_words:
            yield position, position + n_words
        position += n_words or 1
