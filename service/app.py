"""The application: `uvicorn service.app:create_app --factory`, or `minutes serve`."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from starlette.routing import Match

from extractor.errors import ExtractorError
from service import errors
from service.dependencies import open_state
from service.middleware import BodyLimit, RequestLog
from service.reading import DocumentReader
from service.routes import extract, health, integrations, jobs, register
from service.settings import Settings
from service.telemetry import Telemetry, configure_logs

DESCRIPTION: Final = (
    "Reads meeting minutes: who was there, what was decided, who must do what by which meeting, and which figures were "
    "reported, each tied to the characters it came from. Errors are RFC 9457 problems with stable types."
)
_BY_STATUS: Final = {
    int(kind.status): kind
    for kind in (
        errors.MALFORMED,
        errors.UNAUTHORIZED,
        errors.FORBIDDEN,
        errors.NOT_FOUND,
        errors.METHOD,
        errors.LENGTH,
        errors.MEDIA,
    )
}


def create_app(settings: Settings | None = None, *, make_reader: Callable[[], DocumentReader] | None = None) -> FastAPI:
    """The API; its state is born when it starts and closed when it ends."""
    settings = settings or Settings.from_environment()
    telemetry = Telemetry()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        configure_logs()
        with open_state(settings, telemetry, make_reader or (lambda: DocumentReader(settings))) as state:
            app.state.minutes = state
            yield

    app = FastAPIOffline(  # its /docs takes nothing from the network
        redoc_url=None, title="Minutes", version="1", description=DESCRIPTION, lifespan=lifespan
    )
    for routes in (extract, jobs, register, integrations, health):
        app.include_router(routes.router)
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes, max_json_bytes=settings.max_json_bytes)
    app.add_middleware(RequestLog, counter=telemetry.requests, seconds=telemetry.seconds)
    _handle_errors(app)
    return app


def _handle_errors(app: FastAPI) -> None:
    """Errors that are foreseen become problems that show nothing of the request; `RequestLog` sees to the others."""

    @app.exception_handler(errors.ServiceError)
    async def of_service(request: Request, error: errors.ServiceError) -> JSONResponse:
        return answer(request, error.kind, error.detail, error.headers)

    @app.exception_handler(ExtractorError)
    async def of_document(request: Request, error: ExtractorError) -> JSONResponse:
        return answer(request, errors.kind_of(error), str(error))

    @app.exception_handler(RequestValidationError)
    async def of_validation(request: Request, error: RequestValidationError) -> JSONResponse:
        is_json = any(found["type"] in ("json_invalid", "value_error.jsondecode") for found in error.errors())
        if is_json:
            return answer(request, errors.MALFORMED, "the body is no JSON")
        return answer(request, errors.INVALID, "; ".join(_places(error)))

    @app.exception_handler(HTTPException)
    async def of_http(request: Request, error: HTTPException) -> JSONResponse:
        headers = dict(error.headers or {})
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = ", ".join(_methods(request))
        return answer(request, _BY_STATUS.get(error.status_code, errors.MALFORMED), headers=headers)


def _methods(request: Request) -> list[str]:
    """What the address of the request can be asked for; each method of it is a route of its own."""
    found: set[str] = set()
    for method in ("GET", "POST", "DELETE"):
        scope = {**request.scope, "method": method}
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes):
            found.add(method)
    return sorted(found)


def _places(error: RequestValidationError) -> list[str]:
    """Where the request does not fit and by which rule; names of fields are the API's own, never the caller's."""
    found = []
    for fault in error.errors():
        known = [str(part) for part in fault["loc"][:2] if isinstance(part, str) and fault["type"] != "extra_forbidden"]
        found.append(f"{'.'.join(known) or 'body'}: {fault['type']}")
    return list(dict.fromkeys(found))[:10]


def answer(
    request: Request, kind: errors.ProblemKind, detail: str | None = None, headers: dict[str, str] | None = None
) -> JSONResponse:
    """The problem as a response."""
    shown = errors.problem(kind, detail, request.scope.get("state", {}).get("request_id"))
    return JSONResponse(
        shown.model_dump(exclude_none=True), int(kind.status), headers=headers, media_type=errors.MEDIA_TYPE
    )
