"""Which table answers: single samples, minutes or hours, by age and step; and the pieces that a span is read in. Pure.

Single samples are kept 48 hours, minutes and hours longer. A rollup lags behind by some seconds, so the newest piece of
a span is read one resolution finer, and its very end from single samples: the last minute is there.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

MINUTE_S = 60
HOUR_S = 3600
RAW_KEPT_S = 48 * HOUR_S
TAIL_MAX_S = {"minute": 6 * HOUR_S, "hour": 72 * HOUR_S}
"""A rollup that is further behind than this is taken as it is: a late sample must not turn every chart to raw."""


class Resolution(StrEnum):
    """What a table of samples holds."""

    RAW = "raw"
    MINUTE = "minute"
    HOUR = "hour"


WIDTH_S: Mapping[Resolution, int] = {Resolution.RAW: 1, Resolution.MINUTE: MINUTE_S, Resolution.HOUR: HOUR_S}


class Aggregate(StrEnum):
    """What stands for the values within a step."""

    AVG = "avg"
    MIN = "min"
    MAX = "max"
    P95 = "p95"


@dataclass(frozen=True)
class Grid:
    """Where all lines have a value or a gap: each time stands for the ``step_s`` seconds after it."""

    start_s: int
    step_s: int
    count: int

    @property
    def end_s(self) -> int:
        """Where the last step ends."""
        return self.start_s + self.count * self.step_s

    def times_s(self) -> list[int]:
        """The times, unix seconds."""
        return list(range(self.start_s, self.end_s, self.step_s))


@dataclass(frozen=True)
class Coverage:
    """What the store has: below its floor a resolution has nothing; from its tail on a rollup is not computed yet.

    Unix seconds; no floor: nothing was dropped yet; no tail: nothing waits.
    """

    floors_s: Mapping[str, float]
    tails_s: Mapping[str, float]


@dataclass(frozen=True)
class Part:
    """A piece of a span, from ``from_s`` to before ``to_s``, and the table that answers for it."""

    resolution: Resolution
    from_s: int
    to_s: int


def choose(from_s: float, step_s: int, agg: Aggregate, now_s: float, floors_s: Mapping[str, float]) -> Resolution:
    """The resolution for a span that begins at ``from_s``, read at ``step_s``.

    Raw where it is still kept and the step is finer than a minute, or no whole minutes, or ``p95`` is asked for, which
    only single samples tell exactly. Else minutes, where they are kept and the step is not a whole number of hours.
    """
    if _is_kept(Resolution.RAW, from_s, now_s, floors_s) and (step_s % MINUTE_S or agg is Aggregate.P95):
        return Resolution.RAW
    if _is_kept(Resolution.MINUTE, from_s, now_s, floors_s) and (
        step_s % HOUR_S or agg is Aggregate.P95 or now_s - from_s <= RAW_KEPT_S
    ):
        return Resolution.MINUTE
    return Resolution.HOUR


def grid_for(from_s: float, to_s: float, step_s: int, resolution: Resolution) -> Grid:
    """The grid over a span: the step rounded up to whole buckets of ``resolution``, times at whole steps since 1970."""
    width_s = WIDTH_S[resolution]
    step_s = -(-step_s // width_s) * width_s
    start_s = int(from_s // step_s) * step_s
    return Grid(start_s, step_s, max(1, -int(-(to_s - start_s) // step_s)))


def parts(resolution: Resolution, grid: Grid, until_s: float, now_s: float, have: Coverage) -> list[Part]:
    """The pieces to read for ``grid`` up to ``until_s``, oldest first, without gap or overlap, empty ones left out.

    A bucket that ``until_s`` cuts off is read from what is finer, up to ``until_s``, where that is still kept; where it
    is not, the bucket is read whole.
    """
    end_s = min(grid.end_s, math.ceil(until_s))
    minute_tail = _tail(Resolution.MINUTE, now_s, now_s, have.tails_s)
    hour_tail = _tail(Resolution.HOUR, minute_tail, now_s, have.tails_s)
    minute_tail = min(minute_tail, _cut(Resolution.MINUTE, Resolution.RAW, end_s, now_s, have.floors_s))
    hour_tail = min(hour_tail, _cut(Resolution.HOUR, Resolution.MINUTE, end_s, now_s, have.floors_s))
    match resolution:
        case Resolution.RAW:
            bounds = [(Resolution.RAW, end_s)]
        case Resolution.MINUTE:
            bounds = [(Resolution.MINUTE, minute_tail), (Resolution.RAW, end_s)]
        case Resolution.HOUR:
            bounds = [(Resolution.HOUR, hour_tail), (Resolution.MINUTE, minute_tail), (Resolution.RAW, end_s)]
    found, from_s = [], grid.start_s
    for part_resolution, bound_s in bounds:
        to_s = min(end_s, bound_s)
        if to_s > from_s:
            found.append(Part(part_resolution, from_s, to_s))
            from_s = to_s
    return found


def _cut(resolution: Resolution, finer: Resolution, end_s: int, now_s: float, floors_s: Mapping[str, float]) -> int:
    """Where ``resolution`` ends before ``end_s``: before the bucket that it cuts off, if ``finer`` has that bucket."""
    start_s = end_s // WIDTH_S[resolution] * WIDTH_S[resolution]
    return start_s if _is_kept(finer, start_s, now_s, floors_s) else end_s


def _is_kept(resolution: Resolution, from_s: float, now_s: float, floors_s: Mapping[str, float]) -> bool:
    """Whether the store has all of ``resolution`` from ``from_s`` on."""
    if resolution is Resolution.RAW and from_s < now_s - RAW_KEPT_S:
        return False
    return from_s >= floors_s.get(resolution, 0.0)


def _tail(resolution: Resolution, latest_s: float, now_s: float, tails_s: Mapping[str, float]) -> int:
    """Where ``resolution`` is no longer complete: its oldest waiting bucket, at the latest the bucket under way."""
    waiting_s = tails_s.get(resolution, latest_s)
    tail_s = min(latest_s, max(waiting_s, now_s - TAIL_MAX_S[resolution]))
    width_s = WIDTH_S[resolution]
    return int(tail_s // width_s) * width_s
