"""One transaction per portion of a partition: the offset, the rows, and what is said about them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from watchkeeper.common.clock import from_ms
from watchkeeper.common.logging import get_logger
from watchkeeper.common.store import Connection, Store
from watchkeeper.recorder import metrics
from watchkeeper.recorder.domain.arranging import Floors, LateBatch, Plan, Ready, arrange, complete
from watchkeeper.recorder.domain.arrivals import Arrival, NewSeries, SeriesKey, admit, to_count
from watchkeeper.recorder.domain.buckets import HOUR_MS, MINUTE_MS, bucket_ms, gather
from watchkeeper.recorder.domain.dictionary import Dictionary, note_refused, unseen_refused
from watchkeeper.recorder.domain.newest import describe, latest, remember_newest
from watchkeeper.recorder.store import offsets, resources, rollups, samples, series
from watchkeeper.recorder.store.offsets import Step
from watchkeeper.recorder.store.resources import CardinalityRefusal
from watchkeeper.recorder.store.room import Room

ACTIVE = timedelta(hours=24)
"""A series with no sample for so long no longer counts towards its resource's limit."""

BeforeCommit = Callable[[], Awaitable[None]]

log = get_logger(__name__)


class FloorMovedError(Exception):
    """Retention went on since the records were read: some are older than anything that is kept now."""


@dataclass
class Identified:
    """The ids of series that the dictionary did not know, and what became of those without."""

    ids: dict[SeriesKey, int] = field(default_factory=dict)
    active: dict[str, int] = field(default_factory=dict)
    """Active series per resource, as far as they were counted or grew."""
    counted: list[str] = field(default_factory=list)
    refused: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class Written:
    """What one transaction did; figures and memory follow it only after its commit."""

    batches: int
    identified: Identified
    plan: Plan
    refusals: list[CardinalityRefusal]
    stored: int = 0
    merged: int = 0


class Writer:
    """Writes portions into ``store``. One at a time: what it remembers is of committed rows only."""

    def __init__(self, store: Store, dictionary: Dictionary, series_max: int, floors: Floors) -> None:
        """Begin with the floors as they stand."""
        self._store = store
        self.dictionary = dictionary
        self._series_max = series_max
        self.floors = floors
        self.room = Room(store)

    async def write(
        self,
        step: Step,
        arrivals: Sequence[Arrival],
        unknown: Mapping[SeriesKey, NewSeries],
        before_commit: BeforeCommit,
        now_ms: int,
    ) -> None:
        """Store ``arrivals`` and move the offset, all or nothing.

        1. room for the rows, outside the transaction (those who make partitions take turns);
        2. the offset moves, or the transaction is fenced;
        3. new series and resources, samples, rollup marks, newest samples, refusals;
        4. ``before_commit`` (the dead letters are acknowledged);
        5. commit; only then the memory and the figures follow.

        Raises ``FencedError``, ``FloorMovedError``, what ``before_commit`` raises, and what asyncpg raises.
        """
        await self._make_room(arrivals)
        with metrics.TRANSACTION_S.time():
            async with self._store.transaction() as connection:
                self.floors = await offsets.move(connection, step)
                identified = await self._identify(connection, unknown, now_ms)
                written = await self._rows(connection, arrivals, identified)
                await before_commit()
        self._remember(written, now_ms)

    def forget(self) -> None:
        """Forget what is known of the database: it was away, and may have come back as another one."""
        self.dictionary.clear()
        self.room.forget()

    async def _make_room(self, arrivals: Sequence[Arrival]) -> None:
        times = {arrival.batch.time_ms for arrival in arrivals}
        raw_ms, minute_ms, _ = self.floors
        await self.room.make("raw", (time_ms for time_ms in times if time_ms >= raw_ms))
        await self.room.make("minute", (time_ms for time_ms in times if minute_ms <= time_ms < raw_ms))
        await self.room.make("hour", (time_ms for time_ms in times if time_ms < minute_ms))

    async def _identify(
        self, connection: Connection, unknown: Mapping[SeriesKey, NewSeries], now_ms: int
    ) -> Identified:
        found = Identified()
        if not unknown:
            return found
        found.ids = await series.find(connection, unknown)
        missing = [key for key in unknown if key not in found.ids]
        if not missing:
            return found
        found.counted = to_count(missing, self.dictionary, self._series_max, now_ms)
        known = {key.resource_id: self.dictionary.of(key.resource_id).active or 0 for key in missing}
        if found.counted:
            known |= await series.active(connection, found.counted, from_ms(now_ms) - ACTIVE)
        admission = admit(missing, known, self._series_max)
        if admission.admitted:
            found.ids |= await series.add(connection, admission.admitted, unknown)
        for key in admission.admitted:
            known[key.resource_id] += 1
        found.active = known
        found.refused = admission.refused
        return found

    async def _rows(self, connection: Connection, arrivals: Sequence[Arrival], identified: Identified) -> Written:
        ready, refused = complete(arrivals, identified.ids)
        plan = arrange(ready, self.floors)
        written = Written(len(ready), identified, plan, self._refusals(identified, refused))
        if any(late.time_ms < self.floors.hour_ms for late in plan.late):
            raise FloorMovedError("a batch is older than the oldest rollup that is kept")
        written.stored = await samples.copy(connection, plan.fresh) + await samples.insert(connection, plan.old)
        if plan.late:
            written.merged = await merge_late(connection, plan.late, self.floors)
        await _bookkeeping(connection, ready, plan)
        if written.refusals:
            await resources.refuse(connection, written.refusals)
        return written

    def _refusals(self, identified: Identified, refused: Mapping[str, int]) -> list[CardinalityRefusal]:
        found = []
        for resource_id, count in refused.items():
            texts = identified.refused[resource_id]
            unseen = unseen_refused(self.dictionary.of(resource_id), texts)
            found.append(CardinalityRefusal(resource_id, self._series_max, len(unseen), count, texts[0]))
        return found

    def _remember(self, written: Written, now_ms: int) -> None:
        identified, plan = written.identified, written.plan
        for resource_id, texts in identified.refused.items():
            known = self.dictionary.of(resource_id)
            fresh = [text for text in texts if note_refused(known, text)]
            if fresh:
                log.warning(
                    "series refused", resource=resource_id, series_max=self._series_max, series=len(fresh),
                    examples=fresh[:3],
                )  # fmt: skip
        for resource_id, count in identified.active.items():
            self.dictionary.of(resource_id).active = count
        for resource_id in identified.counted:
            self.dictionary.of(resource_id).looked_ms = now_ms
        self.dictionary.learn((key.resource_id, key.text, number) for key, number in identified.ids.items())
        for (resource_id, source), time_ms in plan.newest_ms.items():
            remember_newest(self.dictionary.of(resource_id), source, time_ms)
        self.dictionary.trim()
        metrics.STORED.inc(written.stored)
        metrics.REPEATED.inc(len(plan.fresh) + len(plan.old) - written.stored)
        metrics.MERGED.inc(written.merged)
        metrics.BATCHES.inc(written.batches)
        metrics.CARDINALITY.inc(sum(refusal.samples for refusal in written.refusals))


async def _bookkeeping(connection: Connection, ready: Sequence[Ready], plan: Plan) -> None:
    if not ready:
        return
    if plan.marks:
        await rollups.mark(connection, "minute", plan.marks)
    await samples.move_latest(connection, latest(ready))
    await resources.see(connection, describe(ready))


async def merge_late(connection: Connection, late: Sequence[LateBatch], floors: Floors) -> int:
    """Add batches whose raw samples are not kept any more to the rollups, each batch once; answers how many samples.

    Once among those that came late, that is: one that was stored as samples, and is sent again when these have gone, is
    not known again (docs/decisions/0012-none-twice-and-how-long.md).

    Minutes that are still kept take them, and their hours are marked; else the hours take them.
    """
    fresh = await rollups.remember_late(connection, [(batch.resource_id, batch.batch_id) for batch in late])
    once = {(batch.resource_id, batch.batch_id): batch for batch in reversed(late)}
    batches = [batch for key, batch in once.items() if key in fresh]
    minutes = [batch for batch in batches if batch.time_ms >= floors.minute_ms]
    hours = [batch for batch in batches if batch.time_ms < floors.minute_ms]
    if minutes:
        await rollups.merge(connection, "minute", gather(_samples(minutes), MINUTE_MS))
        marks = {(bucket_ms(batch.time_ms, HOUR_MS), batch.resource_id) for batch in minutes}
        await rollups.mark(connection, "hour", marks)
    if hours:
        await rollups.merge(connection, "hour", gather(_samples(hours), HOUR_MS))
    return sum(len(batch.values) for batch in batches)


def _samples(batches: Sequence[LateBatch]) -> list[tuple[int, int, float]]:
    return [(series_id, batch.time_ms, value) for batch in batches for series_id, value in batch.values.items()]
