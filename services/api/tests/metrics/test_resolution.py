"""Which table answers, and in which pieces."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.api.metrics.resolution import (
    WIDTH_S,
    Aggregate,
    Coverage,
    Grid,
    Resolution,
    choose,
    grid_for,
    parts,
)

RAW, MINUTE, HOUR = Resolution.RAW, Resolution.MINUTE, Resolution.HOUR
AVG, P95 = Aggregate.AVG, Aggregate.P95
NOW = 1_795_557_245.0
DAY = 86_400
FLOORS = {"raw": NOW - 2.2 * DAY, "minute": NOW - 32 * DAY, "hour": NOW - 396 * DAY}


@pytest.mark.parametrize(
    ("age_s", "step_s", "agg", "expected"),
    [
        (3600, 10, AVG, RAW),
        (3600, 60, AVG, MINUTE),
        (3600, 90, AVG, RAW),
        (3600, 60, P95, RAW),
        (2 * DAY, 10, AVG, RAW),
        (2 * DAY + 1, 10, AVG, MINUTE),
        (DAY, 3600, AVG, MINUTE),
        (7 * DAY, 1800, AVG, MINUTE),
        (7 * DAY, 3600, AVG, HOUR),
        (7 * DAY, 3600, P95, MINUTE),
        (30 * DAY, 60, AVG, MINUTE),
        (33 * DAY, 60, AVG, HOUR),
        (33 * DAY, 3600, P95, HOUR),
    ],
)
def test_the_resolution_by_age_and_step(age_s: float, step_s: int, agg: Aggregate, expected: Resolution) -> None:
    assert choose(NOW - age_s, step_s, agg, NOW, FLOORS) is expected


def test_a_floor_above_what_is_usual_counts() -> None:
    assert choose(NOW - 3600, 10, AVG, NOW, {"raw": NOW - 1800, "minute": 0}) is MINUTE
    assert choose(NOW - 3600, 60, AVG, NOW, {"minute": NOW - 1800}) is HOUR


@given(st.floats(0, 1e9), st.floats(1, 1e7), st.integers(1, 100_000), st.sampled_from(Resolution))
def test_a_grid_covers_its_span_in_whole_steps(
    from_s: float, length_s: float, step_s: int, resolution: Resolution
) -> None:
    grid = grid_for(from_s, from_s + length_s, step_s, resolution)
    assert grid.step_s % WIDTH_S[resolution] == 0
    assert 0 <= grid.step_s - step_s < WIDTH_S[resolution]
    assert grid.start_s % grid.step_s == 0
    assert grid.start_s <= from_s < grid.start_s + grid.step_s
    assert grid.end_s - grid.step_s < from_s + length_s <= grid.end_s


@given(
    st.sampled_from(Resolution),
    st.integers(0, 40 * DAY),
    st.integers(1, 40),
    st.sampled_from([60, 600, 3600, DAY]),
    st.dictionaries(st.sampled_from(["minute", "hour"]), st.integers(0, 100 * 3600).map(lambda age: NOW - age)),
)
def test_parts_cover_the_grid_once_up_to_its_end(
    resolution: Resolution, age_s: int, count: int, step_s: int, tails_s: dict[str, float]
) -> None:
    grid = grid_for(NOW - age_s, NOW - age_s + count * step_s, step_s, resolution)
    until_s = NOW - age_s + count * step_s
    found = parts(resolution, grid, until_s, NOW, Coverage({}, tails_s))
    assert found[0].from_s == grid.start_s
    assert found[-1].to_s == min(grid.end_s, -int(-until_s // 1))
    assert all(before.to_s == after.from_s for before, after in itertools.pairwise(found))
    order = [HOUR, MINUTE, RAW]
    ranks = [order.index(part.resolution) for part in found]
    assert ranks == sorted(set(ranks))
    assert ranks[0] >= order.index(resolution)
    for part in found:
        tail_s = tails_s.get(part.resolution.value)
        if part.resolution is not RAW:
            assert part.to_s <= NOW - NOW % WIDTH_S[part.resolution]
            if tail_s is not None and tail_s >= NOW - {"minute": 6 * 3600, "hour": 72 * 3600}[part.resolution.value]:
                assert part.to_s <= tail_s


def test_the_minute_under_way_comes_from_single_samples() -> None:
    grid = Grid(int(NOW) - 245, 60, 5)
    assert [(p.resolution, p.to_s - p.from_s) for p in parts(MINUTE, grid, NOW, NOW, Coverage({}, {}))] == [
        (MINUTE, 240),
        (RAW, 5),
    ]


def test_a_rollup_far_behind_does_not_turn_a_chart_to_raw() -> None:
    grid = Grid(int(NOW) - 10 * DAY, 60, 14_400)
    found = parts(MINUTE, grid, NOW, NOW, Coverage({}, {"minute": NOW - 9 * DAY}))
    assert found[-1].from_s >= NOW - 6 * 3600 - 60


@pytest.mark.parametrize(
    ("resolution", "age_s", "expected"),
    [
        (MINUTE, DAY, [(MINUTE, 540), (RAW, 25)]),
        (MINUTE, 3 * DAY, [(MINUTE, 565)]),
        (HOUR, DAY, [(MINUTE, 540), (RAW, 25)]),
        (HOUR, 3 * DAY, [(MINUTE, 565)]),
        (HOUR, 40 * DAY, [(HOUR, 565)]),
    ],
)
def test_a_bucket_that_the_end_cuts_off_is_read_more_finely_where_that_is_kept(
    resolution: Resolution, age_s: int, expected: list[tuple[Resolution, int]]
) -> None:
    start_s = int(NOW - age_s) // 3600 * 3600
    grid = grid_for(start_s, start_s + 565, WIDTH_S[resolution], resolution)
    found = parts(resolution, grid, start_s + 565, NOW, Coverage(FLOORS, {}))
    assert [(part.resolution, part.to_s - part.from_s) for part in found] == expected


def test_an_end_on_a_bucket_cuts_nothing_off() -> None:
    start_s = int(NOW - DAY) // 3600 * 3600
    grid = grid_for(start_s, start_s + 7200, 3600, HOUR)
    assert parts(HOUR, grid, start_s + 7200, NOW, Coverage({}, {})) == [
        parts(HOUR, grid, 9e9, NOW, Coverage({}, {}))[0]
    ]
