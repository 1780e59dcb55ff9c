"""Whether a host reports: pure, from the age of its newest sample and its pace.

``reporting``: its newest sample is at most 2.5 intervals old. ``late``: older. ``silent``: older than 5 minutes and
than 10 intervals, whichever is longer; so a restart or a slow link makes a host late, and only one that is gone silent.
"""

from enum import StrEnum

LATE_INTERVALS = 2.5
SILENT_INTERVALS = 10
SILENT_S = 300.0
INTERVAL_UNKNOWN_S = 60.0
"""The pace of what never told one, such as an application that pushes."""


class HostState(StrEnum):
    """How a host is doing, as far as its samples tell."""

    REPORTING = "reporting"
    LATE = "late"
    SILENT = "silent"


def state_of(age_s: float, interval_s: float | None) -> HostState:
    """The state of a host whose newest sample is ``age_s`` old and which reports every ``interval_s``."""
    pace_s = interval_s or INTERVAL_UNKNOWN_S
    if age_s > max(SILENT_S, SILENT_INTERVALS * pace_s):
        return HostState.SILENT
    return HostState.REPORTING if is_fresh(age_s, pace_s) else HostState.LATE


def is_fresh(age_s: float, interval_s: float) -> bool:
    """Whether a sample of ``age_s`` is still the newest to be had from a series that comes every ``interval_s``."""
    return age_s <= LATE_INTERVALS * interval_s
