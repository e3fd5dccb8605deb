"""The API around a table of phrases instead of the model: `uvicorn tests.service.stub_app:create --factory`."""

from fastapi import FastAPI

from service.app import create_app
from service.reading import DocumentReader
from service.settings import Settings
from tests.pipelines import PHRASES, PhraseTagger, pipeline


def create() -> FastAPI:
    """The application, with its settings from the environment."""
    settings = Settings.from_environment()
    nlp = pipeline(PhraseTagger(PHRASES))
    return create_app(settings, make_reader=lambda: DocumentReader(settings, nlp))
