"""How much of known texts the readers find in the files that the texts came from.

`python -m training.ingest_report ORIGINALS_DIR TEXTS_DIR...`: each file of ORIGINALS_DIR is compared with the text of
the same stem in one of the other folders. *in order* is the longest common subsequence of words, *anywhere* the words
found in whatever order, both as a share of the known text's words.
"""

import argparse
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import Final

from extractor.errors import UnreadableFile
from extractor.ingest.isolation import IsolatedReader

N_WORST: Final = 25
LOW_FRACTION: Final = 0.9
_WORD: Final = re.compile(r"\w+")
_TITLES: Final = ("format", "files", "errors", "mean", "median", "min", "anywhere", "words", "s/file")


@dataclass(frozen=True, slots=True)
class Comparison:
    """One file; counts are words. A file that could not be read has found nothing and says why."""

    name: str
    n_words: int
    n_in_order: int
    n_anywhere: int
    n_read: int
    seconds: float
    error: str = ""

    @property
    def in_order_fraction(self) -> float:
        """Of the known text's words; 1.0 for an empty text."""
        return self.n_in_order / self.n_words if self.n_words else 1.0

    @property
    def anywhere_fraction(self) -> float:
        """Of the known text's words; 1.0 for an empty text."""
        return self.n_anywhere / self.n_words if self.n_words else 1.0


def words_of(text: str) -> list[str]:
    """Runs of letters and digits, lower-cased."""
    return _WORD.findall(text.lower())


def count_in_order(known: Sequence[str], read: Sequence[str]) -> int:
    """The length of the longest common subsequence, by the bit-parallel algorithm of Hyyrö (2004)."""
    places: dict[str, int] = defaultdict(int)
    for index, word in enumerate(known):
        places[word] |= 1 << index
    everything = (1 << len(known)) - 1
    row = everything
    for word in read:
        hits = row & places.get(word, 0)
        row = ((row + hits) | (row - hits)) & everything
    return len(known) - row.bit_count()


def compare(path: Path, text: str, reader: IsolatedReader) -> Comparison:
    """Read a file and compare it with its known text."""
    known = words_of(text)
    begun = time.monotonic()
    try:
        read = words_of(reader.read(path.read_bytes(), path.name).text)
    except UnreadableFile as error:
        return Comparison(path.name, len(known), 0, 0, 0, time.monotonic() - begun, type(error).__name__)
    seconds = time.monotonic() - begun
    anywhere = (Counter(known) & Counter(read)).total()
    return Comparison(path.name, len(known), count_in_order(known, read), anywhere, len(read), seconds)


def iter_pairs(originals: Path, folders: Iterable[Path]) -> Iterator[tuple[Path, Path]]:
    """The files whose text is known, with the path of the text."""
    texts = {path.stem: path for folder in folders for path in folder.glob("*.txt")}
    for path in sorted(originals.iterdir()):
        if path.stem in texts:
            yield path, texts[path.stem]


def table_of(comparisons: Sequence[Comparison]) -> Iterator[str]:
    """A line a format: mean, median and lowest share in order, median share anywhere, words read to words known."""
    yield "".join(f"{title:>9}" for title in _TITLES)
    groups: dict[str, list[Comparison]] = defaultdict(list)
    for comparison in comparisons:
        groups[Path(comparison.name).suffix.lstrip(".")].append(comparison)
    for suffix, rows in sorted(groups.items()):
        shares = [row.in_order_fraction for row in rows]
        extra = sum(row.n_read for row in rows) / max(1, sum(row.n_words for row in rows))
        figures = (mean(shares), median(shares), min(shares), median(row.anywhere_fraction for row in rows), extra)
        n_errors = sum(bool(row.error) for row in rows)
        shown = "".join(f"{figure:>9.3f}" for figure in (*figures, mean(row.seconds for row in rows)))
        yield f"{suffix:>9}{len(rows):>9}{n_errors:>9}{shown}"


def worst_of(comparisons: Sequence[Comparison]) -> Iterator[str]:
    """The files with the lowest shares in order, those above the line left out."""
    for row in sorted(comparisons, key=lambda row: row.in_order_fraction)[:N_WORST]:
        if row.in_order_fraction < LOW_FRACTION:
            ratio = row.n_read / max(1, row.n_words)
            yield (
                f"{row.in_order_fraction:.3f} in order  {row.anywhere_fraction:.3f} anywhere  {ratio:.2f} words  "
                f"{row.name}  {row.error}"
            )


def main() -> None:
    """Print the table and the worst files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("originals", type=Path, metavar="ORIGINALS_DIR")
    parser.add_argument("texts", type=Path, nargs="+", metavar="TEXTS_DIR")
    options = parser.parse_args()
    with IsolatedReader() as reader:
        comparisons = [
            compare(path, text.read_text(encoding="utf-8"), reader)
            for path, text in iter_pairs(options.originals, options.texts)
        ]
    print("\n".join([*table_of(comparisons), "", *worst_of(comparisons)]))


if __name__ == "__main__":
    main()
