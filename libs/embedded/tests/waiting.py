"""Waiting for something that another process does."""

import time
from collections.abc import Callable


def wait_until(holds: Callable[[], object], what: str, wait_s: float = 30.0) -> None:
    """Return once ``holds`` answers something true; fails the test after ``wait_s`` seconds, naming ``what``."""
    deadline_s = time.monotonic() + wait_s
    while not holds():
        assert time.monotonic() < deadline_s, f"waited {wait_s:g} s for {what}"
        time.sleep(0.05)
