"""Containers: the limits of the own control group, from files as the kernel writes them."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from watchkeeper.collector.control_group import CpuUse, Version1, Version2, find_control_group
from watchkeeper.collector.reading import Reading
from watchkeeper.collector.source import Tools
from watchkeeper.collector.sources import cgroup, cpu, memory

Values = Callable[[Sequence[Reading]], dict[str, float]]


def write(folder: Path, files: dict[str, str]) -> None:
    """Write the files of a control group."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.fixture
def version_2(tmp_path: Path) -> Path:
    """A container of the unified hierarchy: one and a half cores, 1000 bytes."""
    write(
        tmp_path,
        {
            "cgroup.controllers": "cpu memory\n",
            "cpu.max": "150000 100000\n",
            "cpu.stat": "usage_usec 3000000\nuser_usec 2000000\nsystem_usec 1000000\nthrottled_usec 500000\n",
            "memory.max": "1000\n",
            "memory.current": "600\n",
            "memory.stat": "anon 300\ninactive_file 200\n",
        },
    )
    return tmp_path


@pytest.fixture
def version_1(tmp_path: Path) -> Path:
    """A container of the older hierarchies: half a core, 1000 bytes."""
    write(
        tmp_path,
        {
            "cpu/cpu.cfs_quota_us": "50000\n",
            "cpu/cpu.cfs_period_us": "100000\n",
            "cpu/cpu.stat": "nr_periods 1\nthrottled_time 250000000\n",
            "cpuacct/cpuacct.usage": "3000000000\n",
            "cpuacct/cpuacct.usage_user": "2000000000\n",
            "cpuacct/cpuacct.usage_sys": "1000000000\n",
            "memory/memory.limit_in_bytes": "1000\n",
            "memory/memory.usage_in_bytes": "600\n",
            "memory/memory.stat": "cache 300\ntotal_inactive_file 200\n",
        },
    )
    return tmp_path


def test_version_2(version_2: Path) -> None:
    """Limits and use in cores, seconds and bytes."""
    group = find_control_group(version_2)
    assert isinstance(group, Version2)
    assert group.cpu_limit() == 1.5
    assert group.memory_limit() == 1000
    assert group.memory_use() == (600, 200)
    assert group.cpu_use(7) == CpuUse(7, {"total": 3, "user": 2, "system": 1}, 0.5)
    write(version_2, {"cpu.max": "max 100000\n", "memory.max": "max\n"})
    assert group.cpu_limit() is None
    assert group.memory_limit() is None


def test_version_1(version_1: Path) -> None:
    """The same of the older hierarchies, whose way to say "none" is a number."""
    group = find_control_group(version_1)
    assert isinstance(group, Version1)
    assert group.cpu_limit() == 0.5
    assert group.memory_limit() == 1000
    assert group.memory_use() == (600, 200)
    assert group.cpu_use(7) == CpuUse(7, {"total": 3, "user": 2, "system": 1}, 0.25)
    write(version_1, {"cpu/cpu.cfs_quota_us": "-1\n", "memory/memory.limit_in_bytes": "9223372036854771712\n"})
    assert group.cpu_limit() is None
    assert group.memory_limit() is None


def test_a_real_root_is_no_container(tmp_path: Path) -> None:
    """Controllers without limit files, or nothing at all."""
    assert find_control_group(tmp_path) is None
    write(tmp_path, {"cgroup.controllers": "cpu memory\n", "cpu.stat": "usage_usec 1\n"})
    assert find_control_group(tmp_path) is None


def test_memory_of_the_limit(version_2: Path, tools: Tools, values: Values) -> None:
    """Page cache that can be given back is not used."""
    found = values(memory.ContainerMemory(memory.Settings(), tools, Version2(version_2)).read_now())
    assert found["system.memory.limit"] == 1000
    assert found["system.memory.utilization"] == pytest.approx(0.4)
    assert found['system.memory.usage{system.memory.state="cached"}'] == 200


def test_cpu_of_the_limit(values: Values) -> None:
    """The share of what the group may use, 1 at most; nothing for a moment too short."""
    before = CpuUse(10, {"total": 1, "user": 1, "system": 0})
    found = values(
        cpu.container_readings(before, CpuUse(20, {"total": 4, "user": 3, "system": 1}), cores=0.5, per_mode=True)
    )
    assert found["system.cpu.utilization"] == pytest.approx(0.6)
    assert found['system.cpu.utilization{cpu.mode="system"}'] == pytest.approx(0.2)
    beyond = CpuUse(20, {"total": 99, "user": 3, "system": 1})
    assert values(cpu.container_readings(before, beyond, cores=0.5, per_mode=False)) == {"system.cpu.utilization": 1}
    assert cpu.container_readings(before, CpuUse(10.05, before.used_s), cores=1, per_mode=True) == []


def test_the_group_itself(version_1: Path, tools: Tools, values: Values) -> None:
    """Limits, use, and how long the group was held back; nothing where there is no limit or no group."""
    source = cgroup.OwnGroup(cgroup.Settings(), tools, Version1(version_1))
    found = values(source.read_now())
    assert found["watchkeeper.container.cpu.limit"] == 0.5
    assert found["watchkeeper.container.cpu.throttled_time"] == 0.25
    assert found["container.memory.usage"] == 400
    assert found['container.cpu.time{cpu.mode="user"}'] == 2
    write(version_1, {"cpu/cpu.cfs_quota_us": "-1\n", "memory/memory.limit_in_bytes": "9223372036854771712\n"})
    assert source.read_now() == []
    assert cgroup.OwnGroup(cgroup.Settings(), tools, None).read_now() == []


def test_a_container_is_measured_as_one_unless_the_host_is_wanted(
    version_2: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scope auto takes the container where it has a limit; host never does; container does even without a limit."""
    for module in (cpu, memory, cgroup):
        monkeypatch.setattr(module, "find_control_group", lambda: Version2(version_2))
    assert isinstance(cpu.open_source(cpu.Settings(), tools), cpu.ContainerCpu)
    assert isinstance(memory.open_source(memory.Settings(), tools), memory.ContainerMemory)
    assert isinstance(cpu.open_source(cpu.Settings(scope="host"), tools), cpu.HostCpu)
    assert isinstance(memory.open_source(memory.Settings(scope="host"), tools), memory.HostMemory)
    write(version_2, {"cpu.max": "max 100000\n", "memory.max": "max\n"})
    assert isinstance(cpu.open_source(cpu.Settings(), tools), cpu.HostCpu)
    assert isinstance(memory.open_source(memory.Settings(), tools), memory.HostMemory)
    assert isinstance(cpu.open_source(cpu.Settings(scope="container"), tools), cpu.ContainerCpu)
    assert isinstance(memory.open_source(memory.Settings(scope="container"), tools), memory.ContainerMemory)


def test_a_containers_processors_between_two_readings(version_2: Path, tools: Tools, values: Values) -> None:
    """Time used since the last reading, of one and a half cores; a limit that is gone means all cores."""
    source = cpu.ContainerCpu(cpu.Settings(), tools, Version2(version_2))
    source._before = CpuUse(source._before.at_s - 10, {"total": 0, "user": 0, "system": 0})
    found = values(source.read_now())
    assert found["system.cpu.utilization"] == pytest.approx(3 / 15, rel=0.05)
    assert found['system.cpu.utilization{cpu.mode="user"}'] == pytest.approx(2 / 15, rel=0.05)


def test_files_that_a_kernel_does_not_have(tmp_path: Path) -> None:
    """No limit, no throttling, rather than an error."""
    write(tmp_path, {"cpuacct/cpuacct.usage": "1\n", "cpuacct/cpuacct.usage_user": "1\n"})
    write(tmp_path, {"cpuacct/cpuacct.usage_sys": "0\n"})
    old, new = Version1(tmp_path), Version2(tmp_path)
    assert (old.cpu_limit(), old.memory_limit(), new.cpu_limit(), new.memory_limit()) == (None, None, None, None)
    assert old.cpu_use(1).throttled_s == 0
