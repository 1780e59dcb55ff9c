"""Main memory: how much is used, free, and used by the kernel's caches."""

import psutil
from pydantic import Field

from watchkeeper.collector.control_group import ControlGroup, find_control_group
from watchkeeper.collector.reading import Reading, gauge
from watchkeeper.collector.source import QuickSource, SourceSettings, Tools
from watchkeeper.collector.sources.cpu import Scope


class Settings(SourceSettings):
    """Block [sources.memory]."""

    scope: Scope = Field(
        default="auto",
        description="host: the machine; container: the own control group's limit; auto: container where it has one.",
    )


def readings(*, total: int, available: int, free: int, cached: int | None, buffers: int | None) -> list[Reading]:
    """Return utilization, limit and usage by state, from byte counts.

    "used" is total less available, as OpenTelemetry wants it on Linux; caches that can be given back are not "used", so
    the states do not add up to the limit.
    """
    used = max(0, total - available)
    states = {"used": used, "free": free, "cached": cached, "buffers": buffers}
    return [
        gauge("system.memory.utilization", used / total if total else 0.0, "1"),
        gauge("system.memory.limit", total, "By"),
        *(
            gauge("system.memory.usage", size, "By", {"system.memory.state": state})
            for state, size in states.items()
            if size is not None
        ),
    ]


class HostMemory(QuickSource[Settings]):
    """The whole machine's memory."""

    def read_now(self) -> list[Reading]:
        """Return the memory's state now."""
        now = psutil.virtual_memory()
        return readings(
            total=now.total,
            available=now.available,
            free=now.free,
            cached=getattr(now, "cached", None),
            buffers=getattr(now, "buffers", None),
        )


class ContainerMemory(QuickSource[Settings]):
    """The own control group's memory: what it uses of what it may use."""

    def __init__(self, settings: Settings, tools: Tools, group: ControlGroup) -> None:
        """Keep the group."""
        super().__init__(settings, tools)
        self._group = group

    def read_now(self) -> list[Reading]:
        """Return the memory's state now; page cache that can be given back does not count as used."""
        limit = self._group.memory_limit() or psutil.virtual_memory().total
        usage, reclaimable = self._group.memory_use()
        used = max(0, usage - reclaimable)
        return readings(
            total=limit, available=max(0, limit - used), free=max(0, limit - usage), cached=reclaimable, buffers=None
        )


def open_source(settings: Settings, tools: Tools) -> HostMemory | ContainerMemory:
    """Return the machine's memory, or the own control group's where the scope says so."""
    group = None if settings.scope == "host" else find_control_group()
    if group is not None and (settings.scope == "container" or group.memory_limit() is not None):
        return ContainerMemory(settings, tools, group)
    return HostMemory(settings, tools)
