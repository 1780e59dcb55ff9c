"""Where things are: the clone, and what is fetched for it."""

import os
from pathlib import Path

HERE = Path(__file__).resolve().parent


class NoCloneError(Exception):
    """The command is for a clone, and the library was installed by itself."""


def the_clone() -> Path:
    """The clone; raises ``NoCloneError`` where there is none."""
    root = clone()
    if root is None:
        raise NoCloneError("this command needs a clone of Watchkeeper")
    return root


def clone() -> Path | None:
    """The clone that this library is part of; ``None`` where it was installed by itself."""
    root = HERE.parents[4]
    return root if (root / "libs" / "embedded" / "pyproject.toml").is_file() else None


def tools() -> Path:
    """The folder for what is fetched once (jars, Node): ``.wk`` of the clone, else the user's cache."""
    root = clone()
    if root is not None:
        return root / ".wk"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "watchkeeper"
