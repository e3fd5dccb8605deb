"""Databases of both kinds, and an API whose reader is a table of phrases."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from service.app import create_app
from service.database import migrate, open_database, writing
from service.reading import DocumentReader
from service.settings import Settings
from tests.pipelines import PHRASES, PhraseTagger, pipeline
from tests.service.databases import NoServer, postgresql


@pytest.fixture(scope="session")
def server() -> Iterator[str | NoServer]:
    """The URL of a PostgreSQL server, or why there is none."""
    with tempfile.TemporaryDirectory(prefix="minutes-pg-") as folder:
        try:
            running = postgresql(Path(folder))
            url = running.__enter__()
        except NoServer as error:
            yield error
            return
        try:
            yield url
        finally:
            running.__exit__(None, None, None)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'minutes.db'}"
    found: str | NoServer = request.getfixturevalue("server")
    if isinstance(found, NoServer):
        pytest.skip(str(found))
    engine = open_database(found)
    with writing(engine) as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    engine.dispose()
    return found


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """A database with its tables."""
    opened = open_database(url)
    migrate(opened)
    yield opened
    opened.dispose()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of a service on SQLite that asks for no keys."""
    return Settings(database=f"sqlite:///{tmp_path / 'minutes.db'}", require_keys=False)


def make_client(settings: Settings) -> TestClient:
    """A client of an API of its own."""
    nlp = pipeline(PhraseTagger(PHRASES))
    return TestClient(create_app(settings, make_reader=lambda: DocumentReader(settings, nlp)))


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    """A client of the API."""
    with make_client(settings) as client:
        yield client
