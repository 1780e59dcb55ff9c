"""The file systems: space and inodes. A mount that hangs (a lost NFS server) costs its own values and nothing else."""

import asyncio
import os
from functools import partial
from typing import NamedTuple

from pydantic import Field

from watchkeeper.collector.mounts import Mount, chosen, find_mounts
from watchkeeper.collector.patterns import Pattern, whole_match
from watchkeeper.collector.reading import Reading, gauge
from watchkeeper.collector.source import Source, SourceSettings, Tools

HANGS_S = 0.5
HANGS_MORE_S = 0.05
"""How long a mount may take, and how long each one after the first that took too long."""


class Settings(SourceSettings):
    """Block [sources.filesystem]."""

    exclude_types: Pattern = Field(
        default=r"autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|efivarfs|fuse\..*|fusectl|hugetlbfs"
        r"|iso9660|mqueue|nsfs|overlay|proc|pstore|ramfs|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tmpfs|tracefs",
        description="Types of file systems left out (a regular expression for the whole type). The root never is.",
    )
    exclude_mountpoints: Pattern = Field(
        default=r"/(dev|proc|sys)(/.*)?|/run/(credentials|user)/.*|/var/lib/(docker|containers|containerd|kubelet)/.+",
        description="Mountpoints left out (a regular expression for the whole path). The root never is.",
    )


class Usage(NamedTuple):
    """One file system's bytes and inodes; ``available`` is what is left for people who are not root."""

    total: int
    free: int
    available: int
    inodes: int
    inodes_free: int


def readings(mount: Mount, usage: Usage) -> list[Reading]:
    """Return use and utilization of space as df shows it, and of inodes where the file system counts them.

    Utilization is used / (used + available): a disk is full for its users when only root's reserve is left.
    """
    labels = {
        "system.device": mount.device,
        "system.filesystem.mountpoint": mount.mountpoint,
        "system.filesystem.type": mount.type,
        "system.filesystem.mode": "rw" if mount.writable else "ro",
    }
    used = max(0, usage.total - usage.free)
    reserved = max(0, usage.free - usage.available)
    reachable = used + usage.available
    found = [
        gauge("system.filesystem.utilization", used / reachable if reachable else 0.0, "1", labels),
        *(
            gauge("system.filesystem.usage", size, "By", {**labels, "system.filesystem.state": state})
            for state, size in (("used", used), ("free", usage.available), ("reserved", reserved))
        ),
    ]
    if usage.inodes:
        inodes_used = max(0, usage.inodes - usage.inodes_free)
        found += [
            gauge("system.filesystem.inodes.utilization", inodes_used / usage.inodes, "1", labels),
            gauge("system.filesystem.inodes.usage", inodes_used, "{inode}", labels),
            gauge("system.filesystem.inodes.limit", usage.inodes, "{inode}", labels),
        ]
    return found


def usage_of(mountpoint: str) -> Usage:
    """Ask the file system at ``mountpoint``; may hang. Raises ``OSError``."""
    now = os.statvfs(mountpoint)
    unit = now.f_frsize
    return Usage(now.f_blocks * unit, now.f_bfree * unit, now.f_bavail * unit, now.f_files, now.f_ffree)


class Filesystems(Source[Settings]):
    """The mounted file systems, asked one after the other; one that hangs is not asked again until it has answered."""

    def __init__(self, settings: Settings, tools: Tools) -> None:
        """Compile what is left out."""
        super().__init__(settings, tools)
        self._types = whole_match(settings.exclude_types)
        self._mountpoints = whole_match(settings.exclude_mountpoints)
        self._asked: dict[str, asyncio.Task[Usage]] = {}

    async def read(self) -> list[Reading]:
        """Return the state of every file system that answers, and which ones do not."""
        found: list[Reading] = []
        hanging = 0
        for mount in chosen(find_mounts(), self._types, self._mountpoints):
            usage = await self._ask(mount, HANGS_MORE_S if hanging else HANGS_S)
            if usage is None:
                hanging += 1
                labels = {"system.device": mount.device, "system.filesystem.mountpoint": mount.mountpoint}
                found.append(gauge("watchkeeper.filesystem.hanging", 1, "1", labels))
            elif usage.total:
                found += readings(mount, usage)
        return found

    async def close(self) -> None:
        """Stop waiting for what hangs."""
        for task in self._asked.values():
            task.cancel()

    async def _ask(self, mount: Mount, wait_s: float) -> Usage | None:
        """Return the usage, None where the file system has not answered; one that refuses counts as empty."""
        task = self._asked.get(mount.mountpoint)
        if task is None:
            call = self.tools.threads.run(partial(usage_of, mount.mountpoint))
            task = self._asked[mount.mountpoint] = asyncio.create_task(call)
            await asyncio.wait({task}, timeout=wait_s)
        if not task.done():
            return None
        del self._asked[mount.mountpoint]
        if isinstance(task.exception(), OSError):
            return Usage(0, 0, 0, 0, 0)
        return task.result()


def open_source(settings: Settings, tools: Tools) -> Filesystems:
    """Return the mounted file systems."""
    return Filesystems(settings, tools)
