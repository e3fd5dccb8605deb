"""From spans, structure and links to the record of a document, the JSON contract `minutes/1`."""

from extractor.records.build import build

__all__ = ["build"]
