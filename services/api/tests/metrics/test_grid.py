"""Arrays laid onto a grid, against a plain oracle."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.api.metrics.grid import Piece, Track, carry, lay, typical
from watchkeeper.api.metrics.resolution import Aggregate
from watchkeeper.api.metrics.types import Shape

COUNT = 12
SLOT_VALUES = st.dictionaries(
    st.integers(0, COUNT - 1), st.tuples(st.integers(-9, 9), st.integers(1, 5)), min_size=1, max_size=COUNT
)


def piece(found: dict[int, tuple[int, int]], order: list[int]) -> Piece:
    values = [float(found[slot][0]) for slot in order]
    weights = [float(found[slot][1]) for slot in order]
    return Piece(order, values, [v - 1 for v in values], [v + 1 for v in values], weights)


@given(st.lists(SLOT_VALUES, max_size=3), st.sampled_from(Aggregate), st.sampled_from(Shape), st.randoms())
def test_pieces_come_together_by_weight(
    found: list[dict[int, tuple[int, int]]], agg: Aggregate, shape: Shape, random: Any
) -> None:
    pieces = []
    for one in found:
        order = sorted(one)
        if random.random() < 0.5:
            random.shuffle(order)
        pieces.append(piece(one, order))
    track = lay(COUNT, pieces, shape, agg)
    for slot in range(COUNT):
        here = [one[slot] for one in found if slot in one]
        if not here:
            assert (track.values[slot], track.lows[slot], track.highs[slot]) == (None, None, None)
            continue
        low, high = min(v for v, _ in here) - 1, max(v for v, _ in here) + 1
        mean = sum(v * w for v, w in here) / sum(w for _, w in here)
        expected: float = mean
        if len(here) > 1 and agg is Aggregate.MIN:
            expected = low
        elif len(here) > 1 and agg is Aggregate.MAX:
            expected = high
        elif agg is Aggregate.AVG and shape is Shape.INCREASE:
            expected = sum(v for v, _ in here)
        assert track.values[slot] == pytest.approx(expected)
        assert (track.lows[slot], track.highs[slot]) == (low, high)


def carried(values: list[float | None], step_s: int = 1) -> list[float | None]:
    track = Track(list(values), list(values), list(values))
    carry(track, step_s)
    assert track.values == track.lows == track.highs
    return track.values


N = None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, N, 2, N, 3, N], [1, 1, 2, 2, 3, 3]),
        ([1, N, N, 2, N, N, 3], [1, 1, 1, 2, 2, 2, 3]),
        ([1, N, 2, N, 3, N, N, N, N, 4, N, 5, N, 6], [1, 1, 2, 2, 3, 3, 3, 3, N, 4, 4, 5, 5, 6]),
        ([1, 2, 3, N, N, N, 4, 5, 6, 7, 8, 9, 10], [1, 2, 3, N, N, N, 4, 5, 6, 7, 8, 9, 10]),
        ([N, N, 1, N, N], [N, N, 1, N, N]),
        ([N, N, N], [N, N, N]),
        ([1, 2, 3, N], [1, 2, 3, N]),
        ([1, 2, 3], [1, 2, 3]),
    ],
    ids=["half", "third", "gap", "as-fine-as-the-interval", "one", "none", "end", "full"],
)
def test_a_value_stands_until_the_next_but_not_across_a_gap(values: Any, expected: Any) -> None:
    assert carried(values) == expected


def test_dots_further_apart_than_ten_minutes_stay_dots() -> None:
    assert carried([1, N, 2], 300) == [1, 1, 2]
    assert carried([1, N, 2], 301) == [1, N, 2]


@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=60), st.integers(1, 700))
def test_carrying_changes_only_gaps_and_only_to_the_value_before(values: list[float | None], step_s: int) -> None:
    after = carried(values, step_s)
    last = None
    for before, now in zip(values, after, strict=True):
        if before is not None:
            assert now == before
        else:
            assert now is None or now == last
        last = before if before is not None else last


def test_the_typical_space_leaves_pauses_out() -> None:
    assert typical([6] * 19 + [600]) == 6
    assert typical([7]) == 7
