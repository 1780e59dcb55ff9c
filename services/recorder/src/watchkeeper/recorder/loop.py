"""The loop: fetch, decide, write, in that order, for each partition by itself."""

import asyncio
import contextlib
from collections.abc import Mapping

from watchkeeper.common.bus import (
    TOPICS,
    BusUnavailableError,
    Consumer,
    Fetched,
    Topic,
    ensure_topics,
    open_consumer,
)
from watchkeeper.common.clock import Clock
from watchkeeper.common.logging import get_logger
from watchkeeper.common.service import Running
from watchkeeper.common.store import Store
from watchkeeper.recorder import metrics
from watchkeeper.recorder.domain.retention import portions
from watchkeeper.recorder.portions import BadRecordsError, Portions
from watchkeeper.recorder.settings import RecorderSettings
from watchkeeper.recorder.store import offsets
from watchkeeper.recorder.store.offsets import FencedError, Step
from watchkeeper.recorder.waiting import Backoff, passes

PORTION_BYTES_MAX = 16 * 1024 * 1024
WATCH_EVERY_S = 2.0

log = get_logger(__name__)


class Loop:
    """Takes the topic's records into the store for as long as the service runs."""

    def __init__(self, settings: RecorderSettings, store: Store, running: Running, portions: Portions) -> None:
        """Keep what the loop works with."""
        self._settings = settings
        self._store = store
        self._running = running
        self._portions = portions
        self._next: dict[int, int] = {}
        self._stopped: dict[int, str] = {}

    async def run(self, clock: Clock) -> None:
        """Record until stopped; Kafka away is waited for."""
        settings, running = self._settings, self._running
        backoff = Backoff(running.until_stopped)
        while not running.until_stopped.is_set():
            try:
                await ensure_topics(settings.kafka, wanted_topics(settings.topic))
                running.ready("topics", ok=True)
                async with open_consumer(
                    settings.kafka, settings.topic, settings.consumer, self._starts, instance=settings.instance
                ) as consumer:
                    running.ready("kafka", ok=True)
                    backoff.reset()
                    await self._watched(consumer, clock)
            except BusUnavailableError as error:
                running.ready("kafka", ok=False, detail=str(error))
                await backoff.pause()

    async def _watched(self, consumer: Consumer, clock: Clock) -> None:
        watching = asyncio.create_task(self._watch(consumer))
        try:
            await self._consume(consumer, clock)
        finally:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching

    async def _consume(self, consumer: Consumer, clock: Clock) -> None:
        """Fetch and store until stopped; while the database cannot say where a partition begins, it is waited for."""
        settings, running = self._settings, self._running
        backoff = Backoff(running.until_stopped)
        while not running.until_stopped.is_set():
            batches = consumer.batches(
                running.until_stopped, records_max=settings.records_max, wait_s=settings.batch_wait_s
            )
            try:
                async with contextlib.aclosing(batches):  # type: ignore[type-var]  # it is an asynchronous generator
                    async for fetched in batches:
                        await self._take(consumer, fetched, clock)
                        backoff.reset()
            except Exception as error:
                if isinstance(error, BusUnavailableError) or not passes(error):
                    raise
                running.ready("database", ok=False, detail=f"{type(error).__name__}: {error}")
                await backoff.pause()

    async def _take(self, consumer: Consumer, fetched: Fetched, clock: Clock) -> None:
        """Store what was fetched of one partition, portion by portion."""
        partition = fetched.partition
        if partition in self._stopped:
            consumer.pause(partition)
            return
        if partition not in self._next or self._running.until_stopped.is_set():
            return
        self._check_gap(partition, fetched.records[0].offset)
        for records in portions(fetched.records, PORTION_BYTES_MAX):
            step = Step(
                self._settings.consumer, self._settings.topic, partition, self._next[partition], records[-1].offset + 1
            )
            try:
                if not await self._portions.take(records, step, clock):
                    return
            except FencedError as error:
                await self._fenced(consumer, partition, error)
                return
            except BadRecordsError as error:
                self._stop(consumer, partition, str(error))
                return
            self._next[partition] = step.next_offset

    def _check_gap(self, partition: int, first: int) -> None:
        """Tell of records that the topic lost, or of a topic that began anew: both are seen, neither can be mended."""
        expected = self._next[partition]
        if first > expected > 0:
            log.warning("offsets skipped", partition=partition, expected=expected, found=first)
            metrics.SKIPPED.inc(first - expected)
        elif first < expected:
            log.warning("the topic begins anew", partition=partition, expected=expected, found=first)

    async def _fenced(self, consumer: Consumer, partition: int, error: FencedError) -> None:
        """Go on where the database says."""
        metrics.FENCED.inc()
        starts = await self._starts({partition})
        log.warning("fenced", partition=partition, detail=str(error), next_offset=starts[partition])
        if partition in consumer.assigned:
            await consumer.seek(partition, starts[partition])

    def _stop(self, consumer: Consumer, partition: int, reason: str) -> None:
        """Stop a partition loudly; its offset stays where it is, so nothing is lost."""
        log.error("partition stopped", topic=self._settings.topic, partition=partition, reason=reason,
                  next_offset=self._next[partition])  # fmt: skip
        self._stopped[partition] = reason
        consumer.pause(partition)
        metrics.PARTITION_STOPPED.labels(str(partition)).set(1)
        self._running.ready(f"partition {partition}", ok=False, detail=f"stopped: {reason}")

    def _forget(self, partition: int) -> None:
        """A partition begins anew, here or with another owner."""
        self._portions.forget(partition)
        if self._stopped.pop(partition, None) is not None:
            metrics.PARTITION_STOPPED.labels(str(partition)).set(0)
            self._running.parts.pop(f"partition {partition}", None)

    async def _starts(self, partitions: set[int]) -> Mapping[int, int]:
        """Where each partition begins, as the database says."""
        async with self._store.connection() as connection:
            found = await offsets.starts(connection, self._settings.consumer, self._settings.topic, partitions)
        self._running.ready("database", ok=True)
        for partition in partitions:
            self._forget(partition)
        self._next.update(found)
        return found

    async def _watch(self, consumer: Consumer) -> None:
        """Measure the lag and tell Kafka where the group stands; whether Kafka answers shows here."""
        while True:
            try:
                ends = await consumer.end_offsets()
                await consumer.commit(
                    {partition: self._next[partition] for partition in ends if partition in self._next}
                )
            except BusUnavailableError as error:
                self._running.ready("kafka", ok=False, detail=str(error))
            else:
                self._running.ready("kafka", ok=True)
                self._tell_lag(ends)
            await asyncio.sleep(WATCH_EVERY_S)

    def _tell_lag(self, ends: Mapping[int, int]) -> None:
        metrics.LAG.clear()
        for partition, end in ends.items():
            metrics.LAG.labels(str(partition)).set(max(0, end - self._next.get(partition, 0)))
        for partition in self._stopped.keys() - ends.keys():
            self._forget(partition)


def wanted_topics(topic: str) -> tuple[Topic, ...]:
    """All topics, and ``topic`` where it is none of them."""
    return TOPICS if topic in {known.name for known in TOPICS} else (*TOPICS, Topic(topic))
