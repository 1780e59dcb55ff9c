"""The own control group, for a collector in a container: its limits, its use, and how long it was held back."""

import time

from watchkeeper.collector.control_group import ControlGroup, CpuUse, find_control_group
from watchkeeper.collector.reading import Reading, counter, gauge
from watchkeeper.collector.source import QuickSource, SourceSettings, Tools


class Settings(SourceSettings):
    """Block [sources.cgroup]."""


def readings(use: CpuUse, *, cpu_limit: float | None, memory_limit: int | None, memory_used: int) -> list[Reading]:
    """Return use as OpenTelemetry names it for containers, and the limits; nothing where the group has no limit.

    ``memory_used`` leaves out page cache that can be given back, as kubelet's working set does.
    """
    if cpu_limit is None and memory_limit is None:
        return []
    found = [
        counter("container.cpu.time", seconds, "s", {"cpu.mode": mode})
        for mode, seconds in use.used_s.items()
        if mode != "total"
    ]
    found += [
        counter("watchkeeper.container.cpu.throttled_time", use.throttled_s, "s"),
        gauge("container.memory.usage", memory_used, "By"),
    ]
    if cpu_limit is not None:
        found.append(gauge("watchkeeper.container.cpu.limit", cpu_limit, "{cpu}"))
    if memory_limit is not None:
        found.append(gauge("watchkeeper.container.memory.limit", memory_limit, "By"))
    return found


class OwnGroup(QuickSource[Settings]):
    """The group that the collector runs in; no readings on a machine without containers."""

    def __init__(self, settings: Settings, tools: Tools, group: ControlGroup | None) -> None:
        """Keep the group."""
        super().__init__(settings, tools)
        self._group = group

    def read_now(self) -> list[Reading]:
        """Return the group's state now."""
        group = self._group
        if group is None:
            return []
        cpu_limit, memory_limit = group.cpu_limit(), group.memory_limit()
        if cpu_limit is None and memory_limit is None:
            return []
        usage, reclaimable = group.memory_use()
        return readings(
            group.cpu_use(time.monotonic()),
            cpu_limit=cpu_limit,
            memory_limit=memory_limit,
            memory_used=max(0, usage - reclaimable),
        )


def open_source(settings: Settings, tools: Tools) -> OwnGroup:
    """Return the own control group, if there is one."""
    return OwnGroup(settings, tools, find_control_group())
