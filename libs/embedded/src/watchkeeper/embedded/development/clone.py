"""The clone, which these commands are for."""

from pathlib import Path

from watchkeeper.embedded import places


class NoCloneError(Exception):
    """The command was run outside a clone."""


def clone() -> Path:
    """The clone's folder; raises ``NoCloneError`` where the library was installed by itself."""
    root = places.clone()
    if root is None:
        raise NoCloneError("this command needs a clone of Watchkeeper")
    return root
