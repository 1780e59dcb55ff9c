"""The processor: how busy it was since the last reading, in all and by mode."""

import time
from collections.abc import Mapping
from typing import Literal

import psutil
from pydantic import Field

from watchkeeper.collector.control_group import ControlGroup, CpuUse, find_control_group
from watchkeeper.collector.reading import Reading, gauge
from watchkeeper.collector.source import QuickSource, SourceSettings, Tools

Scope = Literal["auto", "host", "container"]

MODES: Mapping[str, tuple[str, ...]] = {
    "user": ("user",),
    "system": ("system",),
    "nice": ("nice",),
    "idle": ("idle",),
    "iowait": ("iowait",),
    "interrupt": ("irq", "softirq"),
    "steal": ("steal",),
}
"""OpenTelemetry's cpu.mode, and psutil's fields for it; guest time is left out: it is in user and nice already."""

SHORTEST_S = 0.1
"""The kernel counts in ticks of 10 ms; a share of fewer than ten of them would be noise."""


class Settings(SourceSettings):
    """Block [sources.cpu]."""

    per_mode: bool = Field(default=True, description="Also report each mode (user, system, iowait, …).")
    per_core: bool = Field(default=False, description="Also report each logical core.")
    scope: Scope = Field(
        default="auto",
        description="host: the machine; container: the own control group's limit; auto: container where it has one.",
    )


Times = Mapping[str, float]
"""Seconds spent in each mode since start, by OpenTelemetry's names."""


def modes(times: Mapping[str, float]) -> Times:
    """Return psutil's cpu times by OpenTelemetry's modes; a mode that this system does not count is left out."""
    return {
        mode: sum(times[field] for field in fields if field in times)
        for mode, fields in MODES.items()
        if any(field in times for field in fields)
    }


def shares(before: Times, after: Times) -> dict[str, float]:
    """Return the share of each mode between two readings, 0 to 1, together 1; empty where too little time has passed.

    A mode that went backwards (Linux does that with iowait, and when a core goes offline) counts as zero.
    """
    spent = {mode: max(0.0, seconds - before.get(mode, 0.0)) for mode, seconds in after.items()}
    total = sum(spent.values())
    if total < SHORTEST_S:
        return {}
    return {mode: seconds / total for mode, seconds in spent.items()}


def readings(before: Times, after: Times, *, per_mode: bool, labels: Mapping[str, str]) -> list[Reading]:
    """Return the busy share (all that is neither idle nor iowait) and, if asked for, the share of each mode."""
    by_mode = shares(before, after)
    if not by_mode:
        return []
    busy = 1.0 - by_mode.get("idle", 0.0) - by_mode.get("iowait", 0.0)
    found = [gauge("system.cpu.utilization", min(1.0, max(0.0, busy)), "1", labels)]
    if per_mode:
        found += [
            gauge("system.cpu.utilization", share, "1", {**labels, "cpu.mode": mode}) for mode, share in by_mode.items()
        ]
    return found


def container_readings(before: CpuUse, after: CpuUse, *, cores: float, per_mode: bool) -> list[Reading]:
    """Return the share of ``cores`` (the control group's limit) that was used between two readings, 0 to 1."""
    elapsed = after.at_s - before.at_s
    if elapsed < SHORTEST_S:
        return []

    def share(mode: str) -> float:
        return min(1.0, max(0.0, (after.used_s[mode] - before.used_s[mode]) / (elapsed * cores)))

    found = [gauge("system.cpu.utilization", share("total"), "1")]
    if per_mode:
        found += [
            gauge("system.cpu.utilization", share(mode), "1", {"cpu.mode": mode})
            for mode in after.used_s
            if mode != "total" and mode in before.used_s
        ]
    return found


def _host_times() -> Times:
    return modes(psutil.cpu_times()._asdict())


def _core_times() -> list[Times]:
    return [modes(times._asdict()) for times in psutil.cpu_times(percpu=True)]


class HostCpu(QuickSource[Settings]):
    """The whole machine's processors."""

    def __init__(self, settings: Settings, tools: Tools) -> None:
        """Take the first reading."""
        super().__init__(settings, tools)
        self._total = _host_times()
        self._cores = _core_times() if settings.per_core else []

    def read_now(self) -> list[Reading]:
        """Return the shares since the last reading."""
        per_mode = self.settings.per_mode
        total = _host_times()
        found = readings(self._total, total, per_mode=per_mode, labels={})
        self._total = total
        if self.settings.per_core:
            cores = _core_times()
            for number, (before, after) in enumerate(zip(self._cores, cores, strict=False)):
                found += readings(before, after, per_mode=per_mode, labels={"cpu.logical_number": str(number)})
            self._cores = cores
        return [*found, gauge("system.cpu.logical.count", psutil.cpu_count() or 1, "{cpu}")]


class ContainerCpu(QuickSource[Settings]):
    """The own control group's processors: what it used of what it may use."""

    def __init__(self, settings: Settings, tools: Tools, group: ControlGroup) -> None:
        """Take the first reading of ``group``."""
        super().__init__(settings, tools)
        self._group = group
        self._before = group.cpu_use(time.monotonic())

    def read_now(self) -> list[Reading]:
        """Return the shares of the limit since the last reading."""
        cores = self._group.cpu_limit() or float(psutil.cpu_count() or 1)
        after = self._group.cpu_use(time.monotonic())
        found = container_readings(self._before, after, cores=cores, per_mode=self.settings.per_mode)
        self._before = after
        return [*found, gauge("system.cpu.logical.count", psutil.cpu_count() or 1, "{cpu}")]


def open_source(settings: Settings, tools: Tools) -> HostCpu | ContainerCpu:
    """Return the machine's processors, or the own control group's where the scope says so."""
    group = None if settings.scope == "host" else find_control_group()
    if group is not None and (settings.scope == "container" or group.cpu_limit() is not None):
        return ContainerCpu(settings, tools, group)
    return HostCpu(settings, tools)
