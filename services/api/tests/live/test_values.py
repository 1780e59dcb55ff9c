"""What a batch says about the types."""

from typing import Any

import pytest

from watchkeeper.api.live import values as module
from watchkeeper.api.live.feed import events_of, spacing_s
from watchkeeper.api.live.hub import Hub
from watchkeeper.api.live.values import Levels
from watchkeeper.common.bus import Received
from watchkeeper.common.events import MetricsBatch, Resource, encode

REQUESTS = "http_server_request_duration_seconds"


def batch(time_s: float, samples: dict[str, float], *, host: str = "a", kind: str = "gauge") -> MetricsBatch:
    return MetricsBatch(
        batch_id="x",
        time_ms=int(time_s * 1000),
        source="test",
        resource=Resource(id=host),
        series=list(samples),
        units=["1"] * len(samples),
        kinds=[kind] * len(samples),  # type: ignore[list-item]  # a literal
        values=list(samples.values()),
    )


def test_gauges_of_several_types() -> None:
    found = Levels().of(
        batch(
            1,
            {
                "system.cpu.utilization": 0.5,
                'system.cpu.utilization{cpu="0"}': 0.9,
                'system.filesystem.utilization{system.device="a"}': 0.2,
                'system.filesystem.utilization{system.device="b"}': 0.7,
                "something.else": 1,
            },
        )
    )
    assert found == {"cpu": 0.5, "disk": 0.7}


def test_counters_become_rates_from_the_second_batch_on_by_line() -> None:
    levels = Levels()
    names = [
        f'system.network.io{{network.interface.name="e0",network.io.direction="{d}"}}' for d in ("receive", "transmit")
    ]
    assert levels.of(batch(10, dict.fromkeys(names, 100.0), kind="counter")) == {}
    found = levels.of(batch(20, {names[0]: 150.0, names[1]: 30.0}, kind="counter"))
    assert found["network"] == [
        {"labels": {"network.io.direction": "receive"}, "value": 5.0},
        {"labels": {"network.io.direction": "transmit"}, "value": 3.0},
    ]


def test_a_late_batch_changes_nothing() -> None:
    levels = Levels()
    name = f"{REQUESTS}_count"
    levels.of(batch(10, {name: 10}, kind="counter"))
    assert levels.of(batch(20, {name: 30}, kind="counter"))["throughput"] == 2.0
    assert levels.of(batch(15, {name: 20}, kind="counter")) == {}
    assert levels.of(batch(30, {name: 40}, kind="counter"))["throughput"] == 1.0


def test_ratios_of_one_scrape() -> None:
    levels = Levels()
    count, time = (
        f'{REQUESTS}_count{{http_response_status_code="500"}}',
        f'{REQUESTS}_sum{{http_response_status_code="500"}}',
    )
    levels.of(batch(10, {count: 0, time: 0}, kind="counter"))
    found = levels.of(batch(20, {count: 10, time: 5}, kind="counter"))
    assert found == {"response_time": 0.5, "throughput": 1.0, "error_rate": 1.0}


def test_the_better_source_keeps_the_word_for_some_minutes() -> None:
    levels = Levels()
    other = {"watchkeeper_active_users": 1.0}
    assert levels.of(batch(0, other)) == {"active_users": 1.0}
    assert levels.of(batch(10, {"app.users.active": 7})) == {"active_users": 7}
    assert levels.of(batch(20, other)) == {}
    assert levels.of(batch(20, other, host="b")) == {"active_users": 1.0}
    assert levels.of(batch(400, other)) == {"active_users": 1.0}


def test_what_is_remembered_is_bounded(monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "SERIES_MAX", 10)
    levels = Levels()
    for n in range(50):
        levels.of(batch(n, {f'{REQUESTS}_count{{n="{n}"}}': n}, kind="counter"))
    assert (len(levels._last), len(levels._parsed)) == (10, 10)


def test_a_series_that_breaks_the_grammar_is_left_out() -> None:
    assert Levels().of(batch(1, {"system.memory.utilization{": 1, "system.cpu.utilization": 1})) == {"cpu": 1}


@pytest.mark.parametrize(("readers", "expected"), [(0, 0), (10, 0.001), (2000, 0.2), (100_000, 0.25)])
def test_the_more_readers_the_more_goes_into_one_write(readers: int, expected: float) -> None:
    assert spacing_s(readers) == pytest.approx(expected)


def test_records_that_cannot_be_read_or_say_nothing_make_no_event() -> None:
    hub = Hub()
    values = [
        b"not json",
        None,
        encode(batch(1, {"something.else": 1})),
        encode(batch(2, {"system.cpu.utilization": 0.5})),
    ]
    records = [Received(0, offset, 0, b"a", value) for offset, value in enumerate(values)]
    found = events_of(hub, Levels(), records)
    assert [(event.host, event.time_ms, event.source, event.values) for event in found] == [
        ("a", 2_000, "test", {"cpu": 0.5})
    ]
