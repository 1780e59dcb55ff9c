"""What stands on the topics: what is written can be read, and what cannot be used is refused with its reason."""

import contextlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.common.events import (
    SAMPLES_PER_BATCH_MAX,
    BadEventError,
    DeadLetter,
    Kind,
    MetricsBatch,
    Resource,
    check_series,
    decode_dead_letter,
    decode_metrics,
    encode,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
NAME = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
KINDS: st.SearchStrategy[Kind] = st.sampled_from(("gauge", "counter"))


def good() -> dict[str, Any]:
    """A metrics batch as a program of somebody else would write it."""
    return {
        "schema": "watchkeeper.metrics/1",
        "batch_id": "b-1",
        "time_ms": 1_764_000_000_000,
        "interval_s": 10,
        "source": "cpu",
        "resource": {"id": "host-1", "name": "web-1", "labels": {"rack": "7"}},
        "series": ["system.cpu.utilization", 'system.cpu.time{cpu="0"}'],
        "units": ["1", "s"],
        "kinds": ["gauge", "counter"],
        "values": [0.25, 100],
    }


@st.composite
def batches(draw: st.DrawFn) -> MetricsBatch:
    """Any batch that keeps the contract."""
    rows = draw(st.lists(st.tuples(TEXT, TEXT, KINDS, st.floats(allow_nan=False, allow_infinity=False)), max_size=20))
    return MetricsBatch(
        batch_id=draw(NAME),
        time_ms=draw(st.integers(0, 253_402_300_799_999)),
        interval_s=draw(st.none() | st.floats(min_value=0.001, max_value=86_400)),
        source=draw(NAME),
        resource=Resource(
            id=draw(NAME),
            kind=draw(st.sampled_from(("host", "application"))),
            name=draw(TEXT),
            environment=draw(TEXT),
            labels=draw(st.dictionaries(TEXT, TEXT, max_size=3)),
        ),
        series=[row[0] for row in rows],
        units=[row[1] for row in rows],
        kinds=[row[2] for row in rows],
        values=[row[3] for row in rows],
    )


@given(batches())
def test_a_batch_survives_its_topic(batch: MetricsBatch) -> None:
    assert decode_metrics(encode(batch)) == batch


@given(
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(list(good())), inner, max_size=5),
    ).map(lambda found: json.dumps(found).encode())
)
def test_any_bytes_are_read_or_refused(value: bytes) -> None:
    with contextlib.suppress(BadEventError):
        batch = decode_metrics(value)
        assert len(batch.series) == len(batch.units) == len(batch.kinds) == len(batch.values)


@given(st.data())
def test_a_good_batch_with_one_broken_field_names_the_field(data: st.DataObject) -> None:
    broken = good()
    field = data.draw(st.sampled_from(sorted(broken)))
    broken[field] = data.draw(
        st.sampled_from([None, {}, True]).filter(lambda value: (field, value) != ("interval_s", None))
    )
    with pytest.raises(BadEventError) as raised:
        decode_metrics(json.dumps(broken).encode())
    assert raised.value.reason == "schema"
    assert raised.value.field.split(".")[0] in {field, ""} | ({"resource"} if field == "resource" else set())


def test_unknown_fields_are_passed_over() -> None:
    """A newer writer may add fields: an older reader must not mind."""
    assert decode_metrics(json.dumps({**good(), "added_later": [1]}).encode()).batch_id == "b-1"


def test_a_later_minor_version_is_read() -> None:
    assert decode_metrics(json.dumps({**good(), "schema": "watchkeeper.metrics/1.7"}).encode()).values == [0.25, 100]


@pytest.mark.parametrize(
    ("change", "reason", "field"),
    [
        ({"schema": "watchkeeper.metrics/2"}, "schema", "schema"),
        ({"batch_id": ""}, "schema", "batch_id"),
        ({"batch_id": "x" * 65}, "schema", "batch_id"),
        ({"time_ms": -1}, "schema", "time_ms"),
        ({"time_ms": 1.5}, "schema", "time_ms"),
        ({"interval_s": 0}, "schema", "interval_s"),
        ({"source": ""}, "schema", "source"),
        ({"resource": {"id": ""}}, "schema", "resource.id"),
        ({"resource": {"id": "h", "kind": "toaster"}}, "schema", "resource.kind"),
        ({"resource": {"id": "h", "labels": {"a": 1}}}, "schema", "resource.labels[...]"),
        ({"kinds": ["gauge", "histogram"]}, "schema", "kinds[1]"),
        ({"values": [1, "2"]}, "schema", "values[1]"),
        ({"values": [1]}, "lengths", "values"),
        ({"units": []}, "lengths", "units"),
        ({"kinds": ["gauge"]}, "lengths", "kinds"),
        ({"series": ["a"] * (SAMPLES_PER_BATCH_MAX + 1)}, "lengths", "series"),
    ],
)
def test_a_refusal_names_reason_and_field(change: dict[str, Any], reason: str, field: str) -> None:
    with pytest.raises(BadEventError) as raised:
        decode_metrics(json.dumps({**good(), **change}).encode())
    assert (raised.value.reason, raised.value.field) == (reason, field)
    assert str(raised.value).startswith(f"{reason}: {field}: ")


@pytest.mark.parametrize("missing", ["batch_id", "time_ms", "source", "resource", "series", "units", "kinds", "values"])
def test_a_missing_field_is_told(missing: str) -> None:
    found = good()
    del found[missing]
    with pytest.raises(BadEventError, match=f"missing required field `{missing}`"):
        decode_metrics(json.dumps(found).encode())


@pytest.mark.parametrize(
    "value",
    [b"", b"{", b"\xff\xfe", b'{"schema":"\xff"}', b'{"x":' + b"[" * 100_000, b"NaN", b'{"values":[NaN]}'],
    ids=["empty", "cut", "binary", "not UTF-8", "deep", "NaN", "NaN inside"],
)
def test_what_is_not_json_is_refused_as_such(value: bytes) -> None:
    with pytest.raises(BadEventError, match="not-json"):
        decode_metrics(value)


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1.8e308", "1" + "0" * 400])
def test_a_number_that_a_float_cannot_hold_is_refused(number: str) -> None:
    """It would be an infinity: the one way in which JSON could bring one."""
    with pytest.raises(BadEventError) as raised:
        decode_metrics(json.dumps(good()).replace("0.25", number).encode())
    assert (raised.value.reason, raised.value.detail) == ("schema", "Number out of range - at `$.values[0]`")


def test_the_largest_floats_are_finite_though_their_sum_is_not() -> None:
    largest = 1.7976931348623157e308
    assert decode_metrics(json.dumps({**good(), "values": [largest, largest]}).encode()).values == [largest, largest]


def test_series_texts_are_checked_when_asked() -> None:
    batch = decode_metrics(json.dumps(good()).encode())
    check_series(batch)
    with pytest.raises(BadEventError) as raised:
        check_series(msgspec.structs.replace(batch, series=["up", "not a name"]))
    assert (raised.value.reason, raised.value.field) == ("series", "series[1]")


@given(st.none() | st.binary(max_size=50), st.none() | st.binary(max_size=50))
def test_a_dead_letter_keeps_any_bytes(key: bytes | None, value: bytes | None) -> None:
    letter = DeadLetter(
        id="x",
        time_ms=1,
        consumer="recorder",
        topic="metrics",
        partition=0,
        offset=9,
        reason="schema",
        key=key,
        value=value,
    )
    assert decode_dead_letter(encode(letter)) == letter


@pytest.mark.parametrize(
    ("value", "reason"), [(b"\xff", "not-json"), (b"{}", "schema"), (b'{"schema":"\xff"}', "not-json")]
)
def test_what_is_no_dead_letter_is_refused(value: bytes, reason: str) -> None:
    with pytest.raises(BadEventError) as raised:
        decode_dead_letter(value)
    assert raised.value.reason == reason


def test_an_error_without_a_field_reads_well() -> None:
    assert str(BadEventError("not-json", "", "cut off")) == "not-json: cut off"
