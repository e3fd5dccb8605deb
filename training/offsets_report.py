"""Extract every file of a folder and check the promises of the contract: `python -m training.offsets_report DIR`.

Each span must be the characters that its offsets name, and a document without spans must say why in a warning.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import track

from extractor.errors import ExtractorError
from extractor.ingest import read_all
from extractor.pipeline import extract_source
from extractor.schema import Minutes


def faults(minutes: Minutes, text: str) -> list[str]:
    """What is wrong with a record over its text."""
    found = [f"{s.id}: not the text at {s.start}-{s.end}" for s in minutes.spans if text[s.start : s.end] != s.text]
    if not minutes.spans and not minutes.source.warnings:
        found.append("no span and no warning")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; 1 where a promise is broken or a file fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    files = sorted(path for path in parser.parse_args(arguments).folder.iterdir() if path.is_file())
    n_documents = n_spans = n_faults = 0
    for path in track(files, console=Console(stderr=True), transient=True):
        try:
            for source in read_all(path.read_bytes(), path.name):
                minutes = extract_source(source)
                n_documents, n_spans = n_documents + 1, n_spans + len(minutes.spans)
                for fault in faults(minutes, source.text):
                    n_faults += 1
                    print(f"{source.name}: {fault}")
        except ExtractorError as error:
            n_faults += 1
            print(f"{path.name}: {error}")
    print(f"{len(files)} files, {n_documents} documents, {n_spans} spans, {n_faults} faults")
    return 1 if n_faults else 0


if __name__ == "__main__":
    sys.exit(main())
