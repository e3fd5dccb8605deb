"""The settings of the service: one frozen object, read once, from the command line and the environment."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field

PREFIX: Final = "MINUTES_"
"""Of the environment variables: MINUTES_DATABASE sets `database`."""


class Settings(BaseModel):
    """How the service runs. An unknown name is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    database: str = "sqlite:///minutes.db"
    """URL of SQLAlchemy: sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME."""
    model: Path | None = None
    """Another model than minutes-en: a shipped one by name, or a folder."""
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    require_keys: bool = True
    """Whether requests need an API key; `minutes serve` turns it off on loopback unless told otherwise."""
    requests_per_minute: int = Field(default=600, ge=1)
    """Of one API key."""

    max_body_bytes: int = Field(default=50_000_000, ge=1)
    """Of a request; more is answered with 413 before it is read."""
    max_json_bytes: int = Field(default=10_000_000, ge=1)
    """Of a request in JSON."""
    max_bulk_items: int = Field(default=100, ge=1)
    body_timeout_s: float = Field(default=120.0, gt=0)
    """For a body to arrive; then 408."""
    n_slots: int = Field(default=1, ge=1)
    """Documents that are read at once by one process of the service."""
    n_waiting: int = Field(default=1, ge=0)
    """Requests that wait for a slot; the next one gets 503."""
    max_queued_jobs: int = Field(default=10_000, ge=1)
    """Jobs that wait for a worker; the next one gets 503."""
    retry_after_s: int = Field(default=5, ge=1)

    n_workers: int = Field(default=1, ge=0)
    """Worker processes that `minutes serve` starts beside the API; 0 where others run `minutes work`."""
    lease_s: float = Field(default=15.0, gt=0)
    """How long a job stays with a worker that gives no sign of life."""
    poll_s: float = Field(default=0.5, gt=0)
    """Between two looks into an empty queue."""
    max_attempts: int = Field(default=2, ge=1)
    """Of a job whose worker died; then it has failed."""
    parse_memory_bytes: int = Field(default=512_000_000, ge=1)
    parse_cpu_s: int = Field(default=30, ge=1)
    parse_wall_s: float = Field(default=60.0, gt=0)

    webhook_secret: str | None = None
    """Key of the signatures of webhooks, as `whsec_` and base64; without it no callback is accepted."""
    webhook_hosts: tuple[str, ...] = ()
    """Hosts that callbacks may reach though their addresses are private."""
    webhook_timeout_s: float = Field(default=10.0, gt=0)
    webhook_attempts: int = Field(default=12, ge=1)
    paperless_url: str | None = Field(default=None, pattern=r"^https?://[!-~]+$")
    """Of Paperless-ngx, from which documents are fetched and to which notes and custom fields are written."""
    paperless_token: str | None = None
    paperless_fields: dict[str, str] = {
        "n_open_actions": "Open actions",
        "meeting_date": "Meeting date",
        "body": "Body",
    }
    """What is written, to the name of the custom field for it; fields that Paperless does not have are left out."""
    idempotency_hours: float = Field(default=24.0, gt=0)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ, **given: object) -> Self:
        """The settings of the variables MINUTES_…, with those `given` by the command line before them.

        Raises:
            pydantic.ValidationError: a variable of that prefix names no setting, or its value does not fit.
        """
        named = {
            name.removeprefix(PREFIX).lower(): value for name, value in environment.items() if name.startswith(PREFIX)
        }
        if "paperless_fields" in named:
            given = {"paperless_fields": json.loads(named["paperless_fields"]), **given}
        listed = {
            name: tuple(part.strip() for part in value.split(",") if part.strip())
            for name, value in named.items()
            if name == "webhook_hosts"
        }
        return cls.model_validate({**named, **listed, **given})
