"""The control group that this process runs in: what it may use of the machine, and what it uses.

Read from the *root* of the mounted hierarchy, never from the path in ``/proc/self/cgroup``: a container sees its own
group as the root, and that root then has limit files, which the real root has not (version 2) or has set to "no limit"
(version 1). A systemd unit with a memory limit of its own is so told apart from a container, and its host is still
measured as a host. Files: the kernel's Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

MOUNT = Path("/sys/fs/cgroup")
NO_LIMIT_BYTES = 1 << 60
"""Version 1 writes "no limit" as the largest multiple of the page size; no machine has an exbibyte."""


@dataclass(frozen=True)
class CpuUse:
    """Seconds of processor time by mode ("total", "user", "system"), used until ``at_s`` of a monotonic clock."""

    at_s: float
    used_s: dict[str, float]
    throttled_s: float = 0.0


class ControlGroup(Protocol):
    """What a container may use, and what it uses."""

    def cpu_limit(self) -> float | None:
        """Return the number of cores, or None without a limit."""

    def cpu_use(self, at_s: float) -> CpuUse:
        """Return what was used until now."""

    def memory_limit(self) -> int | None:
        """Return bytes, or None without a limit."""

    def memory_use(self) -> tuple[int, int]:
        """Return bytes in use, and how many of them are page cache that can be given back."""


def _pairs(path: Path) -> dict[str, int]:
    """Read a flat-keyed file: one name and one whole number a line."""
    return {name: int(number) for name, number in (line.split() for line in path.read_text().splitlines())}


@dataclass(frozen=True)
class Version2:
    """A group of the unified hierarchy, whose files lie in ``folder``."""

    folder: Path

    def cpu_limit(self) -> float | None:
        """Return quota over period from cpu.max."""
        try:
            quota, period = (self.folder / "cpu.max").read_text().split()
        except FileNotFoundError:
            return None
        return None if quota == "max" else int(quota) / int(period)

    def cpu_use(self, at_s: float) -> CpuUse:
        """Return the times of cpu.stat (microseconds there)."""
        stat = _pairs(self.folder / "cpu.stat")
        used = {"total": stat["usage_usec"], "user": stat["user_usec"], "system": stat["system_usec"]}
        return CpuUse(at_s, {mode: micro / 1e6 for mode, micro in used.items()}, stat.get("throttled_usec", 0) / 1e6)

    def memory_limit(self) -> int | None:
        """Return memory.max."""
        try:
            limit = (self.folder / "memory.max").read_text().strip()
        except FileNotFoundError:
            return None
        return None if limit == "max" else int(limit)

    def memory_use(self) -> tuple[int, int]:
        """Return memory.current, and the inactive file pages in it."""
        return int((self.folder / "memory.current").read_text()), _pairs(self.folder / "memory.stat")["inactive_file"]


@dataclass(frozen=True)
class Version1:
    """A group of the older hierarchies, one mount for each controller below ``folder``."""

    folder: Path

    def cpu_limit(self) -> float | None:
        """Return quota over period; a quota of -1 is none."""
        try:
            quota = int((self.folder / "cpu" / "cpu.cfs_quota_us").read_text())
            period = int((self.folder / "cpu" / "cpu.cfs_period_us").read_text())
        except FileNotFoundError:
            return None
        return quota / period if quota > 0 else None

    def cpu_use(self, at_s: float) -> CpuUse:
        """Return the times of cpuacct (nanoseconds there)."""
        folder = self.folder / "cpuacct"
        files = {"total": "cpuacct.usage", "user": "cpuacct.usage_user", "system": "cpuacct.usage_sys"}
        used = {mode: int((folder / file).read_text()) / 1e9 for mode, file in files.items()}
        try:
            throttled = _pairs(self.folder / "cpu" / "cpu.stat").get("throttled_time", 0) / 1e9
        except FileNotFoundError:
            throttled = 0.0
        return CpuUse(at_s, used, throttled)

    def memory_limit(self) -> int | None:
        """Return memory.limit_in_bytes, unless it is the kernel's way to write "none"."""
        try:
            limit = int((self.folder / "memory" / "memory.limit_in_bytes").read_text())
        except FileNotFoundError:
            return None
        return limit if limit < NO_LIMIT_BYTES else None

    def memory_use(self) -> tuple[int, int]:
        """Return memory.usage_in_bytes, and the inactive file pages in it."""
        folder = self.folder / "memory"
        return int((folder / "memory.usage_in_bytes").read_text()), _pairs(folder / "memory.stat")[
            "total_inactive_file"
        ]


def find_control_group(mount: Path = MOUNT) -> ControlGroup | None:
    """Return the control group whose files ``mount`` shows, None where there are none (a real root, or no Linux)."""
    if (mount / "cgroup.controllers").exists():
        return Version2(mount) if (mount / "memory.max").exists() or (mount / "cpu.max").exists() else None
    if (mount / "memory" / "memory.limit_in_bytes").exists() and (mount / "cpuacct" / "cpuacct.usage").exists():
        return Version1(mount)
    return None
