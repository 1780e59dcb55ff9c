"""Bounded logs: a file that has grown too large is copied aside and emptied; its process keeps appending to it."""

import shutil
from pathlib import Path

BYTES_MAX = 10 * 1024 * 1024


def rotate(log: Path, bytes_max: int = BYTES_MAX) -> bool:
    """Move the content of ``log`` to ``log``.1 when it is over ``bytes_max``; answers whether it was.

    So a process takes at most twice that, and what it writes between two looks. A line written between the copy
    and the emptying is lost; it is its process's log, not its data.
    """
    try:
        if log.stat().st_size <= bytes_max:
            return False
        shutil.copyfile(log, log.with_name(log.name + ".1"))
        with log.open("r+b") as file:
            file.truncate(0)
    except FileNotFoundError:
        return False
    return True
