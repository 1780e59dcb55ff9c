"""The cards' arithmetic, and shares of minutes heard of."""

import pytest

from watchkeeper.api.metrics import cards
from watchkeeper.api.metrics.availability import Heard, shares
from watchkeeper.api.metrics.cards import Card, change, state_against
from watchkeeper.api.metrics.grid import Track
from watchkeeper.api.metrics.resolution import Grid

DAY = 86_400


@pytest.mark.parametrize(
    ("value", "previous", "expected"),
    [(3, 2, 0.5), (1, 2, -0.5), (1, None, None), (None, 2, None), (1, 0, None), (0, 2, -1)],
)
def test_change(value: float | None, previous: float | None, expected: float | None) -> None:
    assert change(value, previous) == expected


@pytest.mark.parametrize(("value", "expected"), [(None, "unknown"), (0.5, "ok"), (0.51, "breached"), (0, "ok")])
def test_state(value: float | None, expected: str) -> None:
    assert state_against(value, 0.5) == expected


def test_sums_and_means_leave_gaps_out() -> None:
    tracks = [
        Track([1, None, None], [], [], [1, 0, 0]),
        Track([4, 5, None], [], [], [2, 1, 0]),
    ]
    assert cards.summed(tracks, 3) == [5, 5, None]
    assert cards.averaged(tracks, 3) == ([3, 5, None], [3, 1, 0])
    assert cards.averaged([], 2) == ([None, None], [0, 0])
    assert (cards.sum_of([None, 1, 2]), cards.sum_of([None]), cards.mean_of([1, None, 4], [1, 9, 2])) == (3, None, 3)


def test_a_period_counts_only_if_it_was_watched_from_its_beginning() -> None:
    assert (cards.watched([1, None]), cards.watched([None, 1]), cards.watched([])) == (True, False, False)


def test_a_card_tells_its_change() -> None:
    assert Card(3, "1", 2, "7d", [2, 3], 1.23456).told() == {
        "value": 3,
        "unit": "1",
        "previous": 2,
        "change": 0.5,
        "period": "7d",
        "trend": [2, 3],
        "age_s": 1.235,
    }


def test_shares_of_minutes_count_from_when_a_host_was_first_seen() -> None:
    grid = Grid(0, DAY, 3)
    rows = [
        Heard("a", -5.0, 10, 0, 1440),
        Heard("a", -5.0, 10, 1, 720),
        Heard("b", 1.5 * DAY, 10, 1, 360),
        Heard("c", 10 * DAY, None, None, 0),
    ]
    values, minutes = shares(rows, grid, 2 * DAY)
    assert minutes == [1440, 1440 + 720, 0]
    assert values == [1.0, (720 + 360) / (1440 + 720), None]


def test_a_slow_host_is_due_once_an_interval() -> None:
    values, minutes = shares([Heard("a", 0, 300, 0, 288)], Grid(0, DAY, 1), DAY)
    assert (values, minutes) == ([1.0], [288])
