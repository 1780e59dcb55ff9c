"""The rules of the health report."""

import pytest

from watchkeeper.api.health.report import (
    FINE,
    Board,
    Disk,
    Finding,
    Part,
    Status,
    is_short,
    lag_of,
    of_latency,
    of_readiness,
    of_spools,
    overall,
    uptime_text,
    worst,
)

OK, DEGRADED, DOWN, UNKNOWN = Status.OK, Status.DEGRADED, Status.DOWN, Status.UNKNOWN
ROOM = Disk(50 * 10**9, 100 * 10**9)


def part(name: str, status: Status) -> Part:
    return Part(name, "service", Finding(status), 0)


@pytest.mark.parametrize(
    ("parts", "delay_s", "disk", "expected"),
    [
        ({"database": OK, "kafka": OK, "recorder": OK}, 3.0, ROOM, OK),
        ({"database": OK}, None, None, OK),
        ({}, None, None, DEGRADED),
        ({"api": OK}, None, None, DEGRADED),
        ({"api": OK, "database": OK}, None, None, OK),
        ({"database": DOWN, "kafka": OK}, None, None, DOWN),
        ({"database": OK, "kafka": DOWN}, 3.0, ROOM, DEGRADED),
        ({"database": OK, "recorder": UNKNOWN}, 3.0, ROOM, DEGRADED),
        ({"database": OK, "recorder": DEGRADED}, 3.0, ROOM, DEGRADED),
        ({"database": UNKNOWN}, None, None, DEGRADED),
        ({"database": OK}, 60.0, ROOM, OK),
        ({"database": OK}, 60.1, ROOM, DEGRADED),
        ({"database": OK}, 3.0, Disk(10**8, 10**9), DEGRADED),
    ],
)
def test_overall(parts: dict[str, Status], delay_s: float | None, disk: Disk | None, expected: Status) -> None:
    assert overall([part(name, status) for name, status in parts.items()], delay_s, disk) is expected


@pytest.mark.parametrize(
    ("free", "total", "expected"),
    [
        (10**9, 10 * 10**9, False),
        (10**9 - 1, 10 * 10**9, True),
        (49 * 10**9, 10**12, True),
        (50 * 10**9, 10**12, False),
    ],
)
def test_a_disk_is_short_below_1_gb_or_5_percent(free: int, total: int, expected: bool) -> None:  # noqa: FBT001 - a table's column
    assert is_short(Disk(free, total)) is expected


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (
            {"parts": {"a": {"ok": True, "detail": "3 wait"}, "k": {"ok": False, "detail": "away"}, "d": {"ok": True}}},
            "k: away; a: 3 wait",
        ),
        ({"parts": {"k": {"ok": False, "detail": ""}}}, "k not ready"),
        ({"parts": {}}, "not ready"),
        ({"parts": ["strange"]}, "not ready"),
        ({"parts": {"k": "strange"}}, "not ready"),
        (None, "not ready"),
    ],
)
def test_a_service_that_is_not_ready_says_why(body: object, detail: str) -> None:
    assert of_readiness(False, body, 0.1) == Finding(DEGRADED, detail, 0.1)  # noqa: FBT003 - an answer's status


def test_a_ready_service_is_fine() -> None:
    assert of_readiness(True, {"parts": {}}, 0.1) == Finding(OK, "", 0.1)  # noqa: FBT003 - an answer's status


def test_an_engine_that_answers_slowly_is_degraded() -> None:
    assert (of_latency("Kafka", 0.9).status, of_latency("Kafka", 1.1).status) == (OK, DEGRADED)


@pytest.mark.parametrize(
    ("up_s", "expected"),
    [
        (59, "up 0 min"),
        (3599, "up 59 min"),
        (3600, "up 1 h 0 min"),
        (86_399, "up 23 h 59 min"),
        (90_000, "up 1 d 1 h"),
    ],
)
def test_uptime_in_two_units(up_s: float, expected: str) -> None:
    assert uptime_text(up_s) == expected


def test_lag_counts_what_is_not_stored_over_all_partitions() -> None:
    assert lag_of({0: 10, 1: 5, 2: 7}, {0: 8, 1: 9}) == 2 + 0 + 7


def test_spools_are_named_with_their_sizes() -> None:
    assert of_spools([]) is FINE
    assert of_spools([("a", 0)]) is FINE
    found = of_spools([(f"h{n}", 2e6) for n in range(7)])
    assert found.status is DEGRADED
    assert "h0 (2.0 MB)" in found.detail
    assert found.detail.endswith("and 2 more")


def test_the_worse_of_two_findings_with_both_details() -> None:
    assert worst(Finding(OK, "", 0.1), Finding(DEGRADED, "spool")) == Finding(DEGRADED, "spool", 0.1)
    assert worst(Finding(DOWN, "gone"), Finding(DEGRADED, "spool")).detail == "gone; spool"


def test_since_stays_while_the_status_does() -> None:
    board = Board()
    for now_ms, status in ((1_000, OK), (2_000, OK), (3_000, DOWN), (4_000, DOWN), (5_000, OK)):
        board.put("kafka", "engine", Finding(status, str(now_ms)), now_ms)
        since = board.parts["kafka"].since_ms
        assert since == {1_000: 1_000, 2_000: 1_000, 3_000: 3_000, 4_000: 3_000, 5_000: 5_000}[now_ms]
    assert board.told(6_000)["parts"][0]["since"] == "1970-01-01T00:00:05Z"


def test_delay_is_the_age_of_the_newest_sample() -> None:
    board = Board(newest_ms=1_000)
    assert (board.delay_s(3_500), board.delay_s(500), Board().delay_s(1)) == (2.5, 0.0, None)
