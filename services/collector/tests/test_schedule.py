"""When a source is due."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.collector.schedule import next_due_s, offset_s

INTERVALS = st.floats(1, 86400)
NOW = st.floats(1e9, 4e9)


@pytest.mark.parametrize(
    ("now_s", "last_s", "interval_s", "offset", "due_s"),
    [
        pytest.param(1000.0, None, 10, 0, 1010, id="an aligned instant that is now has passed"),
        pytest.param(1003.2, None, 10, 0, 1010, id="the next aligned instant"),
        pytest.param(1003.2, None, 10, 0.5, 1010.5, id="with the host's offset"),
        pytest.param(1010.2, None, 10, 0.5, 1010.5, id="the offset itself lies ahead"),
        pytest.param(1009.9998, 1010, 10, 0, 1020, id="a timer that fired early is not due again"),
        pytest.param(1057.0, 1010, 10, 0, 1060, id="a late wake-up skips what it missed"),
        pytest.param(500.0, 1010, 10, 0, 510, id="a clock set back starts over"),
    ],
)
def test_the_next_instant(now_s: float, last_s: float | None, interval_s: float, offset: float, due_s: float) -> None:
    """The instant after now that the clock and the offset give."""
    assert next_due_s(now_s, last_s, interval_s, offset) == pytest.approx(due_s)


@given(NOW, INTERVALS, st.floats(0, 1))
def test_due_lies_ahead_by_an_interval_at_most(now_s: float, interval_s: float, share: float) -> None:
    """Never in the past, never further off than one interval, always past a multiple by the offset."""
    offset = share * interval_s / 2
    due_s = next_due_s(now_s, None, interval_s, offset)
    assert now_s < due_s <= now_s + interval_s + 1e-3
    turns = (due_s - offset) / interval_s
    assert abs(turns - round(turns)) * interval_s < 1e-3


@given(NOW, INTERVALS, st.lists(st.floats(0, 3), max_size=20))
def test_no_instant_comes_twice(start_s: float, interval_s: float, delays: list[float]) -> None:
    """However late each wake-up is (in intervals), the instants grow, and none is closer than an interval."""
    now_s, due_s = start_s, next_due_s(start_s, None, interval_s, 0)
    for delay in delays:
        now_s = due_s + delay * interval_s
        following = next_due_s(now_s, due_s, interval_s, 0)
        assert following >= due_s + interval_s * 0.999
        due_s = following


@given(st.text(min_size=1), st.sampled_from(["cpu", "http_probe/shop"]), st.floats(0, 60), st.floats(1, 3600))
def test_an_offset_is_the_hosts_own(host: str, label: str, jitter_s: float, interval_s: float) -> None:
    """The same every time, within the jitter and half the interval."""
    found = offset_s(host, label, jitter_s, interval_s)
    assert found == offset_s(host, label, jitter_s, interval_s)
    assert 0 <= found <= min(jitter_s, interval_s / 2)


def test_offsets_spread_the_fleet_and_keep_a_host_together() -> None:
    """A thousand hosts fill the second evenly; the sources of one lie within a tenth of it."""
    spread = sorted(offset_s(f"host-{number}", "cpu", 1, 10) for number in range(1000))
    assert max(after - before for before, after in itertools.pairwise(spread)) < 0.02
    one = [offset_s("host-1", label, 1, 10) for label in ("cpu", "memory", "disk", "network", "load")]
    assert max(one) - min(one) < 0.1
    assert len(set(one)) == 5
