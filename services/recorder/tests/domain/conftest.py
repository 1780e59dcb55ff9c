"""Records and batches for pure tests."""

from collections.abc import Callable

import pytest

from watchkeeper.common.bus import Received
from watchkeeper.common.events import MetricsBatch, Resource, encode

MakeBatch = Callable[..., MetricsBatch]
MakeRecord = Callable[..., Received]


@pytest.fixture(scope="session")
def batch() -> MakeBatch:
    """Makes a batch of gauges: ``batch({"cpu": 0.5}, time_ms=…, resource="h", source="s")``."""

    def make(
        values: dict[str, float], *, time_ms: int = 1_000, resource: str = "h", source: str = "s",
        batch_id: str = "b", interval_s: float | None = None, unit: str = "1",
    ) -> MetricsBatch:  # fmt: skip
        count = len(values)
        return MetricsBatch(
            batch_id=batch_id, time_ms=time_ms, interval_s=interval_s, source=source, resource=Resource(id=resource),
            series=list(values), units=[unit] * count, kinds=["gauge"] * count, values=list(values.values()),
        )  # fmt: skip

    return make


@pytest.fixture(scope="session")
def record() -> MakeRecord:
    """Makes the record at an offset of partition 0, of bytes or of a batch."""

    def make(offset: int, value: bytes | MetricsBatch | None) -> Received:
        return Received(0, offset, 0, None, encode(value) if isinstance(value, MetricsBatch) else value)

    return make
