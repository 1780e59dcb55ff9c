"""From readings to batches."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.collector import batches
from watchkeeper.collector.batches import Outcome, Texts, make_batches
from watchkeeper.collector.configuration import SourceBlock
from watchkeeper.collector.reading import Reading, counter, gauge
from watchkeeper.collector.source import SourceSettings
from watchkeeper.common.events import Resource, check_series, decode_metrics, encode

HOST = Resource(id="h1", name="web-1", environment="test")
BLOCK = SourceBlock("cpu", "", SourceSettings(interval_s=10, timeout_s=5))


def outcome(*readings: Reading, error: str = "", time_ms: int = 1_700_000_000_000) -> Outcome:
    """A reading that took a quarter of a second."""
    return Outcome(time_ms, 0.25, readings, error)


def test_a_batch_holds_the_readings_and_how_the_reading_went() -> None:
    """Parallel lists in order; success and duration of the source come last; a reader can decode it."""
    (batch,), left_out = make_batches(
        HOST, BLOCK, outcome(gauge("a", 1, "1"), counter("b", 2, "By", {"y": "2", "x": "1"})), Texts()
    )
    decoded = decode_metrics(encode(batch))
    check_series(decoded)
    assert decoded.series == [
        "a",
        'b{x="1",y="2"}',
        'watchkeeper.source.success{source="cpu"}',
        'watchkeeper.source.duration{source="cpu"}',
    ]
    assert decoded.units == ["1", "By", "1", "s"]
    assert decoded.kinds == ["gauge", "counter", "gauge", "gauge"]
    assert decoded.values == [1, 2, 1, 0.25]
    assert (decoded.source, decoded.interval_s, decoded.resource) == ("cpu", 10, HOST)
    assert left_out == {}


def test_a_failed_reading_is_a_batch_that_says_so() -> None:
    """Success 0, and nothing of the source itself."""
    (batch,), _ = make_batches(HOST, BLOCK, outcome(error="TimeoutError: no reading"), Texts())
    assert dict(zip(batch.series, batch.values, strict=True))['watchkeeper.source.success{source="cpu"}'] == 0
    assert len(batch.series) == 2


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        pytest.param(gauge("a", math.nan, "1"), "not_finite", id="NaN"),
        pytest.param(gauge("a", math.inf, "1"), "not_finite", id="infinite"),
        pytest.param(gauge("no name", 1, "1"), "series", id="a name with a space"),
        pytest.param(gauge("a", 1, "1", {"l": "x" * 2000}), "series", id="a label too long"),
        pytest.param(gauge("good", 2, "1"), "twice", id="a series that was there already"),
    ],
)
def test_what_no_reader_would_take_is_left_out_and_counted(bad: Reading, reason: str) -> None:
    """One bad reading costs itself and nothing else."""
    (batch,), left_out = make_batches(HOST, BLOCK, outcome(gauge("good", 1, "1"), bad), Texts())
    assert batch.series[0] == "good"
    assert batch.values[0] == 1
    assert len(batch.series) == 3
    assert left_out == {reason: 1}


def test_ids_are_derived_from_host_source_and_time() -> None:
    """The same facts give the same id; another time, host or block another one."""

    def id_of(host: Resource, block: SourceBlock, time_ms: int) -> str:
        (batch,), _ = make_batches(host, block, outcome(time_ms=time_ms), Texts())
        return batch.batch_id

    probe = SourceBlock("http_probe", "a", BLOCK.settings)
    other = SourceBlock("http_probe", "b", BLOCK.settings)
    ids = [id_of(HOST, BLOCK, 1), id_of(HOST, BLOCK, 2), id_of(Resource(id="h2"), BLOCK, 1)]
    ids += [id_of(HOST, probe, 1), id_of(HOST, other, 1)]
    assert id_of(HOST, BLOCK, 1) == ids[0]
    assert len(set(ids)) == 5


def test_probes_of_one_kind_are_sources_of_their_own() -> None:
    """Their readings interleave in time, and a reader takes each source's as ordered; long names are cut."""
    (batch,), _ = make_batches(HOST, SourceBlock("http_probe", "shop", BLOCK.settings), outcome(), Texts())
    assert batch.source == "http_probe/shop"
    (batch,), _ = make_batches(HOST, SourceBlock("http_probe", "x" * 100, BLOCK.settings), outcome(), Texts())
    assert decode_metrics(encode(batch)).source == "http_probe/" + "x" * 53


@given(st.integers(0, 12))
def test_a_large_reading_becomes_several_batches(count: int) -> None:
    """Every reading once, in order, no batch beyond the limit, each with an id of its own."""
    limit = batches.SAMPLES_MAX
    try:
        batches.SAMPLES_MAX = 4
        made, _ = make_batches(HOST, BLOCK, outcome(*(gauge(f"m{n}", n, "1") for n in range(count))), Texts())
    finally:
        batches.SAMPLES_MAX = limit
    assert [text for batch in made for text in batch.series][:count] == [f"m{n}" for n in range(count)]
    assert all(0 < len(batch.series) <= 4 for batch in made)
    assert len({batch.batch_id for batch in made}) == len(made)
