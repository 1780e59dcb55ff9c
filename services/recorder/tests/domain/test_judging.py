"""When a partition is stopped."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.recorder.domain.judging import BAD_IN_A_ROW_MAX, SEEN_MIN, WINDOW_RECORDS, BadRun, bad_allowed


def test_99_in_a_row_pass_and_the_100th_stops() -> None:
    """The row is counted over fetches."""
    run = BadRun()
    assert run.judge(0, [True] + [False] * 60) is None
    assert run.judge(0, [False] * (BAD_IN_A_ROW_MAX - 61)) is None
    assert run.judge(0, [False]) == "100 malformed records in a row"


def test_a_good_record_and_another_owner_end_the_row() -> None:
    """What was bad before does not count any more."""
    run = BadRun()
    run.judge(0, [False] * 99)
    assert run.judge(0, [True, *[False] * 99]) is None
    run.forget(0)
    assert run.judge(0, [False] * 99) is None


def test_rows_of_different_partitions_are_different_rows() -> None:
    """Two partitions with 60 bad records each are no row of 120."""
    run = BadRun()
    assert run.judge(0, [False] * 60) is None
    assert run.judge(1, [False] * 60) is None


@pytest.mark.parametrize("seed", range(10))
def test_one_in_a_hundred_by_chance_does_not_stop(seed: int) -> None:
    """1,000 malformed among 100,000 in any order are within the bound."""
    verdicts = [index >= 1000 for index in range(100_000)]
    random.Random(seed).shuffle(verdicts)
    run = BadRun()
    assert all(run.judge(0, verdicts[start : start + 500]) is None for start in range(0, 100_000, 500))


def test_two_in_a_hundred_stop_once_enough_was_seen() -> None:
    """Neither before the minimum, nor much after."""
    run = BadRun()
    fetch = [index % 50 != 0 for index in range(500)]
    reasons = [run.judge(0, fetch) for _ in range(SEEN_MIN // 500)]
    assert reasons[:-1] == [None] * (len(reasons) - 1)
    assert reasons[-1] == f"{SEEN_MIN // 50} malformed among the last {SEEN_MIN} records"


def test_a_partition_over_the_share_stops_alone_and_begins_afresh_with_its_next_owner() -> None:
    """A partition that carries good records only goes on beside it, whichever of the two is fetched first."""
    run = BadRun()
    bad, good = [index % 50 != 0 for index in range(SEEN_MIN)], [True] * SEEN_MIN
    assert run.judge(0, bad) == f"{SEEN_MIN // 50} malformed among the last {SEEN_MIN} records"
    assert run.judge(1, good) is None
    assert run.judge(0, good[:1]) is not None
    run.forget(0)
    assert run.judge(0, good) is None
    assert run.judge(0, bad[: SEEN_MIN // 2]) is None


@pytest.mark.parametrize("seed", range(20))
def test_a_thousand_by_chance_over_four_partitions_stop_none(seed: int) -> None:
    """1,000 malformed among 100,000: about 250 among the 25,000 of each, more in some than in others."""
    verdicts = [index >= 1000 for index in range(100_000)]
    random.Random(seed).shuffle(verdicts)
    run = BadRun()
    for start in range(0, 100_000, 2_000):
        fetch = verdicts[start : start + 2_000]
        assert [run.judge(partition, fetch[partition::4]) for partition in range(4)] == [None] * 4


@given(st.lists(st.integers(1, 40_000), max_size=30))
def test_the_window_stays_bounded(sizes: list[int]) -> None:
    """What is remembered never exceeds the window by more than one fetch."""
    run = BadRun()
    for size in sizes:
        run.judge(0, [True] * size)
        window = run.windows[0]
        assert window.seen < WINDOW_RECORDS + max(sizes)
        assert window.seen == sum(seen for seen, _ in window.fetches)


def test_allowed_grows_with_what_was_seen() -> None:
    """At 100,000 the bound is 1,000 and four deviations."""
    assert 1100 < bad_allowed(100_000) < 1150
