"""The newest samples of a fetch, and what it says of its resources."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from watchkeeper.common.events import MetricsBatch, Resource
from watchkeeper.recorder.domain.arranging import Ready
from watchkeeper.recorder.domain.dictionary import Known

ENOUGH = 2
"""The newest sample and the one before it."""
SOURCES_MAX = 256
"""Sources remembered per resource; one with more has all of them forgotten, which costs speed only."""


@dataclass(slots=True)
class Latest:
    """A series' newest sample of a fetch, and the one before it where the fetch has one; times in unix milliseconds."""

    time_ms: int
    value: float
    prev_ms: int | None = None
    prev_value: float | None = None


class ResourceRow(NamedTuple):
    """A resource as its newest batch of a fetch describes it."""

    resource: Resource
    interval_s: float | None
    """The shortest of its sources' intervals."""
    seen_ms: int


def latest(arrivals: Sequence[Ready]) -> dict[int, Latest]:
    """The newest two samples of each series in ``arrivals``; of two at the same time, the one that came first.

    Backwards in time, so that of a long backlog only the newest two batches of each source are looked at, as long as
    their series stay the same.
    """
    found: dict[int, Latest] = {}
    done: dict[tuple[str, str], tuple[int, list[int]]] = {}
    for ready in sorted(arrivals, key=_time, reverse=True):
        batch = ready.batch
        key = (batch.resource.id, batch.source)
        times, ids = done.get(key, (0, ready.ids))
        if times >= ENOUGH and ids == ready.ids:
            continue
        grown = _take(found, ready)
        done[key] = (grown + (times if ids == ready.ids else 0), ready.ids)
    return found


def _time(ready: Ready) -> int:
    return ready.batch.time_ms


def _take(found: dict[int, Latest], ready: Ready) -> bool:
    """Take in a batch not newer than those before it; answers whether it is older than what its series had."""
    time_ms = ready.batch.time_ms
    grown = True
    for series_id, value in zip(ready.ids, ready.values, strict=True):
        known = found.get(series_id)
        if known is None:
            found[series_id] = Latest(time_ms, value)
        elif known.time_ms == time_ms:
            grown = False
        elif known.prev_ms is None:
            known.prev_ms, known.prev_value = time_ms, value
    return grown


def describe(arrivals: Sequence[Ready]) -> dict[str, ResourceRow]:
    """The resources of ``arrivals``, each as its newest batch tells it; their sources' intervals are remembered."""
    found: dict[str, ResourceRow] = {}
    for ready in arrivals:
        batch = ready.batch
        interval_s = _interval(ready.known, batch)
        known = found.get(batch.resource.id)
        if known is None or batch.time_ms >= known.seen_ms:
            found[batch.resource.id] = ResourceRow(batch.resource, interval_s, batch.time_ms)
        elif interval_s != known.interval_s:
            found[batch.resource.id] = known._replace(interval_s=interval_s)
    return found


def _interval(known: Known, batch: MetricsBatch) -> float | None:
    if batch.interval_s is not None and known.intervals.get(batch.source) != batch.interval_s:
        if len(known.intervals) >= SOURCES_MAX:
            known.intervals.clear()
        known.intervals[batch.source] = batch.interval_s
    return min(known.intervals.values(), default=None)


def remember_newest(known: Known, source: str, time_ms: int) -> None:
    """Note the newest batch of ``source`` that is stored."""
    if len(known.newest_ms) >= SOURCES_MAX:
        known.newest_ms.clear()
    known.newest_ms[source] = max(time_ms, known.newest_ms.get(source, time_ms))
