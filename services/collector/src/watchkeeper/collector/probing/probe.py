"""What every probe is: an attempt within a deadline whose failing is a result."""

import asyncio
from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar, TypeVar

import h11

from watchkeeper.collector.probing.dialling import ProbeError
from watchkeeper.collector.probing.stopwatch import Stopwatch
from watchkeeper.collector.reading import Reading, gauge
from watchkeeper.collector.source import NamedSettings, Source, Tools
from watchkeeper.common.logging import get_logger

S = TypeVar("S", bound=NamedSettings)

log = get_logger(__name__)


class Attempt:
    """One attempt under way: its times, and what it has found so far."""

    def __init__(self) -> None:
        """Start the stopwatch."""
        self.watch = Stopwatch()
        self.found: dict[str, tuple[float, str]] = {}

    def note(self, name: str, value: float, unit: str) -> None:
        """Keep a value besides success and times; a later one of the same name takes its place."""
        self.found[name] = (value, unit)


def readings(attempt: Attempt, labels: Mapping[str, str], *, ok: bool) -> list[Reading]:
    """Return success (0 or 1), the duration of each phase that was begun and of all, and what else was found."""
    phases = [*attempt.watch.spent_s.items(), ("total", attempt.watch.total_s())]
    return [
        gauge("watchkeeper.probe.success", 1 if ok else 0, "1", labels),
        *(gauge("watchkeeper.probe.duration", spent_s, "s", {**labels, "phase": phase}) for phase, spent_s in phases),
        *(gauge(name, value, unit, labels) for name, (value, unit) in attempt.found.items()),
    ]


class Probe(Source[S]):
    """Tries something again and again; that it fails is a reading, and so is that it takes too long."""

    keeps_deadline = True
    kind: ClassVar[str]

    def __init__(self, settings: S, tools: Tools) -> None:
        """Begin with nothing known to fail."""
        super().__init__(settings, tools)
        self._problem = ""

    @abstractmethod
    async def attempt(self, attempt: Attempt) -> None:
        """Try once; raises ``ProbeError`` or what the network raises."""

    async def read(self) -> list[Reading]:
        """Try once, within ``timeout_s``."""
        attempt = Attempt()
        allowed_s = self.settings.timeout_s or 5.0
        problem = ""
        deadline = asyncio.timeout(allowed_s)
        try:
            async with deadline:
                await self.attempt(attempt)
        except (ProbeError, OSError, h11.ProtocolError, ValueError) as error:
            problem = f"no result within {allowed_s:g} s" if deadline.expired() else f"{type(error).__name__}: {error}"
        self._tell(problem)
        return readings(attempt, {"probe": self.settings.name, "kind": self.kind}, ok=not problem)

    def _tell(self, problem: str) -> None:
        """Log the first failure of a row, and its end."""
        if problem and not self._problem:
            log.warning("probe fails", probe=self.settings.name, kind=self.kind, problem=problem)
        elif self._problem and not problem:
            log.info("probe succeeds again", probe=self.settings.name, kind=self.kind)
        self._problem = problem
