"""Which series the batches of a fetch bring: known by their ids, or new, parsed once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from watchkeeper.common.bus import Received
from watchkeeper.common.events import BadEventError, Kind, MetricsBatch
from watchkeeper.common.series import BadSeriesError, parse_series
from watchkeeper.recorder.domain.dictionary import Dictionary, Known, may_add
from watchkeeper.recorder.domain.reading import Reading

LOOK_AGAIN_MS = 60_000
"""A resource at its limit has its active series counted again after this long."""


class SeriesKey(NamedTuple):
    """What tells series apart: the resource's id and the canonical text."""

    resource_id: str
    text: str


class NewSeries(NamedTuple):
    """A series that the dictionary in memory does not know, as its row would be."""

    name: str
    labels: dict[str, str]
    unit: str
    kind: Kind


@dataclass(slots=True)
class Arrival:
    """A batch on its way into the store, with the ids of its series; None where an id is not known yet."""

    batch: MetricsBatch
    known: Known
    ids: list[int | None]


@dataclass(frozen=True)
class Admission:
    """Which unknown series become rows, and which the limit refuses."""

    admitted: list[SeriesKey]
    refused: dict[str, list[str]]
    """Refused series texts by resource id."""


def resolve(reading: Reading, dictionary: Dictionary) -> tuple[list[Arrival], dict[SeriesKey, NewSeries]]:
    """The batches of ``reading`` with the ids that are known, and the series that are not.

    A batch with a series that breaks the grammar becomes a refusal of ``reading``. May be called again for the same
    ``reading``, after ``dictionary`` has learnt or forgotten.
    """
    arrivals: list[Arrival] = []
    unknown: dict[SeriesKey, NewSeries] = {}
    kept: list[tuple[Received, MetricsBatch]] = []
    for received, batch in reading.batches:
        known = dictionary.of(batch.resource.id)
        ids: list[int | None] = list(map(known.ids.get, batch.series))
        if None in ids:
            try:
                unknown.update(_new(batch, ids, unknown))
            except BadEventError as error:
                reading.refuse(received, error)
                continue
        kept.append((received, batch))
        arrivals.append(Arrival(batch, known, ids))
    reading.batches = kept
    return arrivals, unknown


def _new(
    batch: MetricsBatch, ids: Iterable[int | None], seen: Mapping[SeriesKey, NewSeries]
) -> dict[SeriesKey, NewSeries]:
    """The series of ``batch`` without an id that ``seen`` lacks; raises ``BadEventError``."""
    found: dict[SeriesKey, NewSeries] = {}
    for index, (text, series_id) in enumerate(zip(batch.series, ids, strict=True)):
        key = SeriesKey(batch.resource.id, text)
        if series_id is not None or key in seen:
            continue
        try:
            name, labels = parse_series(text)
        except BadSeriesError as error:
            raise BadEventError("series", f"series[{index}]", str(error)) from error
        if "\0" in batch.units[index]:
            raise BadEventError("value", f"units[{index}]", "contains a NUL character")
        found[key] = NewSeries(name, labels, batch.units[index], batch.kinds[index])
    return found


def to_count(unknown: Iterable[SeriesKey], dictionary: Dictionary, series_max: int, now_ms: int) -> list[str]:
    """The resources of ``unknown`` whose active series the database is to count before they may have more."""
    found = set()
    for key in unknown:
        known = dictionary.of(key.resource_id)
        full = known.active is not None and not may_add(known, series_max)
        if known.active is None or (full and now_ms - known.looked_ms >= LOOK_AGAIN_MS):
            found.add(key.resource_id)
    return sorted(found)


def admit(unknown: Iterable[SeriesKey], active: Mapping[str, int], series_max: int) -> Admission:
    """Admit unknown series, first come, until their resource has ``series_max``; ``active`` tells how many it has."""
    counts = dict(active)
    admission = Admission([], {})
    for key in unknown:
        count = counts.get(key.resource_id, 0)
        if count < series_max:
            counts[key.resource_id] = count + 1
            admission.admitted.append(key)
        else:
            admission.refused.setdefault(key.resource_id, []).append(key.text)
    return admission
