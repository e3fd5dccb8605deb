"""Which requests may read a document now, which wait, and which are sent away."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from service.errors import BUSY, ServiceError
from service.reading import DocumentReader


class Slots:
    """Readers that requests take in turn; who finds all taken and all places in the waiting room full gets 503."""

    def __init__(self, readers: list[DocumentReader], *, n_waiting: int, retry_after_s: int) -> None:
        self._readers, self._free = readers, list(readers)
        self._n_waiting, self._retry_after_s = n_waiting, retry_after_s
        self._waiting = 0
        self._changed = threading.Condition()

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """A place, whether in a slot or waiting for one; to be taken before the body is read.

        Raises:
            ServiceError: there is none.
        """
        with self._changed:
            if self._waiting >= len(self._readers) + self._n_waiting:
                raise ServiceError(BUSY, headers={"Retry-After": str(self._retry_after_s)})
            self._waiting += 1
        try:
            yield
        finally:
            with self._changed:
                self._waiting -= 1

    @contextmanager
    def reader(self) -> Iterator[DocumentReader]:
        """A reader for the time of a document; waits until one is free."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._free))
            reader = self._free.pop()
        try:
            yield reader
        finally:
            with self._changed:
                self._free.append(reader)
                self._changed.notify()

    def close(self) -> None:
        """End the readers."""
        for reader in self._readers:
            reader.close()
