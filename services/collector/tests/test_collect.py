"""Sources on their schedule."""

import asyncio

import pytest

from watchkeeper.collector import collect
from watchkeeper.collector.collect import Collection
from watchkeeper.collector.configuration import configuration
from watchkeeper.collector.once import once
from watchkeeper.collector.sources.registry import SOURCES
from watchkeeper.collector.tally import Tally
from watchkeeper.common.clock import SystemClock
from watchkeeper.common.events import Resource, decode_metrics

HOST = Resource(id="h")


class SetClock:
    """A clock that shows the times given, one after the other, and then the last one."""

    def __init__(self, *times_s: float) -> None:
        """Keep the times."""
        self.times_s = list(times_s)

    def now_ms(self) -> int:
        """The next time."""
        return int((self.times_s.pop(0) if len(self.times_s) > 1 else self.times_s[0]) * 1000)

    def monotonic_s(self) -> float:
        """Not asked for."""
        raise NotImplementedError


@pytest.mark.parametrize(
    ("times_s", "comes"),
    [
        pytest.param([1009.99, 1010], True, id="it comes"),
        pytest.param([1500], True, id="it has passed: the clock was set forward"),
        pytest.param([1009.99, 1005, 1010], True, id="the clock was set back a little: it comes all the same"),
        pytest.param([1009.99, 500], False, id="the clock was set back by more than an interval"),
    ],
)
async def test_waiting_for_an_instant(
    times_s: list[float], *, comes: bool, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An instant is waited for by the clock; when that was set back, a new one is looked for instead."""
    monkeypatch.setattr(collect, "SLEEP_S_MAX", 0.01)
    collection = Collection(configuration({"sources": {}}), HOST, SetClock(*times_s), tally)
    assert await collection._until(1010, 10) is comes


async def test_a_failing_source_disturbs_no_other(tally: Tally) -> None:
    """It says so itself, every other source has its readings, and the end is clean."""
    off = {kind: {"enabled": False} for kind, about in SOURCES.items() if about.on and kind not in ("load", "uptime")}
    nowhere = {"name": "gone", "url": "http://127.0.0.1:1/metrics"}
    found = configuration({"sources": {**off, "prometheus": [nowhere]}})
    collection = Collection(found, HOST, SystemClock(), tally)
    values: dict[str, float] = {}
    async for line in once(collection):
        batch = decode_metrics(line)
        values.update(zip(batch.series, batch.values, strict=True))
    assert values['watchkeeper.source.success{source="prometheus/gone"}'] == 0
    assert values['watchkeeper.source.success{source="load"}'] == 1
    assert values["system.uptime"] > 0
    assert (tally.read, tally.failed) == (3, 1)
    await asyncio.sleep(0)
