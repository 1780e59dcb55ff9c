"""The value of a type at an instant."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.api.metrics.evaluate import Newest, by_name, combined, grown, levels, rate, total
from watchkeeper.api.metrics.types import TYPES, Combine

REQUESTS = "http_server_request_duration_seconds"


def newest(name: str, value: float, before: float | None = None, **more: Any) -> Newest:
    ts_s = more.get("ts_s", 100.0)
    return Newest(
        name=name,
        labels=more.get("labels", {}),
        text=more.get("text", name),
        counter=more.get("counter", False),
        ts_s=ts_s,
        value=value,
        prev_ts_s=None if before is None else ts_s - 10,
        prev_value=before,
        interval_s=10.0,
    )


def value(type_: str, *samples: Newest, since_s: float = 0.0) -> float | None:
    found = levels(TYPES[type_], by_name(samples), since_s)
    return None if found is None else total(TYPES[type_], found.levels)


@pytest.mark.parametrize(
    ("type_", "samples", "expected"),
    [
        ("cpu", [newest("system.cpu.utilization", 0.5)], 0.5),
        ("cpu", [newest("system.cpu.utilization", 0.5, labels={"cpu": "0"})], None),
        ("disk", [newest("system.filesystem.utilization", v, labels={"d": str(v)}) for v in (0.2, 0.9, 0.4)], 0.9),
        ("connections", [newest("postgresql.backends", v, labels={"db": str(v)}) for v in (2, 3)], 5),
        ("query_time", [newest("watchkeeper.postgresql.query.mean_time", v) for v in (0.2, 0.4)], pytest.approx(0.3)),
        ("throughput", [newest(f"{REQUESTS}_count", 30, 10, counter=True)], 2.0),
        ("throughput", [newest(f"{REQUESTS}_count", 30, counter=True)], None),
        ("throughput", [newest("http.server.requests", 7)], 7),
        ("throughput", [newest("http.server.requests", 70, 20, counter=True)], 5.0),
        ("response_time", [newest(f"{REQUESTS}_sum", 9, 4), newest(f"{REQUESTS}_count", 30, 10)], 0.25),
        ("response_time", [newest(f"{REQUESTS}_sum", 4, 4), newest(f"{REQUESTS}_count", 10, 10)], None),
        ("error_rate", [newest(f"{REQUESTS}_count", 30, 10, labels={"http_response_status_code": "200"})], 0.0),
        (
            "error_rate",
            [
                newest(f"{REQUESTS}_count", 30, 10, labels={"http_response_status_code": "200"}),
                newest(f"{REQUESTS}_count", 5, 0, labels={"http_response_status_code": "503"}),
            ],
            0.2,
        ),
        ("threats", [newest("security.threats.blocked", 9, 4, counter=True)], 5),
        ("threats", [newest("security.threats.blocked", 3, 4, counter=True)], 3),
        ("load", [], None),
    ],
)
def test_values(type_: str, samples: list[Newest], expected: float | None) -> None:
    assert value(type_, *samples) == expected


def test_a_source_without_recent_samples_yields_to_the_next_but_is_better_than_nothing() -> None:
    old = newest("app.users.active", 7, ts_s=50)
    new = newest("watchkeeper_active_users", 1, ts_s=100)
    assert value("active_users", old, new) == 7
    assert value("active_users", old, new, since_s=60) == 1
    assert value("active_users", old, since_s=60) == 7


USERS = "app.users.active"


@pytest.mark.parametrize(
    ("type_", "samples", "expected"),
    [
        ("active_users", [newest(USERS, 40, ts_s=0), newest(USERS, 50, ts_s=7200), newest(USERS, 50, ts_s=7193)], 100),
        ("active_users", [newest(USERS, 40, ts_s=6900), newest(USERS, 50, ts_s=7200)], 90),
        ("active_users", [newest(USERS, 40, ts_s=0), newest(USERS, 50, ts_s=7200)._replace(interval_s=9e9)], 50),
        ("active_users", [newest(USERS, 40, ts_s=0)._replace(interval_s=3600), newest(USERS, 5, ts_s=7200)], 45),
        ("active_users", [newest(USERS, 40, ts_s=0), newest(USERS, 50, ts_s=7)], 90),
        (
            "disk",
            [
                newest("system.filesystem.utilization", 0.99, ts_s=0, labels={"d": "usb"}),
                newest("system.filesystem.utilization", 0.3, ts_s=7200, labels={"d": "sda"}),
            ],
            0.3,
        ),
        (
            "response_time",
            [
                newest(f"{REQUESTS}_sum", 900, 0, ts_s=0),
                newest(f"{REQUESTS}_count", 900, 0, ts_s=0),
                newest(f"{REQUESTS}_sum", 9, 4, ts_s=7200),
                newest(f"{REQUESTS}_count", 30, 10, ts_s=7200),
            ],
            0.25,
        ),
        (
            "throughput",
            [
                newest(f"{REQUESTS}_count", 900, 0, ts_s=0, counter=True),
                newest(f"{REQUESTS}_count", 30, 10, ts_s=7200, counter=True),
            ],
            2.0,
        ),
    ],
    ids=["instance", "at-the-limit", "others-pace", "its-pace", "all-are-new", "disk", "ratio", "rate"],
)
def test_a_series_that_is_gone_counts_no_more_where_others_still_come(
    type_: str, samples: list[Newest], expected: float
) -> None:
    assert value(type_, *samples) == expected


def test_one_series_is_named_by_its_text_several_by_their_name() -> None:
    one = newest("postgresql.backends", 1, text='postgresql.backends{db="a"}', labels={"db": "a"})
    two = newest("postgresql.backends", 1, text='postgresql.backends{db="b"}', labels={"db": "b"})
    for samples, expected in (([one], one.text), ([one, two], "postgresql.backends")):
        found = levels(TYPES["connections"], by_name(samples))
        assert found is not None
        assert [level.series for level in found.levels] == [expected]


@given(st.lists(st.floats(0, 1e9), min_size=2, max_size=20))
def test_growth_adds_up_to_what_a_counter_counted(shown: list[float]) -> None:
    """Against an oracle: what is shown after a fall was counted from 0."""
    counted = sum(after - before if after >= before else after for before, after in itertools.pairwise(shown))
    found = [grown(newest("c", after, before, counter=True)) for before, after in itertools.pairwise(shown)]
    assert sum(one or 0.0 for one in found) == pytest.approx(counted)
    assert all(one is not None and one >= 0 for one in found)


def test_a_rate_needs_two_samples_at_different_times() -> None:
    assert rate(newest("c", 5, 3, counter=True)) == pytest.approx(0.2)
    assert rate(newest("c", 5, counter=True)) is None
    assert rate(newest("c", 5, 3, counter=True)._replace(prev_ts_s=100.0)) is None


@pytest.mark.parametrize(
    ("how", "expected"), [(Combine.MAX, 3), (Combine.SUM, 6), (Combine.MEAN, 2)], ids=["max", "sum", "mean"]
)
def test_combine(how: Combine, expected: float) -> None:
    assert (combined(how, [1, 2, 3]), combined(how, [])) == (expected, None)
