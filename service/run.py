"""What `minutes serve`, `minutes work` and `minutes keys` do."""

import argparse
import ipaddress
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import uvicorn
from pydantic import ValidationError
from sqlalchemy import Engine

from extractor.errors import ExtractorError
from service.access import create_key, list_keys, revoke_key
from service.app import create_app
from service.database import database, reading, writing
from service.processes import Workers, stop_on_signals, work
from service.reading import DocumentReader
from service.scopes import Scope
from service.settings import Settings
from service.telemetry import configure_logs
from service.watch import Watch


class BadSettings(ExtractorError):
    """Settings that do not fit; the message names them, not their values."""


def _settings(options: argparse.Namespace, *names: str, **more: Any) -> Settings:
    given = {name: value for name in names if (value := getattr(options, name)) is not None}
    try:
        return Settings.from_environment(**{**more, **given})
    except ValidationError as error:
        places = ", ".join(sorted({".".join(map(str, fault["loc"])) for fault in error.errors()}))
        raise BadSettings(f"settings: {places}: no such setting, or a value that does not fit") from None


def serve(options: argparse.Namespace) -> int:
    """Run the API with its workers until it is interrupted. Settings are also read from MINUTES_… variables."""
    settings = _settings(options, "host", "port", "n_workers", "require_keys", "database", "model")
    if options.require_keys is None and _is_loopback(settings.host):
        settings = settings.model_copy(update={"require_keys": False})
    with database(settings.database):
        pass  # brought to the newest version once, before several processes look at it
    with Workers(settings):
        uvicorn.run(create_app(settings), host=settings.host, port=settings.port, access_log=False, log_level="warning")
    return 0


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def run_work(options: argparse.Namespace) -> int:
    """Work off the jobs in the database until interrupted; any number of these may run, on any machine."""
    work(_settings(options, "database", "model"))
    return 0


def keys(options: argparse.Namespace) -> int:
    """Create, list and revoke API keys. Only a digest of a key is stored."""
    with database(_settings(options, "database").database) as engine:
        return _VERBS[options.verb](engine, options)


def _create(engine: Engine, options: argparse.Namespace) -> int:
    scopes: Sequence[Scope] = options.scope or ["read"]
    with writing(engine) as connection:
        key_id, secret = create_key(connection, options.name, scopes)
    print(f"{key_id}\t{secret}")
    return 0


def _list(engine: Engine, options: argparse.Namespace) -> int:
    with reading(engine) as connection:
        for key in list_keys(connection):
            made = datetime.fromtimestamp(key.created_at, UTC).isoformat(timespec="seconds")
            print(f"{key.id}\t{key.name}\t{key.scopes}\t{made}\t{'revoked' if key.revoked_at else 'valid'}")
    return 0


def _revoke(engine: Engine, options: argparse.Namespace) -> int:
    with writing(engine) as connection:
        is_revoked = revoke_key(connection, options.id)
    if not is_revoked:
        print("minutes: no valid key of that id", file=sys.stderr)
    return 0 if is_revoked else 2


_VERBS: Final = {"create": _create, "list": _list, "revoke": _revoke}


def watch(options: argparse.Namespace) -> int:
    """See `service.watch.Watch`."""
    settings = _settings(options, "model")
    configure_logs()
    done, failed = options.done or options.incoming / "done", options.failed or options.incoming / "failed"
    with DocumentReader(settings) as reader:
        watched = Watch(options.incoming, done, failed, reader.read, settings.max_body_bytes, options.settle)
        watched.run(stop_on_signals())
    return 0
