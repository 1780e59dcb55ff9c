"""Buckets against a plain oracle."""

from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.recorder.domain.buckets import HOUR_MS, MINUTE_MS, bucket_ms, gather

times = st.integers(0, 10 * MINUTE_MS)
rows = st.lists(st.tuples(st.integers(1, 3), times, st.integers(-1000, 1000).map(float)), max_size=40)


@given(st.integers(0, 253_402_300_799_999), st.sampled_from([MINUTE_MS, HOUR_MS]))
def test_a_bucket_begins_at_or_before_its_moment_and_is_aligned(time_ms: int, width_ms: int) -> None:
    """The start divides by the width, and the moment lies within the width after it."""
    start = bucket_ms(time_ms, width_ms)
    assert start % width_ms == 0
    assert start <= time_ms < start + width_ms


@given(rows)
def test_gather_agrees_with_sorting_and_summing(samples: list[tuple[int, int, float]]) -> None:
    """Each bucket holds what a list of its samples gives."""
    found = gather(samples, MINUTE_MS)
    oracle: dict[tuple[int, int], list[tuple[int, float]]] = {}
    for series_id, time_ms, value in samples:
        oracle.setdefault((series_id, time_ms // MINUTE_MS * MINUTE_MS), []).append((time_ms, value))
    assert found.keys() == oracle.keys()
    for key, its in oracle.items():
        values = [value for _, value in its]
        bucket = found[key]
        assert (bucket.min, bucket.max, bucket.count) == (min(values), max(values), len(values))
        assert bucket.sum == sum(values)
        newest = max(time_ms for time_ms, _ in its)
        assert bucket.last == [value for time_ms, value in its if time_ms == newest][-1]
