"""The command `minutes`: parse, call, write, exit code.

Sub-commands of other packages are found by the entry-point group `minutes.commands`: each value is a function that
gets the sub-parsers of argparse and adds its own.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import track

from extractor.errors import ExtractorError, UnreadableFile
from extractor.ingest import read_all
from extractor.ingest.source import SourceText
from extractor.pipeline import extract_source, load
from extractor.render import print_table, to_html
from extractor.schema import Minutes

EXIT_BAD_INPUT: Final = 2
SUFFIXES: Final = {"json": ".json", "html": ".html", "table": ".table.txt"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 when all went well, 2 when an input could not be read, else what the sub-command says."""
    parser = argparse.ArgumentParser(prog="minutes", description="Reads meeting minutes, offline.")
    parser.add_argument("--version", action="version", version=version("minutes-extractor"))
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _register_extract(commands)
    for entry_point in sorted(entry_points(group="minutes.commands"), key=lambda entry: entry.name):
        entry_point.load()(commands)
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options))
    except ExtractorError as error:
        print(f"minutes: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    except KeyboardInterrupt:
        return 130


def _register_extract(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("extract", help="what one or more files contain", description=extract_files.__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write DIR/<stem>.json instead of standard output")
    parser.add_argument("--format", choices=tuple(SUFFIXES), default="json")
    parser.add_argument("--encoding", help="of text files; found by content without it")
    parser.add_argument("--no-text", action="store_true", help="leave the text of the document out of the JSON")
    parser.add_argument("--ocr", action="store_true", help="read scanned pages with ocrmypdf, where it is installed")
    parser.add_argument("--model", type=Path, metavar="DIR", help="another model than the shipped one")
    parser.set_defaults(run=extract_files)


def extract_files(options: argparse.Namespace) -> int:
    """Extract one document to standard output, several to DIR."""
    nlp = load(options.model)
    n_bad = 0
    names = _OutputNames(options.out)
    files = track(options.files, console=Console(stderr=True), transient=True, disable=len(options.files) < 2)
    for path in files:
        try:
            for source in _sources(path, options):
                minutes = extract_source(source, nlp=nlp)
                _write(minutes, source.text, options, names)
        except UnreadableFile as error:
            n_bad += 1
            print(f"minutes: {path}: {error}", file=sys.stderr)
    return EXIT_BAD_INPUT if n_bad else 0


def _sources(path: Path, options: argparse.Namespace) -> Iterator[SourceText]:
    if path.is_dir():
        raise UnreadableFile("a directory, not a file")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableFile(error.strerror or "cannot be read") from error
    yield from read_all(data, path.name, encoding=options.encoding, ocr=options.ocr)


class _OutputNames:
    """Gives each document a file of its own in the output folder."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.taken: set[Path] = set()
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def next(self, name: str, suffix: str) -> Path | None:
        """A path that was not given before, or None for standard output."""
        if self.folder is None:
            return None
        stem = Path(name.replace("/", "--")).stem
        path, number = self.folder / f"{stem}{suffix}", 2
        while path in self.taken:
            path, number = self.folder / f"{stem}-{number}{suffix}", number + 1
        self.taken.add(path)
        return path


def _write(minutes: Minutes, text: str, options: argparse.Namespace, names: _OutputNames) -> None:
    path = names.next(minutes.source.name, SUFFIXES[options.format])
    if options.format == "table":
        if path is None:
            print_table(minutes, Console())
        else:
            with path.open("w", encoding="utf-8") as target:
                print_table(minutes, Console(file=target, width=120))
        return
    if options.format == "html":
        content = to_html(minutes, text)
    else:
        content = minutes.model_copy(update={"text": None if options.no_text else text}).model_dump_json(indent=1)
    if path is None:
        print(content)
    else:
        path.write_text(content + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
