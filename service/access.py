"""API keys: who may do what, and how often."""

import hashlib
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, insert, select, update

from service.database import clock
from service.jobs import new_id
from service.scopes import SCOPES, Scope
from service.tables import keys

_IMPLIED: Final[dict[Scope, frozenset[Scope]]] = {
    "read": frozenset({"read"}),
    "write": frozenset({"read", "write"}),
    "admin": frozenset(SCOPES),
}
KEY_PREFIX: Final = "minutes_"
_SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request; without keys everybody is the same caller, who may do everything."""

    key_id: str | None
    scopes: frozenset[Scope]

    def may(self, scope: Scope) -> bool:
        """Whether the key has the scope, or one that holds it."""
        return any(scope in _IMPLIED[own] for own in self.scopes)


ANYBODY: Final = Caller(None, frozenset(SCOPES))


@dataclass(frozen=True, slots=True)
class KeyState:
    """A key as an administrator sees it; the secret is not stored."""

    id: str
    name: str
    scopes: str
    created_at: float
    revoked_at: float | None


def create_key(connection: Connection, name: str, scopes: Sequence[Scope]) -> tuple[str, str]:
    """(id, secret) of a new key; the secret is shown this once."""
    key_id, secret = new_id()[:12], KEY_PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
    connection.execute(
        insert(keys).values(
            id=key_id, name=name, digest=_digest(secret), scopes=" ".join(scopes), created_at=clock(), revoked_at=None
        )
    )
    return key_id, secret


def revoke_key(connection: Connection, key_id: str) -> bool:
    """Whether there was a key of that id that was valid until now."""
    revoked = update(keys).where(keys.c.id == key_id, keys.c.revoked_at.is_(None)).values(revoked_at=clock())
    return connection.execute(revoked).rowcount == 1


def list_keys(connection: Connection) -> list[KeyState]:
    """All keys, the oldest first."""
    wanted = select(*(keys.c[name] for name in KeyState.__dataclass_fields__)).order_by(keys.c.created_at)
    return [KeyState(*row) for row in connection.execute(wanted)]


def find_caller(connection: Connection, secret: str) -> Caller | None:
    """Whose key it is, or None for an unknown or revoked one."""
    row = connection.execute(
        select(keys.c.id, keys.c.scopes).where(keys.c.digest == _digest(secret), keys.c.revoked_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    named = row.scopes.split()
    return Caller(row.id, frozenset(scope for scope in SCOPES if scope in named))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


class RateLimit:
    """A token bucket for each key, in the memory of one process."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._buckets: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def wait_s(self, key_id: str) -> float:
        """0.0 if the request may go on, else the seconds until the next one may."""
        now = time.monotonic()
        with self._lock:
            tokens, then = self._buckets.get(key_id, (float(self._per_minute), now))
            tokens = min(self._per_minute, tokens + (now - then) * self._per_minute / 60)
            if tokens < 1:
                self._buckets[key_id] = (tokens, now)
                return (1 - tokens) * 60 / self._per_minute
            self._buckets[key_id] = (tokens - 1, now)
            return 0.0
