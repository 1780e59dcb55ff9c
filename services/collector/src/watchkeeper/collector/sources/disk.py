"""The disks: bytes and operations, and the time that they took."""

import re
from collections.abc import Mapping
from typing import NamedTuple

import psutil
from pydantic import Field

from watchkeeper.collector.patterns import Pattern, whole_match
from watchkeeper.collector.reading import Reading, counter
from watchkeeper.collector.source import QuickSource, SourceSettings, Tools


class Settings(SourceSettings):
    """Block [sources.disk]."""

    exclude: Pattern = Field(
        default=r"(loop|ram|zram|fd|sr|dm-|md)\d+",
        description="Devices left out (a regular expression for the whole name). Mapped devices and RAIDs are: their "
        "disks are counted already.",
    )


class DiskCount(NamedTuple):
    """What one disk has done since start: counts, bytes, milliseconds."""

    reads: int
    writes: int
    read_bytes: int
    write_bytes: int
    read_ms: int
    write_ms: int
    busy_ms: int | None


def is_partition(name: str, names: set[str]) -> bool:
    """Return whether ``name`` is a part of another device in ``names`` (sda1 of sda, nvme0n1p2 of nvme0n1)."""
    whole = re.sub(r"(?<=\d)p\d+$|(?<=[a-z])\d+$", "", name)
    return whole != name and whole in names


def readings(disks: Mapping[str, DiskCount], exclude: re.Pattern[str]) -> list[Reading]:
    """Return the counters of each whole disk whose name ``exclude`` does not match."""
    names, found = set(disks), []
    for device, count in disks.items():
        if exclude.fullmatch(device) or is_partition(device, names):
            continue
        read = {"system.device": device, "disk.io.direction": "read"}
        write = {"system.device": device, "disk.io.direction": "write"}
        found += [
            counter("system.disk.io", count.read_bytes, "By", read),
            counter("system.disk.io", count.write_bytes, "By", write),
            counter("system.disk.operations", count.reads, "{operation}", read),
            counter("system.disk.operations", count.writes, "{operation}", write),
            counter("system.disk.operation_time", count.read_ms / 1000, "s", read),
            counter("system.disk.operation_time", count.write_ms / 1000, "s", write),
        ]
        if count.busy_ms is not None:
            found.append(counter("system.disk.io_time", count.busy_ms / 1000, "s", {"system.device": device}))
    return found


class Disk(QuickSource[Settings]):
    """The machine's disks."""

    def __init__(self, settings: Settings, tools: Tools) -> None:
        """Compile what is left out."""
        super().__init__(settings, tools)
        self._exclude = whole_match(settings.exclude)

    def read_now(self) -> list[Reading]:
        """Return the counters now."""
        counters = psutil.disk_io_counters(perdisk=True, nowrap=False) or {}
        disks = {
            name: DiskCount(
                now.read_count,
                now.write_count,
                now.read_bytes,
                now.write_bytes,
                now.read_time,
                now.write_time,
                getattr(now, "busy_time", None),
            )
            for name, now in counters.items()
        }
        return readings(disks, self._exclude)


def open_source(settings: Settings, tools: Tools) -> Disk:
    """Return the machine's disks."""
    return Disk(settings, tools)
