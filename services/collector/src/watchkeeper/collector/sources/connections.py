"""How many connections the machine has, by transport and state.

The kernel's tables are counted line by line, without a look at which process owns what: psutil's ``net_connections``
walks every process's descriptors for that and takes several times as long. Even so the kernel walks its whole hash
table, 3 ms on a machine with 24 GB, hence an interval of its own.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import ClassVar

from watchkeeper.collector.reading import Reading, gauge
from watchkeeper.collector.source import BlockingSource, SourceSettings, Tools

TCP_STATES: Mapping[bytes, str] = {
    b"01": "established",
    b"02": "syn_sent",
    b"03": "syn_received",
    b"04": "fin_wait_1",
    b"05": "fin_wait_2",
    b"06": "time_wait",
    b"07": "closed",
    b"08": "close_wait",
    b"09": "last_ack",
    b"0A": "listen",
    b"0B": "closing",
    b"0C": "syn_received",
}
"""The kernel's include/net/tcp_states.h, in OpenTelemetry's words."""


class Settings(SourceSettings):
    """Block [sources.connections]."""

    interval_default_s: ClassVar[float | None] = 30.0


def count_states(lines: Iterable[bytes]) -> Counter[str]:
    """Count the states in the lines of /proc/net/tcp or tcp6, whose first line is a heading."""
    counts: Counter[str] = Counter()
    for line in lines:
        state = TCP_STATES.get(line.split(None, 4)[3])
        if state is not None:
            counts[state] += 1
    return counts


def readings(tcp: Mapping[str, int], udp: int | None) -> list[Reading]:
    """Return the count of every TCP state, zeros included so that a chart has no holes, and of UDP sockets."""
    found = [
        gauge(
            "system.network.connection.count",
            tcp.get(state, 0),
            "{connection}",
            {"network.transport": "tcp", "network.connection.state": state},
        )
        for state in dict.fromkeys(TCP_STATES.values())
    ]
    if udp is not None:
        found.append(gauge("system.network.connection.count", udp, "{connection}", {"network.transport": "udp"}))
    return found


def _tcp_counts(folder: Path) -> Counter[str]:
    counts: Counter[str] = Counter()
    for name in ("tcp", "tcp6"):
        try:
            with (folder / name).open("rb") as lines:
                counts += count_states(lines)
        except FileNotFoundError:
            continue  # a kernel without IPv6 has no tcp6
    return counts


def udp_sockets(sockstats: Iterable[str]) -> int | None:
    """Return the UDP sockets in use by the texts of /proc/net/sockstat and sockstat6, None if none tells."""
    words = [line.split() for text in sockstats for line in text.splitlines()]
    counts = [int(line[2]) for line in words if line[0] in ("UDP:", "UDP6:") and line[1] == "inuse"]
    return sum(counts) if counts else None


class Connections(BlockingSource[Settings]):
    """The connections of this process's network namespace, from the kernel's tables in ``folder``."""

    def __init__(self, settings: Settings, tools: Tools, folder: Path = Path("/proc/net")) -> None:
        """Keep where the tables are."""
        super().__init__(settings, tools)
        self._folder = folder

    def read_now(self) -> list[Reading]:
        """Return the counts now; none on a system without these tables."""
        if not (self._folder / "tcp").exists():
            return []
        texts = [path.read_text() for name in ("sockstat", "sockstat6") if (path := self._folder / name).exists()]
        return readings(_tcp_counts(self._folder), udp_sockets(texts))


def open_source(settings: Settings, tools: Tools) -> Connections:
    """Return the machine's connections."""
    return Connections(settings, tools)
