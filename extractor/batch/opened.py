"""The bytes of an entry, and the row of the list that it gets."""

import hashlib

from extractor.batch.archive import Entry, Unopened
from extractor.batch.state import File, result_key
from extractor.errors import ExtractorError


def opened(entry: Entry | Unopened, model: str, options: str) -> tuple[File, bytes]:
    """The file and its bytes; without a key, and with an error, where they cannot be had."""
    if isinstance(entry, Unopened):
        return File(entry.path, error_code=entry.error.code, error_detail=str(entry.error)), b""
    modified = entry.modified.isoformat(timespec="seconds") if entry.modified else None
    try:
        content = entry.read()
    except ExtractorError as error:
        return File(entry.path, modified=modified, error_code=error.code, error_detail=str(error)), b""
    digest = hashlib.sha256(content).hexdigest()
    return File(entry.path, result_key(digest, entry.path, model, options), digest, len(content), modified), content
