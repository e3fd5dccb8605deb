"""How well the structure rules find attendance and the meeting's date, against gold PERSON spans and known dates.

`python -m training.structure_report --texts DIR [--sources FILE] [--errors]`; DIR holds NAME.txt with NAME.json.
Organisations are split by a checksum of their name: a third is held out while rules are written.
"""

import argparse
import csv
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from extractor.annotations import AnnotatedText, Span, read_standoff
from extractor.structure import Structure, parse_text
from training.scoring import Counts, total

HELD_OUT_THIRD: Final = 0
CONTEXT_CHARS: Final = 60


def is_held_out(doc_id: str) -> bool:
    """Whether the document's organisation, the part before "--", is of the held-out third."""
    return zlib.crc32(doc_id.split("--")[0].encode()) % 3 == HELD_OUT_THIRD


def iter_attendance(annotated: AnnotatedText, structure: Structure) -> Iterator[tuple[Span, str | None, str | None]]:
    """Each gold PERSON span with its gold status and the status of the region that it lies in."""
    for span in annotated.with_label("PERSON"):
        found = next((r.status for r in structure.attendance if r.start <= span.start and span.end <= r.end), None)
        yield span, span.attributes.get("att"), found


def count_document(annotated: AnnotatedText, structure: Structure, date: str) -> dict[str, Counts]:
    """Counts of (person, status) pairs and of the date; with `full names` all in a region count as predicted."""
    rows = list(iter_attendance(annotated, structure))
    gold = sum(status is not None for _, status, _ in rows)
    right = sum(status is not None and status == found for _, status, found in rows)
    given = sum(status is not None and found is not None for _, status, found in rows)
    extra = sum(s is None and f is not None and " " in span.text_of(annotated.text) for span, s, f in rows)
    found_date = structure.meeting.date.date.isoformat() if structure.meeting.date else None
    return {
        "attendance": Counts(right, given, gold),
        "attendance, full names": Counts(right, given + extra, gold),
        "date": Counts(int(found_date == date), int(found_date is not None), int(bool(date))),
    }


def read_dates(sources: Path) -> Mapping[str, str]:
    """Document id to the date of the meeting, from a table of sources."""
    with sources.open(encoding="utf-8", newline="") as file:
        return {row["doc_id"]: row["date"] for row in csv.DictReader(file, delimiter="\t")}


def list_errors(annotated: AnnotatedText, structure: Structure, date: str) -> Iterator[str]:
    """One line an error: what gold says, what was found, and the words around."""
    for span, gold, found in iter_attendance(annotated, structure):
        if gold != found and (gold or " " in span.text_of(annotated.text)):
            around = annotated.text[max(0, span.start - CONTEXT_CHARS) : span.end + CONTEXT_CHARS // 3]
            yield f"{annotated.doc_id}: {gold} found {found}: {around!r}"
    meeting = structure.meeting.date
    if date and (meeting is None or meeting.date.isoformat() != date):
        found = meeting.date.isoformat() if meeting else None
        yield f"{annotated.doc_id}: date {date} found {found}: {annotated.text[:200]!r}"


def main() -> None:
    """Prints the counts for both parts; `--errors` lists the errors of the part that rules may be fitted to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--sources", type=Path, default=None, help="default: sources.tsv beside DIR")
    parser.add_argument("--errors", action="store_true")
    arguments = parser.parse_args()
    dates = read_dates(arguments.sources or arguments.texts.parent / "sources.tsv")
    counts: dict[bool, list[dict[str, Counts]]] = {False: [], True: []}
    for labels in sorted(arguments.texts.glob("*.json")):
        annotated = read_standoff(labels, labels.with_suffix(".txt"))
        structure = parse_text(annotated.text)
        date = dates.get(labels.stem, "")
        counts[is_held_out(labels.stem)].append(count_document(annotated, structure, date))
        if arguments.errors and not is_held_out(labels.stem):
            print(*list_errors(annotated, structure, date), sep="\n")
    for held_out, rows in counts.items():
        print(f"{'held out' if held_out else 'developed on'}: {len(rows)} documents")
        for name, c in total(rows).items():
            print(
                f"  {name:24} P {c.precision:.3f}  R {c.recall:.3f}  F1 {c.f1:.3f}  ({c.tp}/{c.n_predicted}/{c.n_gold})"
            )


if __name__ == "__main__":
    main()
