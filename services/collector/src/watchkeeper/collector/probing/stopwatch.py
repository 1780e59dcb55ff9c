"""The time of a probe, by phase."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

Phase = Literal["dns", "connect", "tls", "wait", "transfer"]


class Stopwatch:
    """Adds up the seconds spent in each phase; a phase that is cut short counts as far as it went."""

    def __init__(self) -> None:
        """Start."""
        self._began_s = time.perf_counter()
        self.spent_s: dict[Phase, float] = {}

    @contextmanager
    def phase(self, name: Phase) -> Iterator[None]:
        """Time the block as a part of ``name``."""
        began_s = time.perf_counter()
        try:
            yield
        finally:
            self.spent_s[name] = self.spent_s.get(name, 0.0) + time.perf_counter() - began_s

    def total_s(self) -> float:
        """Return the seconds since the start."""
        return time.perf_counter() - self._began_s
