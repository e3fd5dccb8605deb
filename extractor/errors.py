"""The errors that the library raises. Messages never carry text of a document."""


class ExtractorError(Exception):
    """A failure that the user can act on; its message is one line."""


class UnreadableFile(ExtractorError):
    """A file that no reader can turn into text."""


class EmptyFile(UnreadableFile):
    """A file without content, or with white space only."""


class UnsupportedFormat(UnreadableFile):
    """Content of a type that there is no reader for."""


class EncryptedFile(UnreadableFile):
    """A file that needs a password."""


class CorruptFile(UnreadableFile):
    """A file that breaks off or contradicts its own format."""


class ReaderDied(CorruptFile):
    """A file on which the process that read it broke down."""


class MissingProgram(UnreadableFile):
    """A format that needs a program which is not installed; the message names it."""


class LimitExceeded(UnreadableFile):
    """A file beyond the limits of size, expansion, memory or time."""


class AnnotationError(ExtractorError):
    """Labels that do not fit their text or the scheme."""


class ModelError(ExtractorError):
    """A model folder that is incomplete, damaged or of another version."""
