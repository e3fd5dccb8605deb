"""The tables of the service. What is done with them is elsewhere; migrations/ holds the steps that make them."""

from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

NAMING: Final = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
METADATA: Final = MetaData(naming_convention=NAMING)
ID: Final = String(40)
"""Times are seconds since 1970 by the clock of the database."""

keys = Table(
    "api_keys",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),  # SHA-256 of 256 random bits: nothing to guess
    Column("scopes", String(100), nullable=False),
    Column("created_at", Float, nullable=False),
    Column("revoked_at", Float),
)

jobs = Table(
    "jobs",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("key_id", ID),
    Column("state", String(10), nullable=False),  # queued, running, done, failed
    Column("name", String(300), nullable=False),
    Column("body", LargeBinary),  # null once the job has ended
    Column("body_sha256", String(64), nullable=False),
    Column("options", Text, nullable=False),  # JSON
    Column("callback_url", Text),
    Column("created_at", Float, nullable=False),
    Column("started_at", Float),
    Column("ended_at", Float),
    Column("progress", Float, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("max_attempts", Integer, nullable=False),
    Column("fence", Integer, nullable=False),  # counts the claims: a worker that lost its lease writes nothing
    Column("worker", String(100)),
    Column("lease_until", Float),
    Column("error_code", String(60)),
    Column("error_detail", String(300)),
    Index("ix_jobs_state_created", "state", "created_at"),
    Index("ix_jobs_state_lease", "state", "lease_until"),
)

idempotency = Table(
    "idempotency_keys",
    METADATA,
    Column("key_id", ID, primary_key=True),  # of the API key, "" without one
    Column("value", String(255), primary_key=True),
    Column("request_sha256", String(64), nullable=False),
    Column("job_id", ID, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", Float, nullable=False),
)

outbox = Table(
    "outbox",
    METADATA,
    Column("id", ID, primary_key=True),  # the webhook id, the same in each attempt
    Column("job_id", ID, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", String(20), nullable=False),  # webhook, or the system that the result goes to
    Column("url", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Float, nullable=False, index=True),
    Column("given_up", Boolean, nullable=False),
)

documents = Table(
    "documents",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("job_id", ID, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
    Column("part", Integer, nullable=False),  # of a mail with attachments, from 0
    Column("name", String(300), nullable=False),
    Column("sha256", String(64), nullable=False, index=True),
    Column("body", String(300)),
    Column("body_folded", String(300), nullable=False, index=True),  # what `body=` is sought in, in small letters
    Column("organisation", String(300)),
    Column("meeting_date", String(10), index=True),
    Column("model", String(60), nullable=False),
    Column("created_at", Float, nullable=False, index=True),
    Column("n_actions", Integer, nullable=False),
    Column("n_decisions", Integer, nullable=False),
    Column("n_metrics", Integer, nullable=False),
    Column("record", Text, nullable=False),  # the JSON contract, with its text
    UniqueConstraint("job_id", "part"),
)


def _part(*columns: Column[object]) -> list[Column[object]]:
    """The columns of a table whose rows belong to a document; `id` is that of the record within it."""
    document = Column("document_id", ID, ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True)
    return [document, Column("id", String(20), primary_key=True), *columns]  # type: ignore[list-item]


people = Table(
    "people",
    METADATA,
    *_part(
        Column("name", String(300), nullable=False, index=True),
        Column("name_folded", String(300), nullable=False, index=True),
        Column("roles", Text, nullable=False),  # JSON
        Column("status", String(20)),
        Column("n_mentions", Integer, nullable=False),
    ),
)
actions = Table(
    "actions",
    METADATA,
    *_part(
        Column("text", Text, nullable=False),
        Column("status", String(10), nullable=False, index=True),
        Column("owners", Text, nullable=False),  # JSON: as said in the document
        Column("owners_folded", Text, nullable=False),  # what `owner=` is sought in: words and names, in small letters
        Column("due_text", Text),
        Column("due_date", String(10), index=True),
        Column("due_until", String(10), index=True),  # last day of due_date
        Column("confidence", Float, nullable=False),
    ),
)
metrics = Table(
    "metrics",
    METADATA,
    *_part(
        Column("text", Text, nullable=False),
        Column("value", Float),
        Column("value_high", Float),
        Column("unit", String(100)),
        Column("kind", String(20), nullable=False),
        Column("indicator", Text),
        Column("indicator_folded", Text, nullable=False),
        Column("period", Text),
        Column("confidence", Float, nullable=False),
    ),
)
