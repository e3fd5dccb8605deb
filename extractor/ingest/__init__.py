"""Files to text: `read` for one, `read_all` for mails with attachments, `read_isolated` for files not trusted."""

from extractor.ingest.isolation import IsolatedReader, read_isolated
from extractor.ingest.limits import Limits
from extractor.ingest.readers import read, read_all, read_path
from extractor.ingest.source import Block, BlockKind, SourceText, Warning, Word

__all__ = [
    "Block",
    "BlockKind",
    "IsolatedReader",
    "Limits",
    "SourceText",
    "Warning",
    "Word",
    "read",
    "read_all",
    "read_isolated",
    "read_path",
]
