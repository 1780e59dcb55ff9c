"""The load averages: how many processes wanted to run (and, on Linux, waited for a disk)."""

import os

from watchkeeper.collector.reading import Reading, gauge
from watchkeeper.collector.source import QuickSource, SourceSettings, Tools


class Settings(SourceSettings):
    """Block [sources.load]."""


def readings(averages: tuple[float, float, float]) -> list[Reading]:
    """Return the averages over 1, 5 and 15 minutes, in runnable threads."""
    spans = ("1m", "5m", "15m")
    return [
        gauge(f"system.cpu.load_average.{span}", value, "{thread}") for span, value in zip(spans, averages, strict=True)
    ]


class Load(QuickSource[Settings]):
    """The machine's load averages."""

    def read_now(self) -> list[Reading]:
        """Return the averages now."""
        return readings(os.getloadavg())


def open_source(settings: Settings, tools: Tools) -> Load:
    """Return the load averages."""
    return Load(settings, tools)
