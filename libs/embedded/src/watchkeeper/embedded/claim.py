"""A folder belongs to one process at a time. The kernel drops the claim when that process ends, however it ends."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path


class InUseError(Exception):
    """Another process holds the claim."""


@contextlib.contextmanager
def claim(file: Path, *, wait: bool = False) -> Iterator[None]:
    """Hold ``file`` (made if missing) for the block.

    Raises ``InUseError`` if another process holds it; with ``wait``, waits for that one instead.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError as error:
            raise InUseError(f"{file.parent} is in use by another process") from error
        yield
