"""History read from a real database: exact values on every resolution."""

import json
from typing import Any

import pytest

from watchkeeper.api.metrics import history as module
from watchkeeper.api.metrics.history import Query, history
from watchkeeper.api.metrics.resolution import Aggregate
from watchkeeper.api.metrics.spans import Span
from watchkeeper.api.problems import Problem
from watchkeeper.common.store import Store

pytestmark = pytest.mark.store

HOUR = 3600
NOW = 1_790_000_000 // HOUR * HOUR + 1805.0
"""Half past some hour, and five seconds."""


async def ask(store: Store, type_: str, length_s: float, step_s: int, **more: Any) -> Any:
    end_s = more.pop("to_s", NOW)
    agg = Aggregate(more.pop("agg", "avg"))
    query = Query(type_, Span(end_s - length_s, end_s), step_s, agg, **more)
    async with store.connection() as connection:
        return json.loads(await history(connection, query, NOW))


def every(step_s: int, start_s: float, end_s: float) -> list[float]:
    return [start_s + k * step_s for k in range(int((end_s - start_s) // step_s) + 1)]


async def test_raw_samples_come_back_as_they_are(store: Store, seed: Any) -> None:
    times = every(10, NOW - 605, NOW - 5)
    await seed.series("a", "system.cpu.utilization", [(t, t % 97) for t in times])
    answer = await ask(store, "cpu", 600, 10, to_s=NOW - 5)
    assert answer["resolution"] == "raw"
    assert answer["times_s"] == [int(t) for t in times[:-1]]
    (line,) = answer["lines"]
    assert line["values"] == line["min"] == line["max"] == [t % 97 for t in times[:-1]]
    assert (line["host"], line["name"], line["labels"], answer["unit"]) == ("a", "name of a", {}, "1")


async def test_a_gap_is_null_and_never_bridged(store: Store, seed: Any) -> None:
    times = [t for t in every(10, NOW - 605, NOW - 5) if not NOW - 405 <= t < NOW - 305]
    await seed.series("a", "system.cpu.utilization", [(t, 1) for t in times])
    answer = await ask(store, "cpu", 600, 10, to_s=NOW - 5)
    assert [v is None for v in answer["lines"][0]["values"]] == [20 <= k < 30 for k in range(60)]


async def test_minutes_come_from_rollups_and_the_last_ones_from_samples(store: Store, seed: Any) -> None:
    times = every(10, NOW - 7205, NOW - 5)
    await seed.series("a", "system.cpu.utilization", [(t, t % 61) for t in times])
    await seed.roll_up(NOW - 120)
    await seed.forget_raw(NOW - 3600)
    answer = await ask(store, "cpu", 7200, 60)
    assert answer["resolution"] == "minute"
    (line,) = answer["lines"]
    for at, value, low, high in zip(answer["times_s"], line["values"], line["min"], line["max"], strict=True):
        within = [t % 61 for t in times if at <= t < at + 60]
        assert (value, low, high) == (pytest.approx(sum(within) / len(within)), min(within), max(within))


@pytest.mark.parametrize("step_s", [HOUR, 2 * HOUR, 24 * HOUR])
async def test_hours_end_with_the_last_minute(store: Store, seed: Any, step_s: int) -> None:
    times = every(60, NOW - 60 * HOUR - 5, NOW - 5)
    await seed.series("a", "system.cpu.utilization", [(t, t % 61) for t in times], interval_s=60)
    await seed.roll_up(NOW - 120)
    answer = await ask(store, "cpu", 60 * HOUR, step_s)
    assert answer["resolution"] == "hour"
    (line,) = answer["lines"]
    for at, value, high in zip(answer["times_s"], line["values"], line["max"], strict=True):
        within = [t % 61 for t in times if at <= t < at + step_s]
        assert (value, high) == (pytest.approx(sum(within) / len(within)), max(within))


@pytest.mark.parametrize(
    ("agg", "expected"), [("avg", 4.5), ("min", 0.0), ("max", 9.0), ("p95", 8.55)], ids=["avg", "min", "max", "p95"]
)
async def test_aggregates_of_raw_samples_are_exact(store: Store, seed: Any, agg: str, expected: float) -> None:
    start_s = NOW // 300 * 300 - 300
    await seed.series("a", "system.cpu.utilization", [(start_s + 10 * k, k % 10) for k in range(30)])
    answer = await ask(store, "cpu", 300, 100, to_s=start_s + 300, agg=agg)
    assert answer["lines"][0]["values"] == [pytest.approx(expected)] * 3


@pytest.mark.parametrize("step_s", [60, 300, 3600])
@pytest.mark.parametrize("agg", ["avg", "min", "max", "p95"])
async def test_aggregates_of_rollups(store: Store, seed: Any, step_s: int, agg: str) -> None:
    """Lowest and highest are exact; p95 is that of minutes' averages, between two of them by rank."""
    start_s = NOW // HOUR * HOUR - 3 * HOUR
    samples = [(start_s + 20 * k, float(k * k % 101)) for k in range(540)]
    await seed.series("a", "system.cpu.utilization", samples)
    await seed.roll_up(NOW)
    await seed.forget_raw(NOW - 60)
    answer = await ask(store, "cpu", 3 * HOUR, step_s, to_s=start_s + 3 * HOUR, agg=agg)
    assert answer["resolution"] == "minute"
    for at, found in zip(answer["times_s"], answer["lines"][0]["values"], strict=True):
        within = [(t, v) for t, v in samples if at <= t < at + step_s]
        averages = sorted(
            sum(v for t, v in within if minute <= t < minute + 60) / 3 for minute in range(at, at + step_s, 60)
        )
        rank = 0.95 * (len(averages) - 1)
        low = averages[int(rank)]
        expected = {
            "avg": sum(v for _, v in within) / len(within),
            "min": min(v for _, v in within),
            "max": max(v for _, v in within),
            "p95": low + (averages[min(int(rank) + 1, len(averages) - 1)] - low) * (rank - int(rank)),
        }[agg]
        assert found == pytest.approx(expected)


@pytest.mark.parametrize("agg", ["avg", "min", "max", "p95"])
async def test_a_steady_ratio_is_the_same_by_every_aggregate(store: Store, seed: Any, agg: str) -> None:
    times = every(10, NOW - 7205, NOW - 5)
    name = "http_server_request_duration_seconds"
    await seed.series("a", f"{name}_count", [(t, 2 * (t - times[0])) for t in times], kind="counter")
    await seed.series("a", f"{name}_sum", [(t, t - times[0]) for t in times], kind="counter")
    await seed.roll_up(NOW - 120)
    for step_s in (10, 600):
        answer = await ask(store, "response_time", 3600, step_s, to_s=NOW - 5, agg=agg)
        line = answer["lines"][0]
        assert line["values"] == line["min"] == line["max"] == [pytest.approx(0.5)] * len(answer["times_s"])


async def test_an_answer_that_would_be_too_large_is_refused(
    store: Store, seed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for host in "abc":
        await seed.series(host, "system.cpu.utilization", [(NOW - 20, 1), (NOW - 10, 1)])
    monkeypatch.setattr(module, "VALUES_MAX", 100)
    with pytest.raises(Problem) as caught:
        await ask(store, "cpu", 3000, 60)
    assert caught.value.errors[0].field == "points"
    assert "at most 100; ask for at most 33 points" in caught.value.errors[0].detail
    monkeypatch.setattr(module, "SERIES_MAX", 2)
    with pytest.raises(Problem) as caught:
        await ask(store, "cpu", 300, 60)
    assert caught.value.errors[0].field == "host"


async def test_the_fullest_file_system_stands_for_the_disk(store: Store, seed: Any) -> None:
    times = every(10, NOW - 605, NOW - 5)
    for device, value in (("sda", 0.5), ("sdb", 0.9)):
        labels = {"system.device": device}
        await seed.series("a", "system.filesystem.utilization", [(t, value) for t in times], labels=labels)
    for step_s in (10, 60):
        await seed.roll_up(NOW - 120)
        answer = await ask(store, "disk", 300, step_s)
        (line,) = answer["lines"]
        assert set(line["values"]) <= {0.9, None}
        assert line["values"].count(0.9) >= len(line["values"]) - 1


async def test_counters_become_rates_by_direction_over_all_interfaces(store: Store, seed: Any) -> None:
    times = every(10, NOW - 7205, NOW - 5)
    for interface, direction, rate in (("e0", "receive", 3), ("e1", "receive", 4), ("e0", "transmit", 10)):
        labels = {"network.interface.name": interface, "network.io.direction": direction}
        await seed.series(
            "a",
            "system.network.io",
            [(t, rate * (t - times[0])) for t in times],
            labels=labels,
            unit="By",
            kind="counter",
        )
    await seed.roll_up(NOW - 120)
    for step_s, resolution in ((10, "raw"), (60, "minute"), (300, "minute")):
        answer = await ask(store, "network", 3600, step_s, to_s=NOW - 5)
        assert (answer["resolution"], answer["unit"]) == (resolution, "By/s")
        found = {line["labels"]["network.io.direction"]: line["values"] for line in answer["lines"]}
        assert found["receive"] == [pytest.approx(7)] * len(answer["times_s"])
        assert found["transmit"] == [pytest.approx(10)] * len(answer["times_s"])


async def test_a_counter_that_begins_again_counts_what_it_shows(store: Store, seed: Any) -> None:
    start_s = NOW // 60 * 60 - 120
    values = [100, 110, 120, 5, 15, 25, 35]
    samples = [(start_s + 10 * k, value) for k, value in enumerate(values)]
    await seed.series("a", "my.counter", samples, kind="counter", unit="By")
    answer = await ask(store, "my.counter", 60, 10, to_s=start_s + 70)
    assert answer["lines"][0]["values"] == [1.0, 1.0, 0.5, 1.0, 1.0, 1.0]


async def test_no_rate_is_told_across_a_pause(store: Store, seed: Any) -> None:
    start_s = NOW // 600 * 600 - 600
    times = [start_s + 10 * k for k in range(60) if not 20 <= k < 40]
    await seed.series("a", "my.counter", [(t, t - start_s) for t in times], kind="counter")
    answer = await ask(store, "my.counter", 600, 10, to_s=start_s + 600)
    gaps = [v is None for v in answer["lines"][0]["values"]]
    assert gaps == [k == 0 or 20 <= k <= 40 for k in range(60)]


async def test_response_time_is_time_spent_over_requests(store: Store, seed: Any) -> None:
    times = every(10, NOW - 7205, NOW - 5)
    name = "http_server_request_duration_seconds"
    for route, rate, each_s in (("/a", 1, 0.1), ("/b", 3, 0.3)):
        labels = {"http_route": route, "http_response_status_code": "200" if route == "/a" else "503"}
        grown = [(t, t - times[0]) for t in times]
        await seed.series("a", f"{name}_count", [(t, rate * g) for t, g in grown], labels=labels, kind="counter")
        await seed.series("a", f"{name}_sum", [(t, rate * g * each_s) for t, g in grown], labels=labels, kind="counter")
    await seed.roll_up(NOW - 120)
    for step_s in (10, 60, 600):
        for type_, expected in (("response_time", 0.25), ("error_rate", 0.75), ("throughput", 4.0)):
            answer = await ask(store, type_, 3600, step_s, to_s=NOW - 5)
            assert answer["lines"][0]["values"] == [pytest.approx(expected)] * len(answer["times_s"]), (type_, step_s)


async def test_requests_that_stop_leave_a_gap_in_their_ratio(store: Store, seed: Any) -> None:
    times = every(10, NOW - 605, NOW - 5)
    name = "http_server_request_duration_seconds"
    await seed.series("a", f"{name}_count", [(t, 5) for t in times], kind="counter")
    await seed.series("a", f"{name}_sum", [(t, 1) for t in times], kind="counter")
    answer = await ask(store, "response_time", 300, 10)
    assert set(answer["lines"][0]["values"]) == {None}


async def test_threats_are_counted_within_each_step(store: Store, seed: Any) -> None:
    start_s = NOW // HOUR * HOUR - 2 * HOUR
    times = every(10, start_s, NOW)
    samples = [(t, int(t - start_s) // 60) for t in times]
    await seed.series("a", "security.threats.blocked", samples, kind="counter", unit="{threat}")
    await seed.roll_up(NOW - 120)
    for step_s in (600, HOUR):
        to_s = NOW // 60 * 60
        answer = await ask(store, "threats", to_s - start_s, step_s, to_s=to_s)
        values = answer["lines"][0]["values"]
        assert sum(values) == (to_s - 10 - start_s) // 60
        assert values[1] == step_s / 60


async def test_the_first_source_with_data_wins_for_each_host(store: Store, seed: Any) -> None:
    times = every(10, NOW - 605, NOW - 5)
    await seed.series("a", "app.users.active", [(t, 7) for t in times])
    await seed.series("a", "watchkeeper_active_users", [(t, 1) for t in times])
    await seed.series("b", "watchkeeper_active_users", [(t, 2) for t in times])
    await seed.series("b", "app.users.active", [(t - 90_000, 9) for t in times])
    await seed.roll_up(NOW)
    answer = await ask(store, "active_users", 300, 60)
    assert [(line["host"], line["values"][2]) for line in answer["lines"]] == [("a", 7), ("b", 2)]


async def test_hosts_narrow_and_an_unknown_one_is_named(store: Store, seed: Any) -> None:
    for host in "abc":
        await seed.series(host, "system.cpu.utilization", [(NOW - 20, 1), (NOW - 10, 1)])
    answer = await ask(store, "cpu", 300, 60, hosts=("a", "c"))
    assert [line["host"] for line in answer["lines"]] == ["a", "c"]
    with pytest.raises(Problem) as caught:
        await ask(store, "cpu", 300, 60, hosts=("a", "nobody"))
    assert (caught.value.status_code, caught.value.errors[0].field) == (404, "host")


async def test_a_series_name_draws_all_its_label_sets_narrowed_by_labels(store: Store, seed: Any) -> None:
    for core in range(51):
        labels = {"cpu": str(core), "odd": str(core % 2)}
        await seed.series("a", "core.use", [(NOW - 20, core), (NOW - 10, core)], labels=labels, unit="s")
    with pytest.raises(Problem) as caught:
        await ask(store, "core.use", 300, 60)
    assert caught.value.status_code == 422
    assert "51 series match" in caught.value.errors[0].detail
    answer = await ask(store, "core.use", 300, 60, labels=(("odd", "1"),))
    assert (len(answer["lines"]), answer["unit"]) == (25, "s")


@pytest.mark.parametrize(
    ("type_", "status"), [("no.such.series", 404), ("not a name", 422)], ids=["unknown", "malformed"]
)
async def test_a_name_that_is_nothing_is_refused(store: Store, type_: str, status: int) -> None:
    with pytest.raises(Problem) as caught:
        await ask(store, type_, 300, 60)
    assert (caught.value.status_code, caught.value.errors[0].field) == (status, "type")


async def test_a_slow_series_stands_until_its_next_sample_on_a_fine_grid(store: Store, seed: Any) -> None:
    start_s = NOW // 600 * 600 - 600
    times = [start_s + 30 * k for k in range(20) if k not in {8, 9, 10}]
    await seed.series("a", "system.cpu.utilization", [(t, t) for t in times], interval_s=30)
    answer = await ask(store, "cpu", 600, 10, to_s=start_s + 600)
    values = answer["lines"][0]["values"]
    assert values[:6] == [start_s] * 3 + [start_s + 30] * 3
    assert [k for k, v in enumerate(values) if v is None] == list(range(26, 33))


@pytest.mark.parametrize(("pace_s", "step_s"), [(15, 10), (15, 15), (15, 5), (90, 60), (90, 30), (15, 60), (15, 300)])
async def test_a_sum_of_series_that_come_at_different_instants_has_all_of_them_in_each_step(
    store: Store, seed: Any, pace_s: int, step_s: int
) -> None:
    """Two instances push every ``pace_s`` seconds, half an interval apart."""
    for instance, after_s in (("a", 0), ("b", pace_s // 2)):
        samples = [(t + after_s, 50) for t in every(pace_s, NOW - 7200, NOW - 5)]
        await seed.series("p", "app.users.active", samples, labels={"instance": instance}, interval_s=pace_s)
    await seed.roll_up(NOW - 120)
    answer = await ask(store, "active_users", 3600, step_s, to_s=NOW - 5)
    assert set(answer["lines"][0]["values"]) == {100}


@pytest.mark.parametrize("step_s", [10, 60])
async def test_an_instance_that_ends_stands_1_5_intervals_in_a_sum_and_no_longer(
    store: Store, seed: Any, step_s: int
) -> None:
    start_s = NOW // HOUR * HOUR - HOUR
    for instance, end_s in (("a", start_s + HOUR), ("b", start_s + 1800)):
        samples = [(t, 50) for t in every(60, start_s, end_s - 60)]
        await seed.series("p", "app.users.active", samples, labels={"instance": instance}, interval_s=60)
    await seed.roll_up(NOW - 120)
    answer = await ask(store, "active_users", HOUR, step_s, to_s=start_s + HOUR)
    stands = 1740 // step_s + 90 // step_s + 1  # its last value is of the step or bucket at 1740 s
    assert answer["lines"][0]["values"] == [100 if k < stands else 50 for k in range(HOUR // step_s)]


async def test_rates_of_series_that_come_at_different_instants_add_up_in_each_step(store: Store, seed: Any) -> None:
    for interface, after_s in (("e0", 0), ("e1", 7)):
        labels = {"network.interface.name": interface, "network.io.direction": "receive"}
        samples = [(t + after_s, 5 * (t + after_s)) for t in every(15, NOW - 900, NOW - 5)]
        await seed.series("a", "system.network.io", samples, labels=labels, kind="counter", interval_s=15)
    answer = await ask(store, "network", 600, 10)
    assert answer["lines"][0]["values"] == [pytest.approx(10)] * len(answer["times_s"])


@pytest.mark.parametrize("step_s", [60, HOUR])
async def test_growth_in_a_counters_first_bucket_counts_but_not_what_it_counted_before(
    store: Store, seed: Any, step_s: int
) -> None:
    start_s = NOW // HOUR * HOUR - 60 * HOUR
    times = every(10, start_s + 20, start_s + 2 * HOUR - 10)
    samples = [(t, 1_000_000 + t - times[0]) for t in times]
    await seed.series("a", "security.threats.blocked", samples, kind="counter")
    await seed.series("a", "my.counter", samples, kind="counter")
    await seed.roll_up(NOW)
    answer = await ask(store, "threats", 2 * HOUR, step_s, to_s=start_s + 2 * HOUR)
    assert answer["resolution"] == ("minute" if step_s == 60 else "hour")
    assert sum(answer["lines"][0]["values"]) == times[-1] - times[0]
    answer = await ask(store, "my.counter", 2 * HOUR, step_s, to_s=start_s + 2 * HOUR)
    assert answer["lines"][0]["values"] == [pytest.approx(1)] * (2 * HOUR // step_s)


@pytest.mark.parametrize("step_s", [60, HOUR])
async def test_nothing_after_the_end_is_told(store: Store, seed: Any, step_s: int) -> None:
    """The end cuts off an hour and a minute: 1 until then, 100 after it."""
    end_s = NOW // HOUR * HOUR - 10 * HOUR + 1830
    times = every(10, NOW - 60 * HOUR - 5, NOW - 5)
    await seed.series("a", "system.cpu.utilization", [(t, 1 if t < end_s else 100) for t in times])
    await seed.roll_up(NOW)
    answer = await ask(store, "cpu", 40 * HOUR, step_s, to_s=end_s)
    (line,) = answer["lines"]
    assert set(line["values"]) == set(line["max"]) == {1}


@pytest.mark.parametrize("hours_ago", [3, 60])
async def test_a_source_that_began_after_the_span_does_not_win_it(store: Store, seed: Any, hours_ago: int) -> None:
    end_s = NOW // HOUR * HOUR - hours_ago * HOUR
    await seed.series("a", "app.users.active", [(t, 7) for t in every(10, end_s + 1800, end_s + 2400)])
    await seed.series("a", "watchkeeper_active_users", [(t, 1) for t in every(10, end_s - HOUR, end_s + 2400)])
    await seed.roll_up(NOW - 120)
    if hours_ago > 48:
        await seed.forget_raw(NOW)
    for step_s in (60, HOUR):
        answer = await ask(store, "active_users", HOUR, step_s, to_s=end_s)
        assert set(answer["lines"][0]["values"]) == {1}
        answer = await ask(store, "active_users", HOUR, step_s, to_s=end_s + HOUR)
        assert set(answer["lines"][0]["values"]) - {None} == {7}
