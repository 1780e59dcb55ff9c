"""How long the machine has been running."""

import time

from watchkeeper.collector.reading import Reading, gauge
from watchkeeper.collector.source import QuickSource, SourceSettings, Tools


class Settings(SourceSettings):
    """Block [sources.uptime]."""


def readings(*, now_s: float, boot_s: float) -> list[Reading]:
    """Return the seconds between ``boot_s`` and ``now_s`` of the same clock."""
    return [gauge("system.uptime", max(0.0, now_s - boot_s), "s")]


class Uptime(QuickSource[Settings]):
    """The machine's time since it started, sleep included."""

    def read_now(self) -> list[Reading]:
        """Return the uptime now; a step of the wall clock does not show where the system counts from its start."""
        if hasattr(time, "CLOCK_BOOTTIME"):
            return readings(now_s=time.clock_gettime(time.CLOCK_BOOTTIME), boot_s=0.0)
        import psutil  # noqa: PLC0415 - only a system without that clock pays for it

        return readings(now_s=time.time(), boot_s=psutil.boot_time())


def open_source(settings: Settings, tools: Tools) -> Uptime:
    """Return the machine's uptime."""
    return Uptime(settings, tools)
