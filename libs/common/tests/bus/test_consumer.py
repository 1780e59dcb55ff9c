"""Reading in a group from a real Kafka, from offsets that the reader keeps."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from watchkeeper.common.bus import (
    BusUnavailableError,
    Consumer,
    Fetched,
    KafkaSettings,
    Producer,
    Record,
    Topic,
    ensure_topics,
    open_consumer,
    open_producer,
)
from watchkeeper.common.bus.errors import BusError
from watchkeeper.embedded.engine import running
from watchkeeper.embedded.kafka import Kafka

PARTITIONS = {0, 1, 2, 3}
WITHIN_S = 30.0


@pytest.fixture(name="producer")
async def _producer(kafka: KafkaSettings) -> AsyncIterator[Producer]:
    async with open_producer(kafka, "test-consumer") as producer:
        yield producer


class Kept:
    """Offsets as a service keeps them: moved only after its write."""

    def __init__(self, offsets: Mapping[int, int] | None = None) -> None:
        self.offsets = dict(offsets or {})
        self.asked: list[set[int]] = []

    async def starts(self, partitions: set[int]) -> Mapping[int, int]:
        """The next offset of each partition."""
        self.asked.append(set(partitions))
        return {partition: self.offsets[partition] for partition in partitions if partition in self.offsets}


async def fill(producer: Producer, topic: str, count: int, *, first: int = 0) -> None:
    """Put the values ``first`` … on the topic, over all partitions."""
    answers = await producer.send_all([Record(topic, f"k{n}", b"%d" % n) for n in range(first, first + count)])
    assert not [answer for answer in answers if isinstance(answer, BusError)]


async def take(consumer: Consumer, count: int, kept: Kept | None = None, **limits: int) -> list[Fetched]:
    """Batches until ``count`` records came, moving the kept offsets along."""
    stop = asyncio.Event()
    found: list[Fetched] = []
    async with asyncio.timeout(WITHIN_S):
        async for fetched in consumer.batches(stop, **limits):
            found.append(fetched)
            if kept is not None:
                kept.offsets[fetched.partition] = fetched.next_offset
            if sum(len(one.records) for one in found) >= count:
                stop.set()
    return found


def values(found: list[Fetched]) -> list[int]:
    """The values in all batches, sorted."""
    return sorted(int(record.value or b"-1") for fetched in found for record in fetched.records)


async def test_all_records_come_once_each_partitions_in_order(
    kafka: KafkaSettings, producer: Producer, topic: str, group: str
) -> None:
    await fill(producer, topic, 1000)
    kept = Kept()
    async with open_consumer(kafka, topic, group, kept.starts) as consumer:
        found = await take(consumer, 1000, records_max=100)
    assert values(found) == list(range(1000))
    assert set().union(*kept.asked) == PARTITIONS
    for partition in PARTITIONS:
        mine = [fetched for fetched in found if fetched.partition == partition]
        offsets = [record.offset for fetched in mine for record in fetched.records]
        assert offsets == list(range(len(offsets)))
        assert all(fetched.next_offset == fetched.records[-1].offset + 1 for fetched in mine)
    assert all(len(fetched.records) <= 100 for fetched in found)


async def test_a_successor_goes_on_where_the_kept_offsets_stand(
    kafka: KafkaSettings, producer: Producer, topic: str, group: str
) -> None:
    await fill(producer, topic, 200)
    kept = Kept()
    async with open_consumer(kafka, topic, group, kept.starts) as consumer:
        first = await take(consumer, 200, kept)
    await fill(producer, topic, 50, first=200)
    async with open_consumer(kafka, topic, group, kept.starts) as consumer:
        second = await take(consumer, 50, kept)
    assert values(first) == list(range(200))
    assert values(second) == list(range(200, 250))


async def test_kept_offsets_win_over_those_that_kafka_was_told(
    kafka: KafkaSettings, producer: Producer, topic: str, group: str
) -> None:
    """A write that was rolled back after the commit to Kafka is read again."""
    await fill(producer, topic, 100)
    kept = Kept()
    async with open_consumer(kafka, topic, group, kept.starts) as consumer:
        found = await take(consumer, 100)
        await consumer.commit({fetched.partition: fetched.next_offset for fetched in found})
    async with open_consumer(kafka, topic, group, kept.starts) as consumer:
        assert values(await take(consumer, 100)) == list(range(100))


async def test_nothing_comes_before_the_starts_are_known(
    kafka: KafkaSettings, producer: Producer, topic: str, group: str
) -> None:
    """While the database that keeps the offsets is away, nothing is read; then all of it."""
    await fill(producer, topic, 40)
    failures = 3

    async def starts(_partitions: set[int]) -> Mapping[int, int]:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise ConnectionRefusedError("the database is away")
        return {}

    async with open_consumer(kafka, topic, group, starts) as consumer:
        refusals = 0
        found: list[Fetched] = []
        async with asyncio.timeout(WITHIN_S):
            while not found:
                try:
                    found = await take(consumer, 40)
                except ConnectionRefusedError:
                    refusals += 1
    assert refusals == 3
    assert values(found) == list(range(40))


async def test_two_members_share_the_partitions_and_one_takes_over(
    kafka: KafkaSettings, producer: Producer, topic: str, group: str
) -> None:
    """What moves to another member is read there from the kept offsets: nothing twice, nothing lost."""
    kept = Kept()
    stop = asyncio.Event()
    seen: list[int] = []

    async def member(consumer: Consumer, until: asyncio.Event) -> None:
        async for fetched in consumer.batches(until):
            if fetched.records[0].offset != kept.offsets.get(fetched.partition, 0):
                continue  # the fence: not where the kept offset stands, so this batch is another's
            kept.offsets[fetched.partition] = fetched.next_offset
            seen.extend(int(record.value or b"-1") for record in fetched.records)

    async def until(condition: Callable[[], object]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not condition():  # noqa: ASYNC110 - the condition is over what two members share
                await asyncio.sleep(0.05)

    await fill(producer, topic, 100)
    async with open_consumer(kafka, topic, group, kept.starts) as first:
        first_task = asyncio.create_task(member(first, stop))
        await until(lambda: len(seen) >= 100)
        leave = asyncio.Event()
        async with open_consumer(kafka, topic, group, kept.starts) as second:
            second_task = asyncio.create_task(member(second, leave))
            await until(lambda: first.assigned and second.assigned and not first.assigned & second.assigned)
            assert first.assigned | second.assigned == PARTITIONS
            await fill(producer, topic, 100, first=100)
            await until(lambda: len(seen) >= 200)
            leave.set()
            await second_task
        await until(lambda: first.assigned == PARTITIONS)
        await fill(producer, topic, 100, first=200)
        await until(lambda: len(seen) >= 300)
        stop.set()
        await first_task
    assert sorted(seen) == list(range(300))


async def test_a_revoked_partition_is_forgotten(kafka: KafkaSettings, topic: str, group: str) -> None:
    consumer = Consumer(kafka, topic, group, Kept().starts)
    consumer.assigned = {0, 1}
    consumer._unplaced = {1}
    await consumer.on_partitions_revoked([TopicPartition(topic, 1)])
    assert (consumer.assigned, consumer._unplaced) == ({0}, set())
    await consumer.close()


async def test_one_may_go_back(kafka: KafkaSettings, producer: Producer, topic: str, group: str) -> None:
    answers = await producer.send_all([Record(topic, "one key", b"%d" % n) for n in range(10)])
    (partition,) = {answer.partition for answer in answers if not isinstance(answer, BusError)}
    async with open_consumer(kafka, topic, group, Kept().starts) as consumer:
        assert values(await take(consumer, 10)) == list(range(10))
        await consumer.seek(partition, 7)
        assert values(await take(consumer, 3)) == [7, 8, 9]


async def test_the_group_tells_kafka_where_it_stands(
    kafka: KafkaSettings, producer: Producer, topic: str, group: str
) -> None:
    """Tools that show lag read Kafka's own offsets of the group."""
    await fill(producer, topic, 100)
    async with open_consumer(kafka, topic, group, Kept().starts) as consumer:
        await consumer.commit({})
        found = await take(consumer, 100)
        offsets = {fetched.partition: fetched.next_offset for fetched in found}
        await consumer.commit({**offsets, 99: 5})  # a partition that it does not have is left out
        assert await consumer.end_offsets() == offsets
    reader = AIOKafkaConsumer(bootstrap_servers=kafka.servers, group_id=group, enable_auto_commit=False)
    await reader.start()
    try:
        told = {p: await reader.committed(TopicPartition(topic, p)) for p in PARTITIONS}
    finally:
        await reader.stop()
    assert told == offsets


async def test_a_member_without_partitions_has_no_ends(kafka: KafkaSettings, topic: str, group: str) -> None:
    consumer = Consumer(kafka, topic, group, Kept().starts)
    assert await consumer.end_offsets() == {}
    await consumer.close()


async def test_kafka_away_at_the_start_is_told(away: KafkaSettings, group: str) -> None:
    with pytest.raises(BusUnavailableError):
        async with open_consumer(away, "metrics", group, Kept().starts):
            pytest.fail("there is no Kafka")


async def test_a_kafka_that_does_not_answer_is_told(silent: KafkaSettings, group: str) -> None:
    with pytest.raises(BusUnavailableError):
        async with open_consumer(silent, "metrics", group, Kept().starts):
            pytest.fail("there is no Kafka")


async def test_kafka_gone_on_the_way_is_told_and_the_group_is_left_in_time(tmp_path: Path, group: str) -> None:
    with running(Kafka(tmp_path)) as engine:
        settings = KafkaSettings(servers=engine.servers, request_timeout_s=1, partitions=1)
        await ensure_topics(settings, [Topic("gone")])
        consumer = Consumer(settings, "gone", group, Kept().starts)
        await consumer.start()
        async with open_producer(settings, "test-gone") as producer:
            await producer.send("gone", "k", b"0")
        assert values(await take(consumer, 1)) == [0]
    with pytest.raises(BusUnavailableError):
        await consumer.commit({0: 1})
    with pytest.raises(BusUnavailableError):
        await consumer.end_offsets()
    async with asyncio.timeout(20):
        await consumer.close()
    await asyncio.sleep(0)
    assert not [task for task in asyncio.all_tasks() if "aiokafka" in repr(task)], "its tasks have ended too"


async def test_a_paused_partition_brings_nothing_more_and_the_others_go_on(
    kafka: KafkaSettings, producer: Producer, topic: str, group: str
) -> None:
    await fill(producer, topic, 100)
    async with open_consumer(kafka, topic, group, Kept().starts) as consumer:
        found = await take(consumer, 100)
        consumer.pause(2)
        consumer.pause(99)
        ends = {fetched.partition: fetched.next_offset for fetched in found}
        await fill(producer, topic, 100, first=100)
        grown = await consumer.end_offsets()
        others = sum(grown[partition] - ends[partition] for partition in PARTITIONS - {2})
        more = await take(consumer, others)
    assert {fetched.partition for fetched in more} == PARTITIONS - {2}


async def test_a_time_out_of_the_work_is_not_kafkas(kafka: KafkaSettings, topic: str, group: str) -> None:
    with pytest.raises(TimeoutError, match="the database took too long"):
        async with open_consumer(kafka, topic, group, Kept().starts):
            raise TimeoutError("the database took too long")


async def test_a_stop_ends_the_batches_without_records(kafka: KafkaSettings, topic: str, group: str) -> None:
    async with open_consumer(kafka, topic, group, Kept().starts) as consumer:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(0.5, stop.set)
        async with asyncio.timeout(WITHIN_S):
            assert [fetched async for fetched in consumer.batches(stop)] == []
