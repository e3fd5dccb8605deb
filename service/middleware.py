"""ASGI middleware: request ids, logs and counts of requests, and the cap on bodies while they stream."""

import re
import time
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

import structlog
from prometheus_client import Counter, Histogram

from service.errors import INTERNAL, LENGTH, MALFORMED, MEDIA_TYPE, ProblemKind, problem

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

REQUEST_ID: Final = b"x-request-id"
_GIVEN_ID: Final = re.compile(rb"[A-Za-z0-9._-]{8,64}")
log = structlog.get_logger("minutes.requests")


class RequestLog:
    """Gives each request an id, which the answer and every log line show, and counts it.

    The path is logged as the route's pattern, never as it came, and the query not at all.
    """

    def __init__(self, app: App, counter: Counter, seconds: Histogram) -> None:
        self._app, self._counter, self._seconds = app, counter, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started, status, has_answered = time.perf_counter(), 500, False

        async def answer(message: Message) -> None:
            nonlocal status, has_answered
            if message["type"] == "http.response.start":
                has_answered = True
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (REQUEST_ID, request_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, answer)
        except Exception as error:  # the server would log it with its text, which may quote the document
            log.error("request failed", error=type(error).__name__)
            if not has_answered:
                await _refuse(scope, answer, INTERNAL)
        finally:
            self._count(scope, status, time.perf_counter() - started)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "none")
        method = scope["method"] if scope["method"] in ("GET", "POST", "DELETE") else "other"
        self._counter.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)
        log.info("request", method=method, route=route, status=status, ms=round(1000 * seconds, 1))


def _request_id(scope: Scope) -> str:
    given = next((value for name, value in scope["headers"] if name == REQUEST_ID), b"")
    return given.decode() if _GIVEN_ID.fullmatch(given) else uuid.uuid4().hex


class BodyLimit:
    """Answers 413 as soon as a body is, or says it is, larger than allowed; JSON may be less large than files."""

    def __init__(self, app: App, *, max_bytes: int, max_json_bytes: int) -> None:
        self._app, self._max_bytes, self._max_json_bytes = app, max_bytes, max_json_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        limit = self._max_json_bytes if b"json" in headers.get(b"content-type", b"json") else self._max_bytes
        declared = headers.get(b"content-length")
        if declared is not None and not declared.isdigit():
            await _refuse(scope, send, MALFORMED)
        elif declared is not None and int(declared) > limit:
            await _refuse(scope, send, LENGTH)
        else:
            await self._counted(scope, receive, send, limit)

    async def _counted(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        n_bytes, is_over, has_answered = 0, False, False

        async def take() -> Message:
            nonlocal n_bytes, is_over
            message = await receive()
            n_bytes += len(message.get("body", b""))
            if n_bytes > limit:
                is_over = True
                return {"type": "http.disconnect"}
            return message

        async def answer(message: Message) -> None:
            nonlocal has_answered
            if not is_over:
                has_answered = True
                await send(message)

        try:
            await self._app(scope, take, answer)
        except Exception:
            if not is_over:
                raise
        if is_over and not has_answered:
            await _refuse(scope, send, LENGTH)


async def _refuse(scope: Scope, send: Send, kind: ProblemKind) -> None:
    body = problem(kind, request_id=scope["state"]["request_id"]).model_dump_json(exclude_none=True).encode()
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": int(kind.status), "headers": headers})
    await send({"type": "http.response.body", "body": body})
