"""Floors, spans, cadence, portions."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.common.bus import Received
from watchkeeper.recorder.domain.arranging import Floors
from watchkeeper.recorder.domain.buckets import HOUR_MS, MINUTE_MS
from watchkeeper.recorder.domain.retention import Cadence, floors_of, portions, span_of

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
