"""Swap space, and how much is moved into and out of it."""

import os

import psutil

from watchkeeper.collector.reading import Reading, counter, gauge
from watchkeeper.collector.source import QuickSource, SourceSettings, Tools

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Settings(SourceSettings):
    """Block [sources.paging]."""


def readings(*, total: int, used: int, free: int, moved_in: int, moved_out: int) -> list[Reading]:
    """Return swap's use and operations from byte counts; nothing on a machine without swap."""
    if total == 0:
        return []
    return [
        gauge("system.paging.utilization", used / total, "1"),
        gauge("system.paging.usage", used, "By", {"system.paging.state": "used"}),
        gauge("system.paging.usage", free, "By", {"system.paging.state": "free"}),
        counter("system.paging.operations", moved_in // PAGE_BYTES, "{operation}", {"system.paging.direction": "in"}),
        counter("system.paging.operations", moved_out // PAGE_BYTES, "{operation}", {"system.paging.direction": "out"}),
    ]


class Paging(QuickSource[Settings]):
    """The machine's swap."""

    def read_now(self) -> list[Reading]:
        """Return swap's state now."""
        swap = psutil.swap_memory()
        return readings(total=swap.total, used=swap.used, free=swap.free, moved_in=swap.sin, moved_out=swap.sout)


def open_source(settings: Settings, tools: Tools) -> Paging:
    """Return the machine's swap."""
    return Paging(settings, tools)
