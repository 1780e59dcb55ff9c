"""From arrivals to rows: what is copied, what may be there already, what came after its raw samples had gone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import repeat
from typing import NamedTuple

from watchkeeper.common.clock import from_ms
from watchkeeper.common.events import MetricsBatch
from watchkeeper.recorder.domain.arrivals import Arrival, SeriesKey
from watchkeeper.recorder.domain.buckets import MINUTE_MS, bucket_ms
from watchkeeper.recorder.domain.dictionary import Known

SampleRow = tuple[int, datetime, float]
"""Series id, time, value."""


class Floors(NamedTuple):
    """Below its floor (unix milliseconds) a resolution takes no rows any more."""

    raw_ms: int
    minute_ms: int
    hour_ms: int


@dataclass(slots=True)
class Ready:
    """A batch whose every sample has its series' id; those that the limit refused are gone."""

    batch: MetricsBatch
    known: Known
    ids: list[int]
    values: list[float]


class LateBatch(NamedTuple):
    """A batch older than the oldest raw sample: merged into the rollups."""

    resource_id: str
    batch_id: str
    time_ms: int
    values: dict[int, float]
    """Series id → value."""


@dataclass
class Plan:
    """The sample rows of one transaction, and the minutes whose rollup they change."""

    fresh: list[SampleRow] = field(default_factory=list)
    """Newer than all that their resource and source had stored: the fast path."""
    old: list[SampleRow] = field(default_factory=list)
    """Not newer: they may be stored already."""
    late: list[LateBatch] = field(default_factory=list)
    marks: set[tuple[int, str]] = field(default_factory=set)
    """Minutes (unix ms of their start) and the resource."""
    newest_ms: dict[tuple[str, str], int] = field(default_factory=dict)
    """By resource and source: what the dictionary is to remember after the commit."""


def complete(arrivals: Sequence[Arrival], ids: Mapping[SeriesKey, int]) -> tuple[list[Ready], dict[str, int]]:
    """Give each sample its id, from ``ids`` where it was not known; also answers how many had none, by resource."""
    found: list[Ready] = []
    refused: dict[str, int] = {}
    for arrival in arrivals:
        batch = arrival.batch
        ready = _complete(arrival, ids)
        found.append(ready)
        if len(ready.ids) < len(batch.series):
            missing = len(batch.series) - len(ready.ids)
            refused[batch.resource.id] = refused.get(batch.resource.id, 0) + missing
    return found, refused


def _complete(arrival: Arrival, ids: Mapping[SeriesKey, int]) -> Ready:
    batch = arrival.batch
    ready = Ready(batch, arrival.known, [], [])
    if None not in arrival.ids:
        ready.ids = arrival.ids  # type: ignore[assignment]  # no None in it
        ready.values = batch.values
        return ready
    for known, text, value in zip(arrival.ids, batch.series, batch.values, strict=True):
        series_id = ids.get(SeriesKey(batch.resource.id, text)) if known is None else known
        if series_id is not None:
            ready.ids.append(series_id)
            ready.values.append(value)
    return ready


def arrange(arrivals: Sequence[Ready], floors: Floors) -> Plan:
    """Sort the samples of ``arrivals``, in the order in which they came, into a plan."""
    plan = Plan()
    for ready in arrivals:
        batch = ready.batch
        time_ms, resource_id = batch.time_ms, batch.resource.id
        if time_ms < floors.raw_ms:
            values = dict(zip(ready.ids, ready.values, strict=True))
            plan.late.append(LateBatch(resource_id, batch.batch_id, time_ms, values))
            continue
        key = (resource_id, batch.source)
        newest_ms = plan.newest_ms.get(key) or ready.known.newest_ms.get(batch.source, -1)
        rows = zip(ready.ids, repeat(from_ms(time_ms)), ready.values, strict=False)
        if time_ms > newest_ms:
            plan.fresh.extend(rows)
            plan.newest_ms[key] = time_ms
        else:
            plan.old.extend(rows)
        if ready.ids:
            plan.marks.add((bucket_ms(time_ms, MINUTE_MS), resource_id))
    return plan
