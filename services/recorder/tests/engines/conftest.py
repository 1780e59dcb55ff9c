"""A recorder in this process on real engines, with a topic and a database of the test's own."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from watchkeeper.common.bus import KafkaSettings, Producer, Record, open_producer, tail
from watchkeeper.common.events import (
    DEAD_LETTERS_TOPIC,
    DeadLetter,
    Kind,
    MetricsBatch,
    Resource,
    decode_dead_letter,
    encode,
)
from watchkeeper.common.ids import batch_id
from watchkeeper.common.service import Running
from watchkeeper.common.store import Store
from watchkeeper.recorder.service import record
from watchkeeper.recorder.settings import RecorderSettings

WAIT_S = 30.0
STOP_S = 10.0

SAMPLES = """
    SELECT resource_id, text, (extract(epoch FROM ts) * 1000)::bigint AS ms, value
    FROM samples JOIN series USING (series_id)
"""
WRITTEN = "SELECT coalesce(sum(next_offset), 0)::int AS n FROM consumer_offsets"

SampleRow = tuple[str, str, int, float]


@dataclass
class Rig:
    """What the tests of a whole recorder work with."""

    kafka: KafkaSettings
    store: Store
    producer: Producer
    topic: str
    now_ms: int = field(default_factory=lambda: time.time_ns() // 1_000_000)

    def settings(self, **given: Any) -> RecorderSettings:
        """Settings on the test's own topic and database, quick where production is slow."""
        own: dict[str, Any] = {"kafka": self.kafka, "database": self.store.settings, "topic": self.topic}
        quick: dict[str, Any] = {"consumer": self.topic, "rollup_every_s": 0.2, "batch_wait_s": 0.05}
        return RecorderSettings(**(own | quick | given))

    @contextlib.asynccontextmanager
    async def recorder(self, **given: Any) -> AsyncIterator[Running]:
        """Run a recorder for a block; leaving it stops the recorder as SIGTERM would, within its time."""
        running = Running("recorder")
        task = asyncio.create_task(record(self.settings(**given), running))
        try:
            yield running
        finally:
            running.until_stopped.set()
            async with asyncio.timeout(STOP_S):
                await task

    def batch(
        self, values: dict[str, float], *, resource: str = "h", source: str = "s", age_s: float = 10,
        kind: Kind = "gauge", interval_s: float | None = None,
    ) -> MetricsBatch:  # fmt: skip
        """A batch that is ``age_s`` old."""
        time_ms, count = self.now_ms - int(age_s * 1000), len(values)
        return MetricsBatch(
            batch_id=batch_id(resource, source, time_ms), time_ms=time_ms, interval_s=interval_s, source=source,
            resource=Resource(id=resource), series=list(values), units=["1"] * count, kinds=[kind] * count,
            values=list(values.values()),
        )  # fmt: skip

    async def send(self, *values: MetricsBatch | bytes) -> None:
        """Send to the test's topic, in order, all to one partition; returns when all are acknowledged."""
        records = [Record(self.topic, "key", encode(v) if isinstance(v, MetricsBatch) else v) for v in values]
        for start in range(0, len(records), 5_000):
            answers = await self.producer.send_all(records[start : start + 5_000])
            assert not [answer for answer in answers if isinstance(answer, Exception)]

    async def until(self, check: Callable[[], Awaitable[object]]) -> None:
        """Wait until what is asked for is true."""
        deadline_s = time.monotonic() + WAIT_S
        while not await check():
            assert time.monotonic() < deadline_s, f"not within {WAIT_S:g} s"
            await asyncio.sleep(0.05)

    async def until_written(self, records: int) -> None:
        """Wait until so many records are behind the recorder."""

        async def done() -> bool:
            return bool((await self.query(WRITTEN))[0]["n"] == records)

        await self.until(done)

    async def until_not_ready(self, running: Running, part: str, detail: str = "") -> None:
        """Wait until ``part`` says that it is not ready, and why."""

        async def done() -> bool:
            found = running.parts.get(part)
            return found is not None and not found.ok and detail in found.detail

        await self.until(done)

    async def until_ready(self, running: Running) -> None:
        """Wait until all parts are ready."""

        async def done() -> bool:
            return {"kafka", "database", "topics"} <= running.parts.keys() and all(p.ok for p in running.parts.values())

        await self.until(done)

    async def stored(self) -> list[SampleRow]:
        """All samples: (resource, series text, unix ms, value), sorted."""
        return sorted((row["resource_id"], row["text"], row["ms"], row["value"]) for row in await self.query(SAMPLES))

    async def query(self, statement: str, *arguments: object) -> list[dict[str, Any]]:
        """Rows of a query, as dictionaries."""
        async with self.store.connection() as connection:
            return [dict(row) for row in await connection.fetch(statement, *arguments)]

    async def letters(self) -> list[DeadLetter]:
        """All dead letters of the test's topic; there are others' beside them."""
        found: list[DeadLetter] = []
        async with contextlib.aclosing(tail(self.kafka, DEAD_LETTERS_TOPIC, since_ms=self.now_ms)) as batches:  # type: ignore[type-var]  # an asynchronous generator
            quiet = 0
            async for received in batches:
                every = [decode_dead_letter(record.value or b"") for record in received]
                found += [letter for letter in every if letter.topic == self.topic]
                quiet = 0 if received else quiet + 1
                if quiet == 2:
                    break
        return sorted(found, key=lambda letter: (letter.partition, letter.offset))

    @staticmethod
    def rows(batches: Sequence[MetricsBatch]) -> list[SampleRow]:
        """What is to be stored of ``batches``."""
        return sorted(
            (batch.resource.id, text, batch.time_ms, value)
            for batch in batches
            for text, value in zip(batch.series, batch.values, strict=True)
        )


@pytest.fixture
async def rig(kafka: KafkaSettings, store: Store, topic: str) -> AsyncIterator[Rig]:
    """A topic and a database of the test's own, and what works on them."""
    async with open_producer(kafka, "test") as producer:
        yield Rig(kafka, store, producer, topic)
