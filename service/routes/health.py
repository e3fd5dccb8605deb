"""Whether the service lives, whether it can work, and what it counted."""

from typing import Literal

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from service.database import reading
from service.dependencies import AppState
from service.tables import jobs, outbox

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """How the service is."""

    status: Literal["ok", "unavailable"]
    checks: dict[str, Literal["ok", "failed"]] = {}


@router.get("/healthz")
async def live() -> Health:
    """The process answers."""
    return Health(status="ok")


@router.get("/readyz", responses={503: {"model": Health, "description": "A part that is needed does not work"}})
def ready(state: AppState) -> JSONResponse:
    """The database answers and the model is loaded."""
    checks: dict[str, Literal["ok", "failed"]] = {"model": "ok", "database": "ok"}
    try:
        with reading(state.engine) as connection:
            connection.execute(select(jobs.c.id).limit(1)).all()
    except SQLAlchemyError:
        checks["database"] = "failed"
    is_ready = "failed" not in checks.values()
    health = Health(status="ok" if is_ready else "unavailable", checks=checks)
    return JSONResponse(health.model_dump(), 200 if is_ready else 503)


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics(state: AppState) -> Response:
    """Counters in the text format of Prometheus."""
    with reading(state.engine) as connection:
        counted = connection.execute(select(jobs.c.state, func.count()).group_by(jobs.c.state)).all()
        waiting = connection.execute(
            select(func.count()).select_from(outbox).where(outbox.c.given_up.is_(False))
        ).scalar_one()
    numbers = dict(map(tuple, counted))
    for name in ("queued", "running", "done", "failed"):
        state.telemetry.jobs.labels(name).set(numbers.get(name, 0))
    state.telemetry.outbox.set(waiting)
    return Response(generate_latest(state.telemetry.registry), media_type=CONTENT_TYPE_LATEST)
