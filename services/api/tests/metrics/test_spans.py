"""Spans and steps as requests write them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.api.metrics.spans import (
    SECONDS,
    SPAN_MAX_S,
    Asked,
    BadSpanError,
    Span,
    parse_length,
    parse_span,
    parse_time,
    step_for,
)

NOW = 1_795_557_240.5


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (Asked(), Span(NOW - 3600, NOW)),
        (Asked(range="24h"), Span(NOW - 86_400, NOW)),
        (Asked(range="2w"), Span(NOW - 14 * 86_400, NOW)),
        (Asked(range="1h", to="1000000"), Span(996_400, 1_000_000)),
        (Asked(from_="1000000", to="1000060.5"), Span(1_000_000, 1_000_060.5)),
        (Asked(from_="2026-11-24T00:00:00Z", to="2026-11-24T00:00:00-01:00"), Span(1_795_478_400, 1_795_482_000)),
        (Asked(from_="2026-11-24", to="2026-11-24T00:01"), Span(1_795_478_400, 1_795_478_460)),
        (Asked(from_="2026-11-24T01:00:00 01:00"), Span(1_795_478_400, NOW)),
    ],
    ids=["default", "range", "weeks", "range-to", "unix", "iso", "dates", "plus-as-space"],
)
def test_spans(asked: Asked, expected: Span) -> None:
    assert parse_span(asked, NOW) == expected


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (Asked(range="1h", from_="0"), "range"),
        (Asked(range=""), "range"),
        (Asked(range="0h"), "range"),
        (Asked(range="-1h"), "range"),
        (Asked(range="1.5h"), "range"),
        (Asked(range="3600"), "range"),
        (Asked(range="1y"), "range"),
        (Asked(range="401d"), "range"),
        (Asked(range="9999999999h"), "range"),
        (Asked(range="٣h"), "range"),
        (Asked(range="1h", to="60"), "range"),
        (Asked(from_="tomorrow"), "from"),
        (Asked(from_="-5"), "from"),
        (Asked(from_="nan"), "from"),
        (Asked(from_="99999999999999"), "from"),
        (Asked(from_="2026-13-01"), "from"),
        (Asked(from_="10", to="10"), "from"),
        (Asked(from_="10", to="5"), "from"),
        (Asked(from_="0"), "from"),
        (Asked(to="soon"), "to"),
    ],
)
def test_what_is_no_span_names_the_field(asked: Asked, field: str) -> None:
    with pytest.raises(BadSpanError) as caught:
        parse_span(asked, NOW)
    assert caught.value.field == field


@given(st.integers(1, 10_000), st.sampled_from(sorted(SECONDS)))
def test_lengths_are_numbers_of_their_unit(number: int, unit: str) -> None:
    length_s = number * SECONDS[unit]
    if length_s > SPAN_MAX_S:
        with pytest.raises(BadSpanError):
            parse_length("range", f"{number}{unit}")
    else:
        assert parse_length("range", f"{number}{unit}") == length_s


@given(st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)), st.integers(-14, 14))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_iso_times_are_read_in_their_zone(moment: datetime, hours: int) -> None:
    zoned = moment.replace(tzinfo=timezone(timedelta(hours=hours)))
    assert parse_time("from", zoned.isoformat()) == zoned.timestamp()
    assert parse_time("from", moment.isoformat()) == moment.replace(tzinfo=UTC).timestamp()


@given(st.floats(1, SPAN_MAX_S), st.integers(1, 50_000))
def test_a_step_cuts_into_at_most_so_many_points(length_s: float, points: int) -> None:
    step_s = step_for(length_s, points)
    assert length_s / step_s <= points
    assert step_s <= 86_400 or step_s % 86_400 == 0
