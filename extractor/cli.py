"""The command `minutes`: parse, call, write, exit code.

Sub-commands of other packages are found by the entry-point group `minutes.commands`: each value is a function that
gets the sub-parsers of argparse and adds its own.
"""

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.metadata import EntryPoint, entry_points, version
from pathlib import Path
from typing import Final, ParamSpec, TextIO, TypeVar

from rich.console import Console
from rich.progress import track
from spacy.language import Language

from extractor.errors import ExtractorError, UnreadableFile
from extractor.ingest import IsolatedReader, Limits, SourceText
from extractor.normalize.dates import PartialDate
from extractor.pipeline import extract_source, load, read_bytes
from extractor.render import print_table, to_html
from extractor.schema import Minutes

P = ParamSpec("P")
T = TypeVar("T")

EXTRACT: Final = "extract"
EXIT_BAD_INPUT: Final = 2
EXIT_INTERRUPTED: Final = 130
EXIT_PIPE_CLOSED: Final = 141
MAX_STEM_BYTES: Final = 200
"""Of the name of an output file, which most file systems limit to 255."""
TABLE_COLUMNS: Final = 120
"""Width of a table in a file."""
SUFFIXES: Final = {
    "json": ".json", "html": ".html", "table": ".table.txt", "csv": ".csv", "xlsx": ".xlsx", "ics": ".ics",
}  # fmt: skip
EXPORTS: Final = ("csv", "xlsx", "ics")
"""Formats that hold the records of many documents in one file."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 when all went well, 2 when an input could not be read, else what the sub-command says."""
    parser = argparse.ArgumentParser(prog="minutes", description="Reads meeting minutes, offline.")
    parser.add_argument("--version", action="version", version=version("minutes-extractor"))
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _register_extract(commands)
    given = sys.argv[1:] if arguments is None else arguments
    for entry_point in _entry_points(given[0] if given else ""):
        entry_point.load()(commands)
    options = parser.parse_args(arguments)
    try:
        code = int(options.run(options))
        sys.stdout.flush()
        return code
    except ExtractorError as error:
        print(f"minutes: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    except BrokenPipeError:
        _forget_stdout()
        return EXIT_PIPE_CLOSED
    except OSError as error:
        print(f"minutes: {error.filename or 'output'}: {error.strerror}", file=sys.stderr)
        return EXIT_BAD_INPUT
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def _entry_points(command: str) -> list[EntryPoint]:
    """The sub-command alone that is called, since the imports of each take time; all where none of them is."""
    found = sorted(entry_points(group="minutes.commands"), key=lambda entry: entry.name)
    if command == EXTRACT:
        return []
    return [entry for entry in found if entry.name == command] or found


def _export(form: str, records: list[Minutes]) -> bytes:
    from extractor.render import exports  # the libraries of spreadsheets take time that most calls need not spend

    if form == "csv":
        return exports.to_csv(records).encode()
    return exports.to_xlsx(records) if form == "xlsx" else exports.to_ics(records)


def _forget_stdout() -> None:
    """Send what is still buffered nowhere, so that Python does not complain about it at its end."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except io.UnsupportedOperation:
        sys.stdout = io.StringIO()


def _register_extract(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(EXTRACT, help="what one or more files contain", description=extract_files.__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write DIR/<stem>.json instead of standard output")
    parser.add_argument("--format", choices=tuple(SUFFIXES), default="json")
    parser.add_argument("--encoding", help="of text files; found by content without it")
    parser.add_argument(
        "--meeting-date", type=_date, metavar="YYYY[-MM[-DD]]", help="of a document that does not say when it met"
    )
    parser.add_argument("--no-text", action="store_true", help="leave the text of the document out of the JSON")
    parser.add_argument("--ocr", action="store_true", help="read scanned pages with ocrmypdf, where it is installed")
    parser.add_argument(
        "--model",
        type=Path,
        metavar="NAME|DIR",
        help="another model than minutes-en: a shipped one by name, or a folder",
    )
    parser.set_defaults(run=extract_files)


def extract_files(options: argparse.Namespace) -> int:
    """Extract one document to standard output, or several to DIR.

    Several to standard output are JSON Lines, or one table of all in CSV, XLSX and iCalendar.
    """
    if options.format == "html" and options.out is None and len(options.files) > 1:
        raise ExtractorError("several files as html need --out DIR")
    if options.format == "xlsx" and options.out is None and sys.stdout.isatty():
        raise ExtractorError("a workbook is nothing for a terminal: use --out DIR, or send it into a file")
    output = Output(options.out, options.files)
    nlp = load(options.model)
    gathered: list[Minutes] | None = [] if options.format in EXPORTS and options.out is None else None
    n_bad = 0
    is_quiet = options.out is None or len(options.files) < 2 or not sys.stderr.isatty()
    with IsolatedReader() as reader:
        for path in track(options.files, console=Console(stderr=True), transient=True, disable=is_quiet):
            sources = _attempt(str(path), _read, reader, path, options)
            n_bad += sources is None
            is_alone = len(options.files) == 1 and sources is not None and len(sources) == 1
            for source in sources or ():
                target = output.path_of(source.name, SUFFIXES[options.format])
                minutes = _attempt(str(path), _extract, source, nlp, options, target, is_alone)
                n_bad += minutes is None
                if gathered is not None and minutes is not None:
                    gathered.append(minutes)
    if gathered is not None:
        _write_bytes(_export(options.format, gathered))
    return EXIT_BAD_INPUT if n_bad else 0


def _attempt(name: str, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T | None:
    """What the call returns; None, and a line on standard error without any text of the document, if it fails."""
    try:
        return call(*args, **kwargs)
    except ExtractorError as error:
        reason = str(error)
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = f"{error.filename or 'output'}: {error.strerror}"
    except Exception as error:  # a fault in one document must not stop the others
        reason = f"internal error ({type(error).__name__})"
    print(f"minutes: {name}: {reason}", file=sys.stderr)
    return None


def _read(reader: IsolatedReader, path: Path, options: argparse.Namespace) -> list[SourceText]:
    data = read_bytes(path, Limits().max_file_bytes)
    name = os.fsencode(path.name).decode("utf-8", errors="replace")
    sources = reader.read_all(data, name, encoding=options.encoding, ocr=options.ocr)
    if options.format == "html" and options.out is None and len(sources) > 1:
        raise UnreadableFile(f"{len(sources)} documents in one mail; as html they need --out DIR")
    return sources


def _extract(
    source: SourceText, nlp: Language, options: argparse.Namespace, path: Path | None, is_alone: bool
) -> Minutes:
    """Extract and write one document; `is_alone` on standard output it is laid out for reading."""
    minutes = extract_source(replace(source, meeting_date=options.meeting_date), nlp=nlp)
    if options.format in EXPORTS:
        if path is not None:
            path.write_bytes(_export(options.format, [minutes]))
    elif path is not None:
        with path.open("w", encoding="utf-8", newline="\n") as target:
            _write(minutes, source.text, options, target, is_alone=True)
    else:
        _set_stdout()
        _write(minutes, source.text, options, sys.stdout, is_alone)
    return minutes


class Output:
    """Gives each document a file of its own in the output folder, never one that is read as input."""

    def __init__(self, folder: Path | None, inputs: Sequence[Path] = ()) -> None:
        self._folder = folder
        self._taken = {_key(path) for path in inputs}
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def path_of(self, name: str, suffix: str) -> Path | None:
        """A path that was not given before, or None for standard output."""
        if self._folder is None:
            return None
        stem = Path(name.replace("/", "--").replace("\\", "--")).stem
        stem = stem.encode()[:MAX_STEM_BYTES].decode(errors="ignore")
        path, number = self._folder / f"{stem}{suffix}", 2
        while _key(path) in self._taken:
            path, number = self._folder / f"{stem}-{number}{suffix}", number + 1
        self._taken.add(_key(path))
        return path


def _key(path: Path) -> str:
    """Equal for paths of one file, also where the file system does not tell capitals from small letters."""
    return str(path.resolve()).casefold()


def _write(minutes: Minutes, text: str, options: argparse.Namespace, target: TextIO, is_alone: bool) -> None:
    if options.format == "table":
        print_table(minutes, Console(file=target, width=None if target is sys.stdout else TABLE_COLUMNS))
    elif options.format == "html":
        target.write(to_html(minutes, text) + "\n")
    else:
        shown = minutes.model_copy(update={"text": None if options.no_text else text})
        target.write(shown.model_dump_json(indent=1 if is_alone else None) + "\n")


def _write_bytes(content: bytes) -> None:
    """To standard output as they are."""
    sys.stdout.flush()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.buffer.write(content)
    else:
        sys.stdout.write(content.decode(errors="replace"))


def _date(value: str) -> PartialDate:
    try:
        return PartialDate.fromisoformat(value)
    except ValueError as error:
        raise argparse.ArgumentTypeError("must be YYYY, YYYY-MM or YYYY-MM-DD") from error


def _set_stdout() -> None:
    """Make standard output take every character: UTF-8 into files and pipes, what it can show on a terminal."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        if sys.stdout.isatty():
            sys.stdout.reconfigure(errors="replace")
        else:
            sys.stdout.reconfigure(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
