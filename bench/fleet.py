"""A fleet of hosts whose metrics are generated: 20 series each, values that move like real ones and are known again."""

import math
from collections.abc import Iterator, Sequence

from watchkeeper.common.bus import Record
from watchkeeper.common.events import METRICS_TOPIC, Kind, MetricsBatch, Resource, encode
from watchkeeper.common.ids import batch_id
from watchkeeper.common.series import series_text

SOURCE = "bench"


def _described() -> list[tuple[str, str, Kind]]:
    """Text, unit and kind of each of a host's 20 series."""
    found: list[tuple[str, str, Kind]] = [
        ("system.cpu.utilization", "1", "gauge"),
        ("system.memory.utilization", "1", "gauge"),
        ("system.memory.limit", "By", "gauge"),
        ("system.cpu.load_average.1m", "{thread}", "gauge"),
        ("system.uptime", "s", "gauge"),
        ("system.process.count", "{process}", "gauge"),
    ]
    found += [
        (series_text("system.cpu.utilization", {"cpu.mode": mode}), "1", "gauge")
        for mode in ("user", "system", "idle", "iowait")
    ]
    found += [
        (series_text("system.filesystem.utilization", {"system.filesystem.mountpoint": place}), "1", "gauge")
        for place in ("/", "/var")
    ]
    for name, label in (("system.network.io", "network.io.direction"), ("system.disk.io", "disk.io.direction")):
        device = "network.interface.name" if "network" in name else "system.device"
        directions = ("receive", "transmit") if "network" in name else ("read", "write")
        found += [
            (series_text(name, {device: unit, label: direction}), "By", "counter")
            for unit in ("a0", "a1")
            for direction in directions
        ]
    return found


DESCRIBED = _described()
TEXTS = [text for text, _, _ in DESCRIBED]
UNITS = [unit for _, unit, _ in DESCRIBED]
KINDS = [kind for _, _, kind in DESCRIBED]
WAVES = [0.5 + 0.45 * math.sin(2 * math.pi * minute / 1440) for minute in range(1440)]
"""A day's wave, a value a minute between 0.05 and 0.95."""


def host_id(number: int) -> str:
    """The id of the host ``number``."""
    return f"bench-{number:04}"


def resource(number: int) -> Resource:
    """The host ``number`` as it describes itself."""
    return Resource(id=host_id(number), name=f"bench-{number:04}.example", environment="bench", role="web")


def values(number: int, time_ms: int) -> list[float]:
    """The host's 20 values at ``time_ms``: shares follow the day's wave, counters grow by the second."""
    wave = WAVES[(time_ms // 60_000 + number * 37) % 1440]
    seconds = time_ms / 1000
    return [
        wave if unit == "1" else (seconds * (index + 1) * 100.0 if kind == "counter" else wave * 1000.0)
        for index, (_, unit, kind) in enumerate(DESCRIBED)
    ]


def record(number: int, time_ms: int, interval_s: float) -> Record:
    """The host's batch at ``time_ms`` as it goes onto the topic."""
    host = resource(number)
    batch = MetricsBatch(
        batch_id=batch_id(host.id, SOURCE, time_ms),
        time_ms=time_ms,
        interval_s=interval_s,
        source=SOURCE,
        resource=host,
        series=TEXTS,
        units=UNITS,
        kinds=KINDS,
        values=values(number, time_ms),
    )
    return Record(METRICS_TOPIC, host.id, encode(batch))


def records(hosts: int, times_ms: Sequence[int], interval_s: float) -> Iterator[Record]:
    """Every host's batch at each of ``times_ms``, in the order of time."""
    for time_ms in times_ms:
        for number in range(hosts):
            yield record(number, time_ms, interval_s)
