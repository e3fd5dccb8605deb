"""Words that the typesetter broke over two lines: whether the hyphen is the word's own."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from extractor.ingest.pdf.fragments import PrintedWord
from extractor.ingest.pdf.lines import PrintedLine

HYPHENATED_FRACTION: Final = 0.03
"""From this share of lines on that end with a hyphen, the typesetter breaks words."""
_BROKEN: Final = re.compile(r"\w{2,}-\Z")
_LETTERS: Final = re.compile(r"[^\W\d_](?:[\w'’-]*\w)?")


class Hyphens:
    """What the words of a document tell about its hyphens."""

    def __init__(self, lines: Iterable[PrintedLine]) -> None:
        self._known: set[str] = set()
        n_lines = n_broken = 0
        for line in lines:
            words = line.words
            n_lines += 1
            n_broken += bool(_BROKEN.search(words[-1].text))
            self._known.update(m.group().lower() for word in words if (m := _LETTERS.search(word.text)))
        self._breaks_words = n_broken > HYPHENATED_FRACTION * max(n_lines, 1) and n_broken > 2

    def mend(self, lines: Sequence[PrintedLine]) -> None:
        """Put words that were broken at the end of a line together, on the first of the two lines."""
        for line, following in pairwise(lines):
            last, first = line.fragments[-1], following.fragments[0]
            if not (last.words and first.words and self._goes_on(last.words[-1], first.words[0])):
                continue
            if len(following.words) > 1:
                last.words[-1] = self._joined(last.words[-1], first.words.pop(0))
                following.fragments = [f for f in following.fragments if f.words]

    def _goes_on(self, word: PrintedWord, following: PrintedWord) -> bool:
        return bool(_BROKEN.search(word.text)) and following.text[0].islower()

    def _joined(self, word: PrintedWord, following: PrintedWord) -> PrintedWord:
        stem, rest = word.text[:-1], following.text
        tail = _LETTERS.match(rest)
        ending = tail.group() if tail else rest
        head = _LETTERS.search(stem)
        beginning = head.group() if head else stem
        whole, hyphenated = (beginning + ending).lower(), f"{beginning}-{ending}".lower()
        keep = hyphenated in self._known or (whole not in self._known and not self._breaks_words)
        return PrintedWord(stem + ("-" if keep else "") + rest, word.box)
