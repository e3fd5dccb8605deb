"""The errors that the library raises. Messages never carry text of a document, and codes are stable."""

from typing import ClassVar


class ExtractorError(Exception):
    """A failure that the user can act on; its message is one line."""

    code: ClassVar[str] = "failed"


class UnreadableFile(ExtractorError):
    """A file that no reader can turn into text."""

    code: ClassVar[str] = "unreadable-document"


class EmptyFile(UnreadableFile):
    """A file without content, or with white space only."""

    code: ClassVar[str] = "empty-document"


class UnsupportedFormat(UnreadableFile):
    """Content of a type that there is no reader for."""

    code: ClassVar[str] = "unsupported-format"


class EncryptedFile(UnreadableFile):
    """A file that needs a password."""

    code: ClassVar[str] = "encrypted-document"


class CorruptFile(UnreadableFile):
    """A file that breaks off or contradicts its own format."""

    code: ClassVar[str] = "corrupt-document"


class ReaderDied(CorruptFile):
    """A file on which the process that read it broke down."""


class MissingProgram(UnreadableFile):
    """A format that needs a program which is not installed; the message names it."""

    code: ClassVar[str] = "missing-program"


class LimitExceeded(UnreadableFile):
    """A file beyond the limits of size, expansion, memory or time."""

    code: ClassVar[str] = "limit-exceeded"


class AnnotationError(ExtractorError):
    """Labels that do not fit their text or the scheme."""


class ModelError(ExtractorError):
    """A model folder that is incomplete, damaged or of another version."""
