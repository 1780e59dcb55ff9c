"""Pushed samples: what is taken, what is refused and why, and how they are grouped."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.api.metrics.pushed import AHEAD_MS, OLD_MS, BadSampleError, group, judge, read
from watchkeeper.common.events import Resource, check_series, decode_metrics, encode

NOW_MS = 1_795_557_240_123
SHOP = Resource(id="shop", kind="application")


def sample(**changes: Any) -> dict[str, Any]:
    return {"name": "app.users.active", "value": 1} | changes


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ({"value": 1}, ""),
        ({"name": "a"}, ""),
        (sample(name="9lives"), "name"),
        (sample(name=""), "name"),
        (sample(name="a" * 256), "name"),
        (sample(name=5), "name"),
        (sample(value="1"), "value"),
        (sample(value=True), "value"),
        (sample(value=None), "value"),
        (sample(value=float("inf")), "value"),
        (sample(value=float("nan")), "value"),
        (sample(value=1e300), "value"),
        (sample(labels={"a b": "c"}), "labels"),
        (sample(labels={"a": "x" * 1025}), "labels"),
        (sample(labels={"a": "\0"}), "labels"),
        (sample(labels={"a": 1}), "labels[...]"),
        (sample(labels={f"l{n}": "x" for n in range(65)}), "labels"),
        (sample(unit="x" * 64), "unit"),
        (sample(kind="histogram"), "kind"),
        (sample(time="now"), "time"),
        (sample(time=NOW_MS / 1000 + AHEAD_MS / 1000 + 1), "time"),
        (sample(time=NOW_MS / 1000 - OLD_MS / 1000 - 1), "time"),
        (sample(time=-1), "time"),
        (sample(time=float("nan")), "time"),
        (sample(time=[]), "time"),
        (sample(colour="red"), ""),
        ("text", ""),
        (None, ""),
    ],
)
def test_a_bad_sample_is_refused_naming_its_field(item: Any, field: str) -> None:
    with pytest.raises(BadSampleError) as caught:
        read(0, item, NOW_MS)
    assert caught.value.field == field
    assert caught.value.detail


@pytest.mark.parametrize(
    ("time", "expected_ms"),
    [
        (None, NOW_MS),
        (NOW_MS / 1000, NOW_MS),
        (NOW_MS // 1000, NOW_MS // 1000 * 1000),
        ("2026-11-24T21:54:00.5Z", 1_795_557_240_500),
        (str(NOW_MS / 1000), NOW_MS),
        ((NOW_MS + AHEAD_MS) / 1000, NOW_MS + AHEAD_MS),
    ],
    ids=["none", "float", "int", "iso", "text", "just-ahead"],
)
def test_times(time: Any, expected_ms: int) -> None:
    assert read(0, sample(time=time), NOW_MS).time_ms == expected_ms


def test_of_two_samples_of_a_series_at_one_time_the_first_is_taken() -> None:
    items = [
        sample(labels={"a": "1", "b": "2"}, time=1_795_557_000, value=1),
        sample(labels={"b": "2", "a": "1"}, time="2026-11-24T21:50:00Z", value=2),
        sample(labels={"a": "1"}, time=1_795_557_000, value=3),
    ]
    judged = judge(items, NOW_MS)
    assert [one.value for one in judged.samples] == [1, 3]
    assert [(one.index, one.field) for one in judged.refused] == [(1, "name")]


def test_one_batch_per_instant_that_the_recorder_can_read() -> None:
    items = [
        sample(time=1_795_557_010, unit="{user}"),
        sample(time=1_795_557_000, kind="counter"),
        sample(time=1_795_557_010, labels={"region": "eu"}),
    ]
    (first, first_indexes), (second, second_indexes) = group(SHOP, judge(items, NOW_MS).samples)
    assert (first_indexes, second_indexes) == ([1], [0, 2])
    assert (first.time_ms, first.source, first.kinds) == (1_795_557_000_000, "push", ["counter"])
    assert second.series == ["app.users.active", 'app.users.active{region="eu"}']
    for batch in (first, second):
        assert decode_metrics(encode(batch)) == batch
        check_series(batch)


ITEMS = st.lists(
    st.builds(
        lambda name, value, offset: sample(name=name, value=value, time=1_795_557_000 + offset),
        st.sampled_from(["a", "b", "c"]),
        st.integers(0, 3),
        st.integers(0, 2),
    ),
    max_size=12,
)


@given(ITEMS)
def test_the_same_request_again_makes_the_same_batches(items: list[dict[str, Any]]) -> None:
    again = json.loads(json.dumps(items))
    first = [batch for batch, _ in group(SHOP, judge(items, NOW_MS).samples)]
    second = [batch for batch, _ in group(SHOP, judge(again, NOW_MS + 60_000).samples)]
    assert first == second
    assert len({batch.batch_id for batch in first}) == len(first)


@given(ITEMS)
def test_each_sample_is_taken_or_refused(items: list[dict[str, Any]]) -> None:
    judged = judge(items, NOW_MS)
    taken = [index for _, indexes in group(SHOP, judged.samples) for index in indexes]
    assert sorted([*taken, *(one.index for one in judged.refused)]) == list(range(len(items)))


def test_other_content_makes_another_batch() -> None:
    ids = {
        batch.batch_id
        for value, resource in ((1, SHOP), (2, SHOP), (1, Resource(id="other")))
        for batch, _ in group(resource, judge([sample(value=value, time=1_795_557_000)], NOW_MS).samples)
    }
    assert len(ids) == 3
