"""The sub-commands of `minutes` that belong to the service; what they do is loaded when they run."""

import argparse
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

from extractor.errors import ExtractorError
from service.scopes import SCOPES

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

_SERVE: Final = "Run the API with its workers until it is interrupted. Settings are also read from MINUTES_… variables."
_RUN_WORK: Final = "Work off the jobs in the database until interrupted; any number may run, on any machine."
_KEYS: Final = "Create, list and revoke API keys. Only a digest of a key is stored."
_WATCH: Final = (
    "Read the files that are put into a folder, one after the other, until interrupted. Each is moved to the folder of "
    "the done ones, with NAME.json beside it, or of the failed ones, with NAME.error.json; all on one file system."
)
_PARTS: Final = ("fastapi", "uvicorn", "sqlalchemy", "alembic", "structlog", "prometheus_client", "standardwebhooks")


class ServiceNotInstalled(ExtractorError):
    """The packages of the service are missing."""


def register_serve(commands: "Commands") -> None:
    """Add `minutes serve`."""
    parser = commands.add_parser("serve", help="run the API", description=_SERVE)
    parser.add_argument("--host", help="127.0.0.1 unless told otherwise")
    parser.add_argument("--port", type=int, help="8000 unless told otherwise")
    parser.add_argument("--workers", type=int, dest="n_workers", metavar="N", help="worker processes beside the API")
    parser.add_argument(
        "--require-keys", action=argparse.BooleanOptionalAction, help="API keys; on unless the host is loopback"
    )
    _add_common(parser)
    parser.set_defaults(run=_lazy("serve"))


def register_work(commands: "Commands") -> None:
    """Add `minutes work`."""
    parser = commands.add_parser("work", help="work off the jobs of the API", description=_RUN_WORK)
    _add_common(parser)
    parser.set_defaults(run=_lazy("run_work"))


def register_keys(commands: "Commands") -> None:
    """Add `minutes keys`."""
    parser = commands.add_parser("keys", help="create, list and revoke API keys", description=_KEYS)
    parser.add_argument("--database", metavar="URL")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    create = verbs.add_parser("create", help="a new key, which is shown once")
    create.add_argument("name", help="whom it is for")
    create.add_argument("--scope", choices=SCOPES, action="append", help="may be given several times; read without it")
    verbs.add_parser("list", help="all keys, without their secrets")
    revoke = verbs.add_parser("revoke", help="make a key invalid")
    revoke.add_argument("id")
    parser.set_defaults(run=_lazy("keys"))


def register_watch(commands: "Commands") -> None:
    """Add `minutes watch`."""
    parser = commands.add_parser("watch", help="read what is put into a folder", description=_WATCH)
    parser.add_argument("incoming", type=Path, metavar="IN")
    parser.add_argument("--done", type=Path, metavar="DIR", help="IN/done without it")
    parser.add_argument("--failed", type=Path, metavar="DIR", help="IN/failed without it")
    parser.add_argument(
        "--settle", type=float, default=2.0, metavar="S", help="seconds in which a file must not change"
    )
    parser.add_argument(
        "--model", metavar="NAME|DIR", help="another model than minutes-en: a shipped one by name, or a folder"
    )
    parser.set_defaults(run=_lazy("watch"))


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--database", metavar="URL", help="sqlite:///FILE, or postgresql+psycopg://USER@HOST/NAME")
    parser.add_argument(
        "--model", metavar="NAME|DIR", help="another model than minutes-en: a shipped one by name, or a folder"
    )


def _lazy(name: str) -> Callable[[argparse.Namespace], int]:
    """A function of `service.run`, which is loaded with all that it needs when it is called."""

    def run(options: argparse.Namespace) -> int:
        try:
            module = import_module("service.run")
        except ModuleNotFoundError as error:
            if error.name in _PARTS:
                raise ServiceNotInstalled("the service needs: pip install 'minutes-extractor[service]'") from None
            raise
        code: int = getattr(module, name)(options)
        return code

    return run
