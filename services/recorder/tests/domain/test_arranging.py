"""Rows, and the newest of them."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.common.clock import from_ms
from watchkeeper.common.events import MetricsBatch, Resource
from watchkeeper.recorder.domain.arranging import Floors, Ready, arrange, complete
from watchkeeper.recorder.domain.arrivals import Arrival, SeriesKey
from watchkeeper.recorder.domain.dictionary import Known
from watchkeeper.recorder.domain.newest import SOURCES_MAX, Latest, describe, latest, remember_newest

MakeBatch = Callable[..., MetricsBatch]


FLOORS = Floors(0, 0, 0)


def ready(time_ms: int, values: dict[int, float], source: str = "s", known: Known | None = None) -> Ready:
    """A batch of resource h whose series have ids already."""
    names = [f"n{series_id}" for series_id in values]
    batch = MetricsBatch(
        batch_id=str(time_ms), time_ms=time_ms, source=source, resource=Resource(id="h"), series=names,
        units=["1"] * len(names), kinds=["gauge"] * len(names), values=list(values.values()),
    )  # fmt: skip
    return Ready(batch, known or Known(), list(values), list(values.values()))


def test_refused_series_are_left_out_and_counted(batch: MakeBatch) -> None:
    """Only samples with an id go on."""
    arrival = Arrival(batch({"a": 1.0, "b": 2.0, "c": 3.0}), Known(), [1, None, None])
    (found,), refused = complete([arrival], {SeriesKey("h", "c"): 9})
    assert (found.ids, found.values, refused) == ([1, 9], [1.0, 3.0], {"h": 1})


def test_newer_is_copied_and_the_rest_may_be_there_already() -> None:
    """The fast path takes what is newer than anything of its source, in the fetch and before it."""
    known = Known(newest_ms={"s": 100})
    arrivals = [ready(t, {1: float(t)}, known=known) for t in (100, 200, 200, 300, 150)]
    plan = arrange([*arrivals, ready(50, {2: 5.0}, source="other", known=known)], FLOORS)
    assert [value for _, _, value in plan.fresh] == [200.0, 300.0, 5.0]
    assert [value for _, _, value in plan.old] == [100.0, 200.0, 150.0]
    assert plan.newest_ms == {("h", "s"): 300, ("h", "other"): 50}
    assert known.newest_ms == {"s": 100}, "only the commit moves it"


def test_below_the_raw_floor_is_late() -> None:
    """A batch at the floor is a sample still, one before it is late, and marks no minute."""
    plan = arrange([ready(60_000, {1: 1.0}), ready(59_999, {1: 2.0})], Floors(60_000, 0, 0))
    assert plan.fresh == [(1, from_ms(60_000), 1.0)]
    assert [(late.time_ms, late.values) for late in plan.late] == [(59_999, {1: 2.0})]
    assert plan.marks == {(60_000, "h")}


batches = st.lists(
    st.tuples(
        st.integers(0, 12),
        st.sampled_from(["s", "t"]),
        st.dictionaries(st.integers(1, 4), st.integers(0, 99).map(float), max_size=4),
    ),
    max_size=14,
)


@given(batches)
def test_latest_agrees_with_looking_at_every_sample(given_batches: list[tuple[int, str, dict[int, float]]]) -> None:
    """The newest and the one before it of each series; of two at one time the first that came."""
    arrivals = [ready(time_ms, values, source) for time_ms, source, values in given_batches]
    oracle: dict[int, dict[int, float]] = {}
    for time_ms, _, values in given_batches:
        for series_id, value in values.items():
            oracle.setdefault(series_id, {}).setdefault(time_ms, value)
    expected = {}
    for series_id, by_time in oracle.items():
        newest, *before = sorted(by_time.items(), reverse=True)
        expected[series_id] = Latest(*newest, *(before[0] if before else (None, None)))
    assert latest(arrivals) == expected


@given(batches)
def test_every_sample_is_in_the_plan_once(given_batches: list[tuple[int, str, dict[int, float]]]) -> None:
    """Fresh rows never repeat a source's time; nothing is lost on the way."""
    arrivals = [ready(time_ms, values, source) for time_ms, source, values in given_batches]
    plan = arrange(arrivals, FLOORS)
    rows = [(series_id, from_ms(t), value) for t, _, values in given_batches for series_id, value in values.items()]
    assert sorted(plan.fresh + plan.old) == sorted(rows)


def test_a_resource_is_described_by_its_newest_batch_and_its_shortest_interval() -> None:
    """A late batch takes nothing back; the interval is the shortest of the sources'."""
    known = Known()
    new, old = ready(200, {1: 1.0}, known=known), ready(100, {1: 1.0}, source="slow", known=known)
    new.batch.interval_s, old.batch.interval_s = 10.0, 60.0
    row = describe([old, new, old])["h"]
    assert (row.seen_ms, row.interval_s, row.resource) == (200, 10.0, new.batch.resource)


def test_a_shorter_interval_learnt_from_an_older_batch_counts() -> None:
    """The row's interval follows even where its other fields do not."""
    known = Known()
    new, old = ready(200, {1: 1.0}, source="slow", known=known), ready(100, {1: 1.0}, known=known)
    new.batch.interval_s, old.batch.interval_s = 60.0, 10.0
    row = describe([new, old])["h"]
    assert (row.seen_ms, row.interval_s) == (200, 10.0)


def test_sources_are_remembered_within_a_bound() -> None:
    """However many sources a resource names, memory is bounded; time never goes back."""
    known = Known()
    remember_newest(known, "s", 5)
    remember_newest(known, "s", 3)
    assert known.newest_ms == {"s": 5}
    for number in range(3 * SOURCES_MAX):
        remember_newest(known, str(number), 1)
        describe([ready(1, {1: 1.0}, source=str(number), known=known)])
        assert len(known.newest_ms) <= SOURCES_MAX
