"""What a route is given: the state of the application, and the caller of the request."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import Engine

from service.access import ANYBODY, Caller, RateLimit, find_caller
from service.database import database, reading
from service.errors import FORBIDDEN, RATE, UNAUTHORIZED, ServiceError
from service.reading import DocumentReader
from service.scopes import Scope
from service.settings import Settings
from service.slots import Slots
from service.telemetry import Telemetry

_BEARER = HTTPBearer(auto_error=False, description="An API key made by `minutes keys create`.")
_HEADER = APIKeyHeader(name="X-API-Key", auto_error=False, description="The same key, for systems that send no bearer.")


@dataclass(frozen=True, slots=True)
class State:
    """What lives as long as the application."""

    settings: Settings
    engine: Engine
    slots: Slots
    rate_limit: RateLimit
    telemetry: Telemetry


@contextmanager
def open_state(settings: Settings, telemetry: Telemetry, make_reader: Callable[[], DocumentReader]) -> Iterator[State]:
    """The state, with its database brought to the newest version; closed at the end."""
    with database(settings.database) as engine:
        readers = [make_reader() for _ in range(settings.n_slots)]
        slots = Slots(readers, n_waiting=settings.n_waiting, retry_after_s=settings.retry_after_s)
        try:
            yield State(settings, engine, slots, RateLimit(settings.requests_per_minute), telemetry)
        finally:
            slots.close()


def state_of(request: Request) -> State:
    """The state of the application that serves the request."""
    state: State = request.app.state.minutes
    return state


AppState = Annotated[State, Depends(state_of)]


def caller_of(
    state: AppState,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
    header: Annotated[str | None, Depends(_HEADER)],
) -> Caller:
    """Who makes the request.

    Raises:
        ServiceError: no valid key where one is needed, or too many requests with it.
    """
    if not state.settings.require_keys:
        return ANYBODY
    secret = bearer.credentials if bearer else header
    caller = None
    if secret:
        with reading(state.engine) as connection:
            caller = find_caller(connection, secret)
    if caller is None or caller.key_id is None:
        raise ServiceError(UNAUTHORIZED, headers={"WWW-Authenticate": "Bearer"})
    wait_s = state.rate_limit.wait_s(caller.key_id)
    if wait_s > 0:
        raise ServiceError(RATE, headers={"Retry-After": str(int(wait_s) + 1)})
    return caller


def needs(scope: Scope) -> Callable[[Caller], Caller]:
    """A dependency that lets only callers with the scope pass."""

    def check(caller: Annotated[Caller, Depends(caller_of)]) -> Caller:
        if not caller.may(scope):
            raise ServiceError(FORBIDDEN)
        return caller

    return check


Reading = Annotated[Caller, Depends(needs("read"))]
Writing = Annotated[Caller, Depends(needs("write"))]
Administering = Annotated[Caller, Depends(needs("admin"))]
