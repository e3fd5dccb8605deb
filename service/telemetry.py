"""Counters of the service, in a registry of its own, and the form of its logs. Nothing is sent anywhere."""

import logging
import sys

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Telemetry:
    """What `/metrics` shows. Labels hold routes and codes only, never a name or text."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ["method", "route"]
        self.requests = Counter("minutes_requests", "Requests", [*labels, "status"], registry=self.registry)
        self.seconds = Histogram("minutes_request_seconds", "Time of a request", labels, registry=self.registry)
        self.documents = Counter("minutes_documents", "Documents read at once", ["outcome"], registry=self.registry)
        self.jobs = Gauge("minutes_jobs", "Jobs in the database", ["state"], registry=self.registry)
        self.outbox = Gauge("minutes_webhooks_waiting", "Webhooks not yet delivered", registry=self.registry)


def configure_logs(level: int = logging.INFO) -> None:
    """One JSON object a line on standard error, with time, level and request id; exceptions by their type alone."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
