"""Milliseconds and datetimes are two writings of one instant."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.common.clock import SystemClock, from_ms, to_ms


@given(st.integers(0, 253_402_300_799_999))
def test_milliseconds_survive_the_way_through_a_datetime(time_ms: int) -> None:
    assert to_ms(from_ms(time_ms)) == time_ms


def test_the_zone_does_not_change_the_instant() -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert to_ms(noon.astimezone(timezone(timedelta(hours=5, minutes=45)))) == to_ms(noon) == 1_767_268_800_000


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        to_ms(datetime(2026, 1, 1, 12))  # noqa: DTZ001 - that is the point


def test_the_system_clock_tells_this_time() -> None:
    clock = SystemClock()
    before = datetime.now(UTC)
    assert to_ms(before) - 1 <= clock.now_ms() <= to_ms(datetime.now(UTC)) + 1
    assert clock.monotonic_s() <= clock.monotonic_s()
