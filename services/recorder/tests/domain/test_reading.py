"""From records to batches or refusals."""

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.common.bus import Received
from watchkeeper.common.events import BadEventError, MetricsBatch
from watchkeeper.recorder.domain.reading import VALUE_ABS_MAX, Span, read, read_one

MakeBatch = Callable[..., MetricsBatch]
MakeRecord = Callable[..., Received]


SPAN = Span(500, 2_000)


def test_good_and_bad_are_told_apart_in_order(batch: MakeBatch, record: MakeRecord) -> None:
    """Each record is a batch or a refusal, and the verdicts stand by offset."""
    records = [record(7, batch({"a": 1.0})), record(8, b"{"), record(9, None), record(12, batch({"b": 2.0}))]
    reading = read(records, SPAN)
    assert [received.offset for received, _ in reading.batches] == [7, 12]
    assert [(r.received.offset, r.error.reason) for r in reading.refusals] == [(8, "not-json"), (9, "not-json")]
    assert reading.verdicts == {7: True, 8: False, 9: False, 12: True}


@pytest.mark.parametrize(
    ("change", "reason", "field"),
    [
        pytest.param({"time_ms": 2_001}, "future", "time_ms", id="after the span"),
        pytest.param({"time_ms": 499}, "past", "time_ms", id="before the span"),
        pytest.param({"values": [VALUE_ABS_MAX * 10]}, "value", "values[0]", id="too large"),
        pytest.param({"values": [-VALUE_ABS_MAX * 10]}, "value", "values[0]", id="too small"),
        pytest.param({"batch_id": "a\0b"}, "value", "batch_id", id="NUL in the batch's id"),
        pytest.param({"resource": {"id": "a\0"}}, "value", "resource.id", id="NUL in the resource's id"),
        pytest.param({"resource": {"id": "a", "role": "\0"}}, "value", "resource.role", id="NUL in a field"),
        pytest.param(
            {"resource": {"id": "a", "labels": {"k": "\0"}}}, "value", "resource.labels.k", id="NUL in a label"
        ),
        pytest.param({"resource": {"id": "a", "labels": {"\0": "v"}}}, "value", "resource.labels", id="NUL in a name"),
        pytest.param({"units": []}, "lengths", "units", id="lengths"),
        pytest.param({"schema": "other/1"}, "schema", "schema", id="another schema"),
    ],
)
def test_a_refusal_names_reason_and_field(batch: MakeBatch, change: dict[str, object], reason: str, field: str) -> None:
    """What the store could not take is refused with the field at fault."""
    value = msgspec.to_builtins(batch({"a": 1.0})) | change
    with pytest.raises(BadEventError) as caught:
        read_one(msgspec.json.encode(value), SPAN)
    assert (caught.value.reason, caught.value.field) == (reason, field)


def test_a_wrong_clock_is_not_malformed(batch: MakeBatch, record: MakeRecord) -> None:
    """Misdated records are refused, but never stop a partition."""
    reading = read([record(1, batch({"a": 1.0}, time_ms=10)), record(2, batch({"a": 1.0}, time_ms=9_999))], SPAN)
    assert [refusal.error.reason for refusal in reading.refusals] == ["past", "future"]
    assert list(reading.verdicts.values()) == [True, True]


@given(st.lists(st.one_of(st.none(), st.binary(max_size=40)), max_size=20))
def test_no_bytes_are_lost_or_raise(values: list[bytes | None]) -> None:
    """Whatever comes, each record is either read or refused."""
    records = [Received(0, offset, 0, None, value) for offset, value in enumerate(values)]
    reading = read(records, SPAN)
    assert len(reading.batches) + len(reading.refusals) == len(records) == len(reading.verdicts)
