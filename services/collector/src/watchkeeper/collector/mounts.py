"""What is mounted where, from the kernel's table; reading it never hangs, whatever the mounts do."""

import contextlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import psutil

TABLES = (Path("/proc/1/mounts"), Path("/proc/self/mounts"))
"""The system's own view first: a systemd unit with a sandbox sees everything as mounted read-only."""

_OCTAL = re.compile(r"\\([0-7]{3})")


class Mount(NamedTuple):
    """One mounted file system."""

    device: str
    mountpoint: str
    type: str
    writable: bool


def parse_mounts(text: str) -> list[Mount]:
    """Read the lines of /proc/self/mounts (proc(5), fstab(5)): of those at one mountpoint, the last one is seen."""
    seen: dict[str, Mount] = {}
    for line in text.splitlines():
        words = line.split(" ")
        if len(words) < 4:
            continue
        device, mountpoint = (_OCTAL.sub(lambda found: chr(int(found[1], 8)), word) for word in words[:2])
        seen.pop(mountpoint, None)
        seen[mountpoint] = Mount(device, mountpoint, words[2], "rw" in words[3].split(","))
    return list(seen.values())


def find_mounts(tables: Sequence[Path] = TABLES) -> list[Mount]:
    """Return what is mounted now, from the first of ``tables`` that can be read."""
    for table in tables:
        with contextlib.suppress(OSError):
            return parse_mounts(table.read_text(encoding="utf-8", errors="replace"))
    return [
        Mount(each.device, each.mountpoint, each.fstype, "rw" in each.opts.split(","))
        for each in psutil.disk_partitions(all=False)
    ]


def chosen(mounts: list[Mount], exclude_types: re.Pattern[str], exclude_mountpoints: re.Pattern[str]) -> list[Mount]:
    """Return the mounts to watch: the root always, the others unless excluded, each device once.

    A device that is mounted several times counts where its path is the shortest.
    """
    by_device: dict[str, Mount] = {}
    for mount in mounts:
        root = mount.mountpoint == "/"
        if not root and (exclude_types.fullmatch(mount.type) or exclude_mountpoints.fullmatch(mount.mountpoint)):
            continue
        key = mount.device if "/" in mount.device else f"{mount.device} {mount.mountpoint}"
        known = by_device.get(key)
        if known is None or len(mount.mountpoint) < len(known.mountpoint):
            by_device[key] = mount
    return list(by_device.values())
