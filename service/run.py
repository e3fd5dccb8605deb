"""What `minutes serve`, `minutes work` and `minutes keys` do."""

import argparse
import ipaddress
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import uvicorn
from pydantic import ValidationError

from extractor.errors import ExtractorError
from service.access import create_key, list_keys, revoke_key
from service.app import create_app
from service.database import migrate, open_database, reading, writing
from service.processes import Workers, work
from service.settings import Settings


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
    migrate(open_database(settings.database))
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
    engine = open_database(_settings(options, "database").database)
    migrate(engine)
    if options.verb == "create":
        scopes: Sequence[Any] = options.scope or ["read"]
        with writing(engine) as connection:
            key_id, secret = create_key(connection, options.name, scopes)
        print(f"{key_id}\t{secret}")
        return 0
    if options.verb == "list":
        with reading(engine) as connection:
            for key in list_keys(connection):
                made = datetime.fromtimestamp(key.created_at, UTC).isoformat(timespec="seconds")
                print(f"{key.id}\t{key.name}\t{key.scopes}\t{made}\t{'revoked' if key.revoked_at else 'valid'}")
        return 0
    with writing(engine) as connection:
        is_revoked = revoke_key(connection, options.id)
    if not is_revoked:
        print("minutes: no valid key of that id", file=sys.stderr)
    return 0 if is_revoked else 2
