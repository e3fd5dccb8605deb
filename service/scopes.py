"""What an API key may be good for."""

from typing import Final, Literal, get_args

Scope = Literal["read", "write", "admin"]
"""read: what was extracted; write: extract and queue, and read; admin: remove documents, and all else."""
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
