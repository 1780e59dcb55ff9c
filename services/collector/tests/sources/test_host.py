"""The host's sources: from what the system says to readings."""

import asyncio
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from watchkeeper.collector.configuration import read_configuration
from watchkeeper.collector.mounts import Mount, chosen, find_mounts, parse_mounts
from watchkeeper.collector.patterns import whole_match
from watchkeeper.collector.reading import Reading
from watchkeeper.collector.source import Tools
from watchkeeper.collector.sources import (
    connections,
    cpu,
    disk,
    filesystem,
    load,
    memory,
    network,
    paging,
    processes,
    temperature,
    uptime,
)
from watchkeeper.collector.sources.registry import SOURCES, source_module

Values = Callable[[Sequence[Reading]], dict[str, float]]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param({"user": 0, "idle": 0}, {"user": 2, "idle": 8}, {"user": 0.2, "idle": 0.8}, id="shares"),
        pytest.param({"user": 5, "idle": 0}, {"user": 4, "idle": 1}, {"user": 0, "idle": 1}, id="one went backwards"),
        pytest.param({"user": 0, "idle": 0}, {"user": 0, "idle": 0.05}, {}, id="too little time"),
        pytest.param({}, {"user": 1, "idle": 1}, {"user": 0.5, "idle": 0.5}, id="modes that are new"),
    ],
)
def test_cpu_shares(before: Mapping[str, float], after: Mapping[str, float], expected: dict[str, float]) -> None:
    """The share of each mode in what passed between two readings; they add up to one."""
    assert cpu.shares(before, after) == pytest.approx(expected)


def test_cpu_busy_is_what_is_neither_idle_nor_waiting(values: Values) -> None:
    """Waiting for a disk is not work; each mode has its own series."""
    found = values(
        cpu.readings(
            dict.fromkeys(("user", "idle", "iowait"), 0.0),
            {"user": 3.0, "idle": 5.0, "iowait": 2.0},
            per_mode=True,
            labels={},
        )
    )
    assert found["system.cpu.utilization"] == pytest.approx(0.3)
    assert found['system.cpu.utilization{cpu.mode="iowait"}'] == pytest.approx(0.2)
    assert len(found) == 4


def test_cpu_times_by_opentelemetrys_modes() -> None:
    """Interrupts are one mode; guest time is in user time already and does not count twice."""
    found = cpu.modes({"user": 1, "guest": 9, "irq": 2, "softirq": 3, "idle": 4})
    assert found == {"user": 1, "interrupt": 5, "idle": 4}


def test_memory_used_is_what_is_not_available(values: Values) -> None:
    """Caches that can be given back are not used; the states need not add up."""
    found = values(memory.readings(total=100, available=60, free=10, cached=45, buffers=None))
    assert found["system.memory.utilization"] == pytest.approx(0.4)
    assert found['system.memory.usage{system.memory.state="used"}'] == 40
    assert 'system.memory.usage{system.memory.state="buffers"}' not in found


def test_load_and_uptime(values: Values) -> None:
    """Three averages; an uptime that is never negative."""
    assert list(values(load.readings((1, 2, 3))).values()) == [1, 2, 3]
    assert values(uptime.readings(now_s=100, boot_s=40)) == {"system.uptime": 60}
    assert values(uptime.readings(now_s=1, boot_s=40)) == {"system.uptime": 0}


def test_swap_says_nothing_where_there_is_none(values: Values) -> None:
    """Without swap there is no share of it; with it, operations count pages."""
    assert paging.readings(total=0, used=0, free=0, moved_in=0, moved_out=0) == []
    found = values(paging.readings(total=100, used=25, free=75, moved_in=3 * paging.PAGE_BYTES, moved_out=0))
    assert found["system.paging.utilization"] == 0.25
    assert found['system.paging.operations{system.paging.direction="in"}'] == 3


def test_disks_count_once(values: Values) -> None:
    """Whole disks only: no partitions, no mapped devices; times in seconds."""
    one = disk.DiskCount(1, 2, 3, 4, 5000, 6000, 7000)
    disks = dict.fromkeys(("sda", "sda1", "nvme0n1", "nvme0n1p2", "dm-0", "loop7", "mmcblk0"), one)
    found = values(disk.readings(disks, whole_match(disk.Settings().exclude)))
    assert {re.search(r'system\.device="(\w+)"', text)[1] for text in found} == {"sda", "nvme0n1", "mmcblk0"}  # type: ignore[index]
    assert found['system.disk.operation_time{disk.io.direction="read",system.device="sda"}'] == 5
    assert found['system.disk.io_time{system.device="sda"}'] == 7


def test_interfaces_by_direction(values: Values) -> None:
    """Received and transmitted apart; the loopback and containers' interfaces left out."""
    count = (network.InterfaceCount(1, 2, 3, 4), network.InterfaceCount(5, 6, 7, 8))
    found = values(
        network.readings(dict.fromkeys(("lo", "eth0", "veth12ab"), count), whole_match(network.Settings().exclude))
    )
    assert found['system.network.io{network.interface.name="eth0",network.io.direction="receive"}'] == 1
    assert found['system.network.io{network.interface.name="eth0",network.io.direction="transmit"}'] == 5
    assert len(found) == 8


def test_connections_by_state(values: Values, tmp_path: Path, tools: Tools) -> None:
    """The kernel's tables, both address families together, states without a connection as zero."""
    line = "   0: 0100007F:1F90 00000000:0000 {} 00000000:00000000 00:00000000 00000000     0        0 1 1\n"
    (tmp_path / "tcp").write_text("  sl  local_address rem_address   st\n" + line.format("0A") + line.format("01"))
    (tmp_path / "tcp6").write_text("  sl  local_address rem_address   st\n" + line.format("01"))
    (tmp_path / "sockstat").write_text("sockets: used 9\nUDP: inuse 2 mem 1\n")
    (tmp_path / "sockstat6").write_text("UDP6: inuse 3\n")
    source = connections.Connections(connections.Settings(), tools, tmp_path)
    found = values(source.read_now())
    name = "system.network.connection.count"
    assert found[f'{name}{{network.connection.state="established",network.transport="tcp"}}'] == 2
    assert found[f'{name}{{network.connection.state="listen",network.transport="tcp"}}'] == 1
    assert found[f'{name}{{network.connection.state="closing",network.transport="tcp"}}'] == 0
    assert found[f'{name}{{network.transport="udp"}}'] == 5
    assert connections.Connections(connections.Settings(), tools, tmp_path / "absent").read_now() == []


def test_sensors_that_cannot_be_right_are_left_out(values: Values) -> None:
    """What a broken sensor reports is no temperature; equal chips stay apart."""
    sensors = [temperature.Sensor("Core 0", 45.5), temperature.Sensor("", None), temperature.Sensor("x", -273.1)]
    found = values(temperature.readings({"coretemp": sensors}))
    assert list(found.values()) == [45.5]


MOUNTS = r"""/dev/vda / ext4 rw,relatime 0 0
tmpfs /dev/shm tmpfs rw 0 0
/dev/vdb /var/lib/data\040base xfs ro,noatime 0 0
/dev/vdb /mnt/bound xfs rw 0 0
/dev/vdc /srv ext4 rw 0 0
/dev/vdd /srv btrfs rw 0 0
server:/export /net/home nfs4 rw 0 0
overlay /var/lib/docker/overlay2/x/merged overlay rw 0 0
broken
"""


def test_mounts_that_are_watched() -> None:
    """Spaces unescaped, a device once and by its shortest path, what covers a mountpoint instead of what it covers."""
    settings = filesystem.Settings()
    found = chosen(parse_mounts(MOUNTS), whole_match(settings.exclude_types), whole_match(settings.exclude_mountpoints))
    assert found == [
        Mount("/dev/vda", "/", "ext4", writable=True),
        Mount("/dev/vdb", "/mnt/bound", "xfs", writable=True),
        Mount("/dev/vdd", "/srv", "btrfs", writable=True),
        Mount("server:/export", "/net/home", "nfs4", writable=True),
    ]
    assert parse_mounts(MOUNTS)[2].mountpoint == "/var/lib/data base"


def test_the_first_table_that_can_be_read_is_taken(tmp_path: Path) -> None:
    """Where none can be, psutil is asked."""
    (tmp_path / "second").write_text("/dev/x / ext4 ro 0 0\n")
    assert find_mounts((tmp_path / "absent", tmp_path / "second")) == [Mount("/dev/x", "/", "ext4", writable=False)]
    assert all(mount.mountpoint.startswith("/") for mount in find_mounts(()))


def test_a_containers_root_is_watched() -> None:
    """An overlay is left out, but not when it is all that a container has."""
    exclude = whole_match(filesystem.Settings().exclude_types)
    mounts = parse_mounts("overlay / overlay rw 0 0\noverlay /x overlay rw 0 0\n")
    assert [mount.mountpoint for mount in chosen(mounts, exclude, whole_match(""))] == ["/"]


def test_a_disk_is_full_when_only_roots_reserve_is_left(values: Values) -> None:
    """As df shows it: used of what people can reach. Inodes where the file system counts them."""
    mount = Mount("/dev/a", "/", "ext4", writable=True)
    labels = 'system.device="/dev/a",system.filesystem.mode="rw",system.filesystem.mountpoint="/"'
    found = values(filesystem.readings(mount, filesystem.Usage(100, 10, 0, 50, 40)))
    assert found[f'system.filesystem.utilization{{{labels},system.filesystem.type="ext4"}}'] == 1
    assert found[f'system.filesystem.inodes.utilization{{{labels},system.filesystem.type="ext4"}}'] == 0.2
    without = values(filesystem.readings(mount, filesystem.Usage(100, 50, 50, 0, 0)))
    assert not any("inodes" in text for text in without)


async def test_a_hanging_mount_costs_itself_only(monkeypatch: pytest.MonkeyPatch, tools: Tools, values: Values) -> None:
    """It is reported as hanging and asked once, not again and again; the others have their values; it may recover."""
    release, asked = threading.Event(), list[str]()

    def usage_of(mountpoint: str) -> filesystem.Usage:
        asked.append(mountpoint)
        if mountpoint == "/stuck":
            release.wait()
        return filesystem.Usage(100, 50, 50, 0, 0)

    table = "/dev/a / ext4 rw 0 0\nserver:/x /stuck nfs rw 0 0\n/dev/b /b ext4 rw 0 0\n"
    monkeypatch.setattr(filesystem, "usage_of", usage_of)
    monkeypatch.setattr(filesystem, "find_mounts", lambda: parse_mounts(table))
    monkeypatch.setattr(filesystem, "HANGS_S", 0.05)
    source = filesystem.Filesystems(filesystem.Settings(), tools)
    for _ in range(2):
        found = values(await source.read())
        hanging = 'watchkeeper.filesystem.hanging{system.device="server:/x",system.filesystem.mountpoint="/stuck"}'
        assert found[hanging] == 1
        assert sum(text.startswith("system.filesystem.utilization") for text in found) == 2
    assert asked.count("/stuck") == 1
    release.set()
    await asyncio.sleep(0.05)
    found = values(await source.read())
    assert sum(text.startswith("system.filesystem.utilization") for text in found) == 3
    await source.close()


async def test_a_mount_without_right_is_no_failure(monkeypatch: pytest.MonkeyPatch, tools: Tools) -> None:
    """A file system that refuses says nothing; the reading goes well."""

    def refuse(_: str) -> filesystem.Usage:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(filesystem, "usage_of", refuse)
    assert await filesystem.Filesystems(filesystem.Settings(), tools).read() == []


STAT = "{pid} ({name}) {state} 1 1 1 0 -1 0 0 0 0 0 {user} {system} 0 0 20 0 1 0 {start} 1000 {pages} 0 0\n"


def test_a_processes_line_may_hold_anything_in_its_name() -> None:
    """Brackets, spaces and bytes that are no text."""
    line = STAT.format(pid=7, name="a) R (b c", state="S", user=250, system=50, start=99, pages=3)
    found = processes.parse_stat(line)
    assert (found.name, found.state, found.started_ticks) == ("a) R (b c", "S", 99)
    assert found.cpu_s == 300 / processes.TICKS_PER_S
    assert found.memory_bytes == 3 * processes.PAGE_BYTES


def process(name: str, cpu_s: float, *, start: int = 1, size: int = 0, state: str = "S") -> processes.Process:
    """A process."""
    return processes.Process(name, state, start, cpu_s, size)


def test_programs_by_what_they_used_between_two_snapshots(values: Values) -> None:
    """Summed by name, as a share of all cores; a new process counts in full, an id used again as new."""
    before = processes.Snapshot(
        100.0, {1: process("db", 10), 2: process("db", 5), 3: process("gone", 9), 4: process("old", 50)}
    )
    after = processes.Snapshot(
        110.0,
        {
            1: process("db", 12, size=10),
            2: process("db", 6, size=20),
            4: process("new", 4, start=2, size=5, state="R"),
            5: process("idle", 0, state="Z"),
        },
    )
    found = values(processes.readings(before, after, cores=2, top=2))
    assert found['process.cpu.utilization{process.executable.name="db"}'] == pytest.approx(3 / 20)
    assert found['process.cpu.utilization{process.executable.name="new"}'] == pytest.approx(4 / 20)
    assert found['process.memory.usage{process.executable.name="db"}'] == 30
    assert found['system.process.count{process.state="sleeping"}'] == 2
    assert found['system.process.count{process.state="defunct"}'] == 1
    assert found['system.process.count{process.state="stopped"}'] == 0
    first = values(processes.readings(None, after, cores=2, top=0))
    assert not any(text.startswith("process.") for text in first)


def test_processes_from_a_folder(tmp_path: Path, tools: Tools, values: Values) -> None:
    """Whatever is no process, or ends meanwhile, is passed over."""
    for pid, state in ((1, "S"), (22, "R"), (333, "Z")):
        (tmp_path / str(pid)).mkdir()
        line = STAT.format(pid=pid, name="x\udcff", state=state, user=1, system=1, start=1, pages=1)
        (tmp_path / str(pid) / "stat").write_bytes(line.encode("utf-8", "surrogateescape"))
    (tmp_path / "44").mkdir()
    (tmp_path / "self").symlink_to("1")
    (tmp_path / "meminfo").write_text("")
    source = processes.Processes(processes.Settings(), tools, tmp_path)
    found = values(source.read_now())
    assert sum(value for text, value in found.items() if text.startswith("system.process.count")) == 3
    assert processes.Processes(processes.Settings(), tools, tmp_path / "absent").read_now() == []


@pytest.mark.parametrize("kind", sorted(kind for kind, about in SOURCES.items() if about.on))
async def test_this_machine_can_be_read(kind: str, tools: Tools, values: Values) -> None:
    """Every host source reads the machine that runs the test, twice, with names and labels that are series."""
    block = next(block for block in read_configuration(None).blocks if block.kind == kind)
    source: Any = source_module(kind).open_source(block.settings, tools)
    await source.read()
    time.sleep(0.15)  # noqa: ASYNC251 - a share needs a moment, and nothing else runs
    found = values(await source.read())
    assert found or kind in ("cgroup", "paging", "temperature")
    await source.close()
