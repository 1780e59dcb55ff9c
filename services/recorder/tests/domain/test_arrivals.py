"""Ids, new series, and the limit."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.common.bus import Received
from watchkeeper.common.events import MetricsBatch
from watchkeeper.recorder.domain.arrivals import LOOK_AGAIN_MS, NewSeries, SeriesKey, admit, resolve, to_count
from watchkeeper.recorder.domain.dictionary import Dictionary
from watchkeeper.recorder.domain.reading import Span, read

MakeBatch = Callable[..., MetricsBatch]
MakeRecord = Callable[..., Received]


SPAN = Span(0, 10_000)


def test_known_series_have_ids_and_new_ones_are_parsed_once(batch: MakeBatch, record: MakeRecord) -> None:
    """The dictionary answers; what it lacks is described."""
    dictionary = Dictionary(100)
    dictionary.learn([("h", "a", 5)])
    reading = read([record(1, batch({"a": 1.0, 'b{c="d"}': 2.0})), record(2, batch({'b{c="d"}': 2.0}))], SPAN)
    arrivals, unknown = resolve(reading, dictionary)
    assert [arrival.ids for arrival in arrivals] == [[5, None], [None]]
    assert unknown == {SeriesKey("h", 'b{c="d"}'): NewSeries("b", {"c": "d"}, "1", "gauge")}


@pytest.mark.parametrize(
    ("series", "unit", "field"), [("a{", "1", "series[0]"), ("1a", "1", "series[0]"), ("a", "\0", "units[0]")]
)
def test_a_series_that_cannot_be_stored_refuses_its_record(
    batch: MakeBatch, record: MakeRecord, series: str, unit: str, field: str
) -> None:
    """The whole record is refused, counts as malformed, and the others stay; again is the same."""
    reading = read([record(1, batch({series: 1.0}, unit=unit)), record(2, batch({"ok": 1.0}))], SPAN)
    for _ in range(2):
        arrivals, unknown = resolve(reading, Dictionary(100))
        assert [arrival.batch.series for arrival in arrivals] == [["ok"]]
        assert set(unknown) == {SeriesKey("h", "ok")}
        assert [(refusal.received.offset, refusal.error.field) for refusal in reading.refusals] == [(1, field)]
        assert reading.verdicts == {1: False, 2: True}


def test_the_database_counts_before_the_first_and_again_after_a_while() -> None:
    """A resource with room is not counted again, a full one after a minute."""
    dictionary = Dictionary(100)
    for resource, active, looked_ms in (("room", 1, 0), ("full", 5, 0), ("full-now", 5, 90_000)):
        known = dictionary.of(resource)
        known.active, known.looked_ms = active, looked_ms
    keys = [SeriesKey(resource, "x") for resource in ("new", "room", "full", "full-now")]
    assert to_count(keys, dictionary, 5, LOOK_AGAIN_MS + 40_000) == ["full", "new"]


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 50)), unique=True),
    st.integers(0, 8),
    st.integers(1, 8),
)
def test_the_limit_holds_and_nobody_is_refused_below_it(pairs: list[tuple[str, int]], had: int, limit: int) -> None:
    """Admitted plus those it had never exceed the limit; a refusal means that the limit is reached."""
    keys = [SeriesKey(resource, str(number)) for resource, number in pairs]
    admission = admit(keys, {"a": had, "b": 0}, limit)
    for resource, before in (("a", had), ("b", 0)):
        admitted = [key for key in admission.admitted if key.resource_id == resource]
        refused = admission.refused.get(resource, [])
        assert len(admitted) + len(refused) == sum(key.resource_id == resource for key in keys)
        assert len(admitted) <= max(0, limit - before)
        if refused:
            assert len(admitted) == max(0, limit - before)
