"""Scores by file format: `python -m training.format_report --gold DIR --texts DIR --originals DIR`.

The same documents are read twice: their text, and the file that it came from (ORIGINALS/<doc_id>.<format>). Offsets
differ between the two, so both are scored by string: label and words of each span, as often as they stand in gold.
"""

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from extractor.annotations import AnnotatedText
from extractor.errors import UnreadableFile
from extractor.ingest.isolation import IsolatedReader
from extractor.pipeline import load
from extractor.scheme import HEADLINE_LABELS, LABELS
from training.gold import GoldDocument, read_gold
from training.predict import PipelinePredictor, Predictor
from training.scoring import Counts, fold, micro, total

Strings = dict[str, Counts]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A document read from its text and from its file; label to counts by string. An unreadable file found nothing."""

    doc_id: str
    suffix: str
    from_text: Strings
    from_file: Strings
    error: str = ""


def count_strings(gold: AnnotatedText, predicted: AnnotatedText | None) -> Strings:
    """Label to counts; a span is right if gold has one more of its label and words, wherever it stands."""
    theirs, ours = _strings(gold), _strings(predicted) if predicted is not None else Counter[tuple[str, str]]()
    return {
        label: Counts(*(sum(n for key, n in c.items() if key[0] == label) for c in (ours & theirs, ours, theirs)))
        for label in LABELS
    }


def _strings(annotated: AnnotatedText) -> Counter[tuple[str, str]]:
    return Counter((span.label, fold(span.text_of(annotated.text))) for span in annotated.spans)


def compare(document: GoldDocument, original: Path, predictor: Predictor, reader: IsolatedReader) -> Comparison:
    """Score the text and the file of a document."""
    gold, suffix = document.gold, original.suffix.lstrip(".").lower()
    from_text = count_strings(gold, predictor(document.source))
    try:
        read = predictor(reader.read(original.read_bytes(), original.name))
    except UnreadableFile as error:
        return Comparison(gold.doc_id, suffix, from_text, count_strings(gold, None), type(error).__name__)
    return Comparison(gold.doc_id, suffix, from_text, count_strings(gold, read))


def iter_pairs(documents: Iterable[GoldDocument], originals: Path) -> Iterator[tuple[GoldDocument, Path]]:
    """Each document with each of its files, by format."""
    by_id = {document.gold.doc_id: document for document in documents}
    for path in sorted(originals.iterdir(), key=lambda path: (path.suffix, path.stem)):
        if path.stem in by_id:
            yield by_id[path.stem], path


def table_of(comparisons: Sequence[Comparison]) -> Iterator[str]:
    """A line for each format and way of reading: documents, headline micro F1, F1 a label."""
    yield f"{'format':8}{'read from':11}{'documents':>9}{'headline':>10}" + "".join(
        f"{name:>16}" for name in HEADLINE_LABELS
    )
    for suffix in sorted({c.suffix for c in comparisons}):
        rows = [c for c in comparisons if c.suffix == suffix]
        for name, counts in (("text", [c.from_text for c in rows]), ("file", [c.from_file for c in rows])):
            summed = total(counts)
            scores = "".join(f"{summed[label].f1:16.3f}" for label in HEADLINE_LABELS)
            yield f"{suffix:8}{name:11}{len(rows):9}{micro(summed).f1:10.3f}{scores}"
    for c in comparisons:
        if c.error:
            yield f"unreadable: {c.doc_id}.{c.suffix}: {c.error}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gold", type=Path, required=True, help="labels NAME.json")
    parser.add_argument("--texts", type=Path, help="where NAME.txt is, if not beside the labels")
    parser.add_argument("--originals", type=Path, required=True, help="files NAME.pdf, NAME.docx …")
    parser.add_argument("--model", type=Path, help="another model than minutes-en: a shipped one by name, or a folder")
    options = parser.parse_args(arguments)
    predictor = PipelinePredictor(load(options.model))
    with IsolatedReader() as reader:
        pairs = iter_pairs(read_gold(options.gold, options.texts), options.originals)
        comparisons = [compare(document, path, predictor, reader) for document, path in pairs]
    print("\n".join(table_of(comparisons)))


if __name__ == "__main__":
    main()
