"""Webhooks: which addresses they may go to, and how they are delivered.

A host is resolved once, every address of it is checked, and the connection goes to the address that was checked, so
that a second answer of the name server changes nothing. Redirects are not followed. Signed as Standard Webhooks says.
"""

import ipaddress
import json
import socket
import ssl
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final
from urllib.parse import SplitResult, urlsplit

from sqlalchemy import Connection, Engine, delete, select, update
from standardwebhooks import Webhook

from service.database import clock, writing
from service.jobs import WEBHOOK
from service.paperless import PAPERLESS, write_back
from service.settings import Settings
from service.tables import outbox

Resolve = Callable[[str, int], Sequence[str]]
MAX_URL: Final = 2_000
_PORTS: Final = {"http": 80, "https": 443}
_FIRST_DELAY_S: Final = 5.0
_MAX_DELAY_S: Final = 6 * 3600.0
_LEASE_S: Final = 60.0


class CallbackRefused(Exception):
    """An address that webhooks may not go to; the message says why, without the address."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address that was checked."""

    scheme: str
    host: str
    port: int
    address: str
    path: str


def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a host by the system's resolver.

    Raises:
        OSError: it has none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def check_url(url: str, *, allowed: Collection[str] = (), resolve: Resolve = resolve) -> Target:
    """Where a webhook to the URL would go; hosts in `allowed` may have private addresses.

    Raises:
        CallbackRefused: no plain http(s) URL, a host without address, or one with an address that is not public.
    """
    parts = _split(url)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    try:
        addresses = resolve(host, port)
    except (OSError, UnicodeError) as error:
        raise CallbackRefused("the host has no address") from error
    if not addresses:
        raise CallbackRefused("the host has no address")
    if host not in allowed and not all(is_public(address) for address in addresses):
        raise CallbackRefused("the host has an address that is not public")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port, addresses[0], path)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        has_port = parts.port != 0
    except ValueError as error:
        raise CallbackRefused("no valid URL") from error
    if len(url) > MAX_URL or not url.isascii() or not url.isprintable() or " " in url or not has_port:
        raise CallbackRefused("no valid URL")
    if parts.scheme not in _PORTS or not parts.hostname:
        raise CallbackRefused("no http or https URL")
    if parts.username is not None or parts.password is not None:
        raise CallbackRefused("a URL with a user name")
    return parts


def is_public(address: str) -> bool:
    """Whether an IP address, also one that is wrapped in an IPv6 address, is reachable from everywhere."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None) or _nat64(ip)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _nat64(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if ip in ipaddress.ip_network("64:ff9b::/96") or ip in ipaddress.ip_network("64:ff9b:1::/48"):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ipaddress.IPv4Address(int(ip)) if ip in ipaddress.ip_network("::/96") and int(ip) > 1 else None


@dataclass(frozen=True, slots=True)
class Message:
    """A webhook that is to be delivered."""

    id: str
    kind: str
    url: str
    payload: str
    attempts: int


class Courier:
    """Delivers the webhooks in the outbox, each at least once."""

    def __init__(self, engine: Engine, settings: Settings, *, resolve: Resolve = resolve) -> None:
        self._engine, self._settings, self._resolve = engine, settings, resolve
        self._webhook = Webhook(settings.webhook_secret) if settings.webhook_secret else None
        self._kinds = [WEBHOOK] if self._webhook else []
        self._kinds += [PAPERLESS] if settings.paperless_url else []

    def deliver_next(self) -> bool:
        """Try the message that is due; False if there is none."""
        if not self._kinds:
            return False
        with writing(self._engine) as connection:
            message = take_message(connection, self._kinds)
        if message is None:
            return False
        delivered = self._send(message)
        with writing(self._engine) as connection:
            if delivered:
                connection.execute(delete(outbox).where(outbox.c.id == message.id))
            else:
                put_off(connection, message, max_attempts=self._settings.webhook_attempts)
        return True

    def _send(self, message: Message) -> bool:
        if message.kind == PAPERLESS:
            return write_back(self._settings, json.loads(message.payload))
        assert self._webhook is not None
        return self._send_webhook(self._webhook, message)

    def _send_webhook(self, webhook: Webhook, message: Message) -> bool:
        now = datetime.now(UTC)
        headers = {
            "content-type": "application/json",
            "user-agent": "minutes-webhook/1",
            "webhook-id": message.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": webhook.sign(message.id, now, message.payload),
        }
        try:
            target = check_url(message.url, allowed=self._settings.webhook_hosts, resolve=self._resolve)
            return 200 <= post(target, message.payload.encode(), headers, self._settings.webhook_timeout_s) < 300
        except (CallbackRefused, OSError, HTTPException):
            return False


def take_message(connection: Connection, kinds: Sequence[str]) -> Message | None:
    """The message of these kinds that has been due for longest; nobody else gets it for a minute."""
    due = (
        select(outbox.c.id)
        .where(outbox.c.next_at <= clock(), outbox.c.given_up.is_(False), outbox.c.kind.in_(kinds))
        .order_by(outbox.c.next_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).scalar_subquery()
    row = connection.execute(
        update(outbox)
        .where(outbox.c.id == due)
        .values(next_at=clock() + _LEASE_S, attempts=outbox.c.attempts + 1)
        .returning(outbox.c.id, outbox.c.kind, outbox.c.url, outbox.c.payload, outbox.c.attempts)
    ).one_or_none()
    return None if row is None else Message(*row)


def put_off(connection: Connection, message: Message, *, max_attempts: int) -> None:
    """Try again later, each time after twice the time, up to six hours; after the last attempt never."""
    delay = min(_MAX_DELAY_S, _FIRST_DELAY_S * 2 ** (message.attempts - 1))
    connection.execute(
        update(outbox)
        .where(outbox.c.id == message.id)
        .values(next_at=clock() + delay, given_up=message.attempts >= max_attempts)
    )


class _PinnedHttps(HTTPSConnection):
    """TLS to an address, with the certificate and the name of a host."""

    def __init__(self, target: Target, timeout_s: float) -> None:
        super().__init__(target.host, target.port, timeout=timeout_s, context=ssl.create_default_context())
        self._address = target.address

    def connect(self) -> None:
        """Connect to the address that was checked."""
        plain = socket.create_connection((self._address, self.port), self.timeout)
        self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)


def post(target: Target, body: bytes, headers: dict[str, str], timeout_s: float) -> int:
    """The status that the receiver answers with; what else it answers is not read.

    Raises:
        OSError, http.client.HTTPException: it cannot be reached, or speaks no HTTP.
    """
    connection: HTTPConnection
    if target.scheme == "https":
        connection = _PinnedHttps(target, timeout_s)
    else:
        connection = HTTPConnection(target.address, target.port, timeout=timeout_s)
    default = _PORTS[target.scheme] == target.port
    host = f"[{target.host}]" if ":" in target.host else target.host
    try:
        connection.request("POST", target.path, body, {"host": host if default else f"{host}:{target.port}", **headers})
        return connection.getresponse().status
    finally:
        connection.close()
