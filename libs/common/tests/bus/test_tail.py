"""Reading along a real topic without a group."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping

import pytest

from watchkeeper.common.bus import (
    BusUnavailableError,
    KafkaSettings,
    Producer,
    Record,
    end_offsets,
    open_producer,
    tail,
)

WITHIN_S = 20.0


@pytest.fixture(name="producer")
async def _producer(kafka: KafkaSettings) -> AsyncIterator[Producer]:
    async with open_producer(kafka, "test-tail") as producer:
        yield producer


async def first_values(records: AsyncIterator[list], count: int) -> list[bytes]:  # type: ignore[type-arg]
    """The first ``count`` values that come."""
    found: list[bytes] = []
    async with asyncio.timeout(WITHIN_S):
        async for received in records:
            found.extend(record.value for record in received)
            if len(found) >= count:
                break
    return found


async def test_it_begins_at_the_end(kafka: KafkaSettings, producer: Producer, topic: str) -> None:
    await producer.send(topic, "k", b"old")
    records = tail(kafka, topic)
    async with asyncio.timeout(WITHIN_S):
        assert await anext(records) == [], "an empty list says that nothing came"
    await producer.send(topic, "k", b"new")
    assert await first_values(records, 1) == [b"new"]
    await records.aclose()  # type: ignore[attr-defined]


async def test_since_a_time_gives_what_is_not_older(kafka: KafkaSettings, producer: Producer, topic: str) -> None:
    await producer.send(topic, "k", b"old")
    await asyncio.sleep(0.01)
    since_ms = time.time_ns() // 1_000_000
    await asyncio.sleep(0.01)
    await producer.send_all([Record(topic, f"k{n}", b"%d" % n) for n in range(20)])
    found = await first_values(tail(kafka, topic, since_ms=since_ms), 20)
    assert sorted(found, key=int) == [b"%d" % n for n in range(20)]


async def test_since_a_time_after_the_last_record_begins_at_the_end(
    kafka: KafkaSettings, producer: Producer, topic: str
) -> None:
    await producer.send(topic, "k", b"old")
    records = tail(kafka, topic, since_ms=time.time_ns() // 1_000_000 + 60_000)
    async with asyncio.timeout(WITHIN_S):
        assert await anext(records) == []
    await producer.send(topic, "k", b"new")
    assert await first_values(records, 1) == [b"new"]


@pytest.mark.parametrize("start", [0, 3, 5])
async def test_given_offsets_are_where_it_begins(
    kafka: KafkaSettings, producer: Producer, topic: str, start: int
) -> None:
    answers = await producer.send_all([Record(topic, "one key", b"%d" % n) for n in range(5)])
    partition = next(answer.partition for answer in answers if not isinstance(answer, Exception))
    starts: Mapping[int, int] = {partition: start}
    records = tail(kafka, topic, starts=starts)
    assert await first_values(records, 5 - start) == [b"%d" % n for n in range(start, 5)]


async def test_the_ends_count_what_stands_in_each_partition(
    kafka: KafkaSettings, producer: Producer, topic: str
) -> None:
    assert await end_offsets(kafka, topic) == {0: 0, 1: 0, 2: 0, 3: 0}
    position = await producer.send(topic, "k", b"x")
    assert (await end_offsets(kafka, topic))[position.partition] == 1


@pytest.mark.parametrize("missing", ["kafka", "topic"])
async def test_what_is_not_there_is_told(kafka: KafkaSettings, away: KafkaSettings, missing: str) -> None:
    settings, name = (away, "metrics") if missing == "kafka" else (kafka, "no-such-topic")
    with pytest.raises(BusUnavailableError):
        await anext(tail(settings, name))
    with pytest.raises(BusUnavailableError):
        await end_offsets(settings, name)
