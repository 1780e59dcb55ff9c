"""Floors, spans, cadence, portions."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.common.bus import Received
from watchkeeper.recorder.domain.arranging import Floors
from watchkeeper.recorder.domain.buckets import HOUR_MS, MINUTE_MS
from watchkeeper.recorder.domain.retention import HOLD_S, Cadence, Hold, base_of, floors_of, leaps, portions, span_of

KEPT = {"raw": timedelta(hours=48), "minute": timedelta(days=32), "hour": timedelta(days=396)}
WIDTHS = {"raw": timedelta(hours=6), "minute": timedelta(days=1), "hour": timedelta(days=30)}
DAY_MS = 24 * HOUR_MS


@given(st.integers(0, 253_402_300_799_999))
def test_a_floor_keeps_what_is_to_be_kept_and_at_most_a_partition_more(now_ms: int) -> None:
    """Floors fall on partitions' edges, never after the oldest kept moment."""
    for floor_ms, resolution in zip(floors_of(now_ms, KEPT, WIDTHS), ("raw", "minute", "hour"), strict=True):
        oldest_ms = now_ms - KEPT[resolution] // timedelta(milliseconds=1)
        width_ms = WIDTHS[resolution] // timedelta(milliseconds=1)
        assert floor_ms % width_ms == 0
        assert floor_ms <= max(oldest_ms, 0)
        assert floor_ms > oldest_ms - width_ms


NOW_MS = 1_790_000_000_000


@pytest.mark.parametrize(
    ("now_ms", "newest_ms", "base_ms"),
    [
        (NOW_MS, NOW_MS - 1_000, NOW_MS),  # all is well
        (NOW_MS, NOW_MS + 200_000, NOW_MS),  # a sender's clock is ahead
        (NOW_MS + 3650 * DAY_MS, NOW_MS, NOW_MS + 300_000),  # ours is, by ten years
        (NOW_MS, NOW_MS - 10 * DAY_MS, NOW_MS - 10 * DAY_MS + 300_000),  # nothing has arrived for ten days
        (NOW_MS - 365 * DAY_MS, NOW_MS, NOW_MS - 365 * DAY_MS),  # ours is behind: floors do not go down
        (NOW_MS, None, None),  # nothing has ever arrived
    ],
)
def test_floors_are_counted_from_now_but_not_far_past_the_newest_sample(
    now_ms: int, newest_ms: int | None, base_ms: int | None
) -> None:
    """A clock that is ahead drops nothing that is not past its time by the samples' own."""
    assert base_of(now_ms, newest_ms, 300) == base_ms


@pytest.mark.parametrize(
    ("later_ms", "expected"),
    [
        (0, []),
        (300_000, []),
        (DAY_MS, []),  # off for a day
        (-10 * DAY_MS, []),
        (10 * DAY_MS, ["raw", "minute"]),  # off for ten days
        (730 * DAY_MS, ["raw", "minute", "hour"]),  # or two years, by a clock that sender and recorder share
    ],
)
def test_a_floor_that_rises_by_far_more_than_a_partition_leaps(later_ms: int, expected: list[str]) -> None:
    """Counted from the floors in force."""
    in_force, wanted = (floors_of(at_ms, KEPT, WIDTHS) for at_ms in (NOW_MS, NOW_MS + later_ms))
    assert leaps(in_force, wanted, WIDTHS) == expected


def test_a_leap_waits_until_it_has_lasted() -> None:
    """What was a wrong clock is over by then; what was not goes on, an hour late."""
    hold = Hold()
    assert not hold.holds(0, leaping=False)
    assert hold.holds(100, leaping=True)
    assert hold.holds(100 + HOLD_S - 1, leaping=True)
    assert not hold.holds(200 + HOLD_S, leaping=False)
    assert hold.holds(300 + HOLD_S, leaping=True)
    assert not hold.holds(300 + 2 * HOLD_S, leaping=True)


def test_a_floor_in_force_above_the_due_one_bounds_the_span() -> None:
    """Retention that was shorter once leaves its floor."""
    span = span_of(1_000_000, Floors(0, 0, 500), Floors(0, 0, 400), 300)
    assert (span.from_ms, span.to_ms) == (500, 1_300_000)


def test_ended_buckets_are_always_due_and_open_ones_at_times() -> None:
    """At the first look open ones are taken, then every 15 s for minutes and every minute for hours."""
    cadence = Cadence()
    now_ms = 1_000 * DAY_MS + 90_500
    minute, hour = cadence.before(now_ms)
    assert minute > now_ms
    assert hour > now_ms
    assert cadence.before(now_ms + 5_000) == (1_000 * DAY_MS + MINUTE_MS, 1_000 * DAY_MS)
    minute, hour = cadence.before(now_ms + 15_000)
    assert minute > now_ms
    assert hour == 1_000 * DAY_MS
    assert cadence.before(now_ms + 60_000)[1] > now_ms


def test_a_clock_set_back_does_not_stop_open_rollups() -> None:
    """The distance counts, not its sign."""
    cadence = Cadence()
    cadence.before(10 * DAY_MS)
    assert cadence.before(9 * DAY_MS)[0] > 9 * DAY_MS


@given(st.lists(st.integers(0, 30), max_size=30), st.integers(1, 60))
def test_portions_keep_order_and_bound(sizes: list[int], bytes_max: int) -> None:
    """All records, in order; more than the bound only for a record that is larger by itself."""
    records = [Received(0, offset, 0, None, b"x" * size) for offset, size in enumerate(sizes)]
    found = portions(records, bytes_max)
    assert [record for portion in found for record in portion] == records
    for portion in found:
        assert portion
        assert len(portion) == 1 or sum(len(record.value or b"") for record in portion) <= bytes_max
