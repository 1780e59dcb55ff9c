"""Whether a host reports."""

import pytest

from watchkeeper.api.hosts.inventory import counts, ordered
from watchkeeper.api.hosts.states import HostState, is_fresh, state_of

REPORTING, LATE, SILENT = HostState.REPORTING, HostState.LATE, HostState.SILENT


@pytest.mark.parametrize(
    ("age_s", "interval_s", "expected"),
    [
        (0, 10, REPORTING),
        (25, 10, REPORTING),
        (25.1, 10, LATE),
        (300, 10, LATE),
        (300.1, 10, SILENT),
        (150, 60, REPORTING),
        (600, 60, LATE),
        (600.1, 60, SILENT),
        (750, 300, REPORTING),
        (3000, 300, LATE),
        (3000.1, 300, SILENT),
        (150, None, REPORTING),
        (151, None, LATE),
        (601, None, SILENT),
    ],
)
def test_states_by_age_and_pace(age_s: float, interval_s: float | None, expected: HostState) -> None:
    assert state_of(age_s, interval_s) is expected


def test_fresh_is_up_to_two_and_a_half_intervals() -> None:
    assert (is_fresh(25, 10), is_fresh(25.01, 10)) == (True, False)


def test_silent_expected_hosts_come_first_and_unexpected_ones_last_and_uncounted() -> None:
    def host(name: str, state: HostState, *, expected: bool = True) -> dict[str, object]:
        return {"id": name, "name": name, "state": state, "expected": expected}

    found = ordered(
        [
            host("b", REPORTING),
            host("gone", SILENT, expected=False),
            host("a", REPORTING),
            host("c", SILENT),
            host("d", LATE),
        ]
    )
    assert [one["id"] for one in found] == ["c", "d", "a", "b", "gone"]
    assert counts(found) == {REPORTING: 2, LATE: 1, SILENT: 1}
