"""The processes: how many in each state, and which programs use the most processor time and memory.

Programs, not processes: values are summed by name and carry no process id, since each id would be a series of its own
that is never seen again. Read from /proc/PID/stat, one small file for each process (psutil reads several).
"""

import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import ClassVar, NamedTuple

from pydantic import Field

from watchkeeper.collector.reading import Reading, gauge
from watchkeeper.collector.source import BlockingSource, SourceSettings, Tools

STATES: Mapping[str, str] = {
    "R": "running",
    "S": "sleeping",
    "D": "disk_sleep",
    "I": "idle",
    "T": "stopped",
    "t": "stopped",
    "Z": "defunct",
    "X": "defunct",
}
"""proc(5)'s letters, in OpenTelemetry's words as far as it has any."""

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
SHORTEST_S = 0.1


class Settings(SourceSettings):
    """Block [sources.processes]."""

    interval_default_s: ClassVar[float | None] = 30.0

    top: int = Field(default=5, ge=0, le=50, description="Programs reported by processor time, and as many by memory.")


class Process(NamedTuple):
    """One process: its program's name, its state's letter, its times, and the memory that it holds."""

    name: str
    state: str
    started_ticks: int
    cpu_s: float
    memory_bytes: int


class Snapshot(NamedTuple):
    """All processes by id, at an instant of a monotonic clock."""

    at_s: float
    processes: dict[int, Process]


def parse_stat(stat: str) -> Process:
    """Read one /proc/PID/stat (proc(5)); the name stands in brackets and may itself hold brackets and spaces."""
    start, end = stat.index("("), stat.rindex(")")
    fields = stat[end + 2 :].split()
    return Process(
        name=stat[start + 1 : end],
        state=fields[0],
        started_ticks=int(fields[19]),
        cpu_s=(int(fields[11]) + int(fields[12])) / TICKS_PER_S,
        memory_bytes=int(fields[21]) * PAGE_BYTES,
    )


def cpu_by_name(before: Snapshot, after: Snapshot, cores: int) -> dict[str, float]:
    """Return each program's share of all cores between two snapshots, 0 to 1; empty where too little time has passed.

    A process that is new counts with all its time; an id that was given anew counts as new.
    """
    elapsed = after.at_s - before.at_s
    if elapsed < SHORTEST_S:
        return {}
    spent: defaultdict[str, float] = defaultdict(float)
    for pid, process in after.processes.items():
        known = before.processes.get(pid)
        same = known is not None and known.started_ticks == process.started_ticks
        spent[process.name] += max(0.0, process.cpu_s - (known.cpu_s if same and known is not None else 0.0))
    return {name: min(1.0, seconds / (elapsed * cores)) for name, seconds in spent.items()}


def memory_by_name(processes: Iterable[Process]) -> dict[str, float]:
    """Return the bytes that each program holds; pages that processes share count in each of them."""
    held: defaultdict[str, float] = defaultdict(float)
    for process in processes:
        held[process.name] += process.memory_bytes
    return dict(held)


def largest(by_name: Mapping[str, float], number: int) -> dict[str, float]:
    """Return the ``number`` largest that are not zero, by value and then name, so that equal ones stay in order."""
    ordered = sorted((-value, name) for name, value in by_name.items() if value > 0)
    return {name: -value for value, name in ordered[:number]}


def readings(before: Snapshot | None, after: Snapshot, *, cores: int, top: int) -> list[Reading]:
    """Return the count of each state, zeros included, and the top programs; no processor shares the first time."""
    counts = Counter(STATES.get(process.state, "other") for process in after.processes.values())
    found = [
        gauge("system.process.count", counts[state], "{process}", {"process.state": state})
        for state in dict.fromkeys((*STATES.values(), *counts))
    ]
    shares = {} if before is None else cpu_by_name(before, after, cores)
    for name, share in largest(shares, top).items():
        found.append(gauge("process.cpu.utilization", share, "1", {"process.executable.name": name}))
    for name, size in largest(memory_by_name(after.processes.values()), top).items():
        found.append(gauge("process.memory.usage", size, "By", {"process.executable.name": name}))
    return found


def snapshot(folder: Path, at_s: float) -> Snapshot:
    """Read all processes that ``folder`` shows; one that ends meanwhile is not among them."""
    processes = {}
    with os.scandir(folder) as entries:
        pids = [int(entry.name) for entry in entries if entry.name.isdecimal()]
    for pid in pids:
        try:
            with open(f"{folder}/{pid}/stat", "rb", buffering=0) as file:  # noqa: PTH123 - a Path per process would cost more than the reading
                stat = file.read(4096)
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        processes[pid] = parse_stat(_printable(stat))
    return Snapshot(at_s, processes)


def _printable(stat: bytes) -> str:
    """Return the line as text; a name may hold any byte, and what cannot be shown becomes a question mark."""
    text = stat.decode("utf-8", errors="replace")
    return text if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text.rstrip("\n"))


class Processes(BlockingSource[Settings]):
    """The processes that this process's namespace shows."""

    needs_two = True

    def __init__(self, settings: Settings, tools: Tools, folder: Path = Path("/proc")) -> None:
        """Keep where the processes are shown; the first reading has no processor shares."""
        super().__init__(settings, tools)
        self._folder = folder
        self._before: Snapshot | None = None

    def read_now(self) -> list[Reading]:
        """Return the processes' state now; nothing on a system without /proc."""
        if not (self._folder / "self" / "stat").exists():
            return []
        after = snapshot(self._folder, time.monotonic())
        found = readings(self._before, after, cores=os.cpu_count() or 1, top=self.settings.top)
        self._before = after
        return found


def open_source(settings: Settings, tools: Tools) -> Processes:
    """Return the machine's processes."""
    return Processes(settings, tools)
