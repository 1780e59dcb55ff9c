"""Sending to a real Kafka: acknowledged in order, once each, with an answer for every record."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from watchkeeper.common.bus import (
    BusError,
    BusUnavailableError,
    KafkaSettings,
    Position,
    Producer,
    Record,
    RecordRefusedError,
    end_offsets,
    ensure_topics,
    open_producer,
    tail,
)
from watchkeeper.common.bus.producer import RECORD_BYTES_MAX
from watchkeeper.common.bus.settings import Topic
from watchkeeper.embedded.engine import running
from watchkeeper.embedded.kafka import Kafka


@pytest.fixture(name="producer")
async def _producer(kafka: KafkaSettings) -> AsyncIterator[Producer]:
    async with open_producer(kafka, "test-producer") as producer:
        yield producer


async def values_of(kafka: KafkaSettings, topic: str, count: int) -> list[bytes | None]:
    """The first ``count`` values on ``topic``."""
    found: list[bytes | None] = []
    async with asyncio.timeout(20):
        async for received in tail(kafka, topic, since_ms=0):
            found.extend(record.value for record in received)
            if len(found) >= count:
                break
    return found


async def test_records_with_one_key_stand_in_order_in_one_partition(producer: Producer, topic: str) -> None:
    answers = await producer.send_all([Record(topic, "host-1", b"%d" % number) for number in range(500)])
    assert all(isinstance(answer, Position) for answer in answers)
    positions = [answer for answer in answers if isinstance(answer, Position)]
    assert len({position.partition for position in positions}) == 1
    assert [position.offset for position in positions] == list(range(500))


async def test_records_without_a_key_spread(producer: Producer, topic: str) -> None:
    answers = await producer.send_all([Record(topic, None, b"x") for _ in range(200)])
    assert len({answer.partition for answer in answers if isinstance(answer, Position)}) > 1


async def test_many_senders_share_a_producer(producer: Producer, topic: str, kafka: KafkaSettings) -> None:
    await asyncio.gather(*(producer.send(topic, f"key-{n}", b"%d" % n) for n in range(200)))
    assert sum((await end_offsets(kafka, topic)).values()) == 200


async def test_no_records_is_no_work(producer: Producer) -> None:
    assert await producer.send_all([]) == []


async def test_a_record_too_large_for_the_client_is_refused_and_the_others_go(producer: Producer, topic: str) -> None:
    records = [Record(topic, "k", b"before"), Record(topic, "k", bytes(RECORD_BYTES_MAX)), Record(topic, "k", b"after")]
    before, large, after = await producer.send_all(records)
    assert isinstance(large, RecordRefusedError)
    assert isinstance(before, Position)
    assert isinstance(after, Position)


async def test_a_record_too_large_for_the_broker_is_refused_and_the_next_goes(
    producer: Producer, kafka: KafkaSettings, topic: str
) -> None:
    """An idempotent client counts the refused record, the broker does not: the client must begin anew."""
    await producer.send(topic, "k", b"first")
    with pytest.raises(RecordRefusedError):
        await producer.send(topic, "k", os.urandom(2 * 1024 * 1024))  # the broker takes 1 MiB, compressed
    for number in range(3):
        await producer.send(topic, "k", b"%d" % number)
    assert await values_of(kafka, topic, 4) == [b"first", b"0", b"1", b"2"]


async def test_a_missing_topic_is_waited_for_until_the_deadline(kafka: KafkaSettings) -> None:
    impatient = kafka.model_copy(update={"request_timeout_s": 1.0})
    async with open_producer(impatient, "test-impatient") as producer:
        with pytest.raises(BusUnavailableError, match=r"not taken within 1 s|UnknownTopic"):
            await producer.send("no-such-topic", None, b"x")


async def test_kafka_away_is_told_for_each_record_within_the_deadline(away: KafkaSettings) -> None:
    async with open_producer(away, "test-away") as producer:
        answers = await producer.send_all([Record("metrics", None, b"x")] * 3)
        assert [type(answer) for answer in answers] == [BusUnavailableError] * 3
        with pytest.raises(BusUnavailableError):
            await producer.connect()


async def test_a_kafka_that_does_not_answer_is_told_within_the_deadline(silent: KafkaSettings) -> None:
    async with open_producer(silent, "test-silent") as producer:
        with pytest.raises(BusUnavailableError):
            await producer.send("metrics", None, b"x")


async def test_a_connecting_that_is_cancelled_leaves_nothing_open(silent: KafkaSettings) -> None:
    async with open_producer(silent, "test-cancelled") as producer:
        connecting = asyncio.create_task(producer.connect())
        await asyncio.sleep(0.1)
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await connecting


async def test_two_refusals_at_once_cost_the_others_an_attempt_at_most(
    producer: Producer, kafka: KafkaSettings, topic: str
) -> None:
    """What stood behind a refused record may have to be sent again; it is never taken for stored."""
    large = os.urandom(2 * 1024 * 1024)
    records = [Record(topic, f"k{n}", large if n < 2 else b"%d" % n) for n in range(20)]
    answers = await producer.send_all(records)
    assert [type(answer) for answer in answers[:2]] == [RecordRefusedError] * 2
    again = [record for record, answer in zip(records, answers, strict=True) if type(answer) is BusUnavailableError]
    assert not [answer for answer in await producer.send_all(again) if isinstance(answer, BusError)]
    found = await values_of(kafka, topic, 18)
    assert sorted(int(value or b"-1") for value in found) == list(range(2, 20))


async def test_a_client_that_ended_underneath_is_replaced(producer: Producer, topic: str) -> None:
    await producer.send(topic, "k", b"0")
    assert producer._producer is not None
    await producer._producer.stop()
    with pytest.raises(BusUnavailableError, match="ProducerClosed"):
        await producer.send(topic, "k", b"1")
    assert (await producer.send(topic, "k", b"1")).offset == 1


async def test_connecting_early_is_allowed(kafka: KafkaSettings, topic: str) -> None:
    async with open_producer(kafka, "test-early", retry_backoff_ms=5) as producer:
        await producer.connect()
        await producer.connect()
        assert (await producer.send(topic, "k", b"x")).offset == 0


async def test_a_producer_lives_through_a_restart_of_kafka(tmp_path: Path) -> None:
    """While Kafka is down a record is refused or waits; what was acknowledged is there once, before and after."""
    topic = "restarted"
    with running(Kafka(tmp_path)) as first:
        settings = KafkaSettings(servers=first.servers, request_timeout_s=2, partitions=1)
        await ensure_topics(settings, [Topic(topic)])
        producer = Producer(settings, "test-restart", retry_backoff_ms=20)
        acknowledged = [(await producer.send(topic, "k", b"before")).offset]
    async with open_producer(settings, "test-gone") as gone:
        with pytest.raises(BusUnavailableError):
            await gone.connect()
    with pytest.raises(BusUnavailableError, match=r"no acknowledgement within 2 s|not taken within 2 s"):
        await producer.send(topic, "k", b"while away")
    with running(Kafka(tmp_path)):
        async with asyncio.timeout(30):
            while len(acknowledged) < 3:
                answers = await producer.send_all([Record(topic, "k", b"after")])
                acknowledged.extend(answer.offset for answer in answers if isinstance(answer, Position))
        found = await values_of(settings, topic, acknowledged[-1] + 1)
        await producer.close()
    assert acknowledged == sorted(set(acknowledged))
    assert [found[offset] for offset in acknowledged] == [b"before", b"after", b"after"]
    assert found.count(b"while away") <= 1


async def test_a_close_while_kafka_is_gone_takes_no_longer_than_it_may(tmp_path: Path) -> None:
    """What was not acknowledged is given up, and said so: the sender still has it."""
    with running(Kafka(tmp_path)) as engine:
        settings = KafkaSettings(servers=engine.servers, request_timeout_s=1, partitions=1)
        await ensure_topics(settings, [Topic("left")])
        producer = Producer(settings, "test-left", retry_backoff_ms=20)
        await producer.send("left", "k", b"before")
    assert isinstance((await producer.send_all([Record("left", "k", b"after")]))[0], BusUnavailableError)
    async with asyncio.timeout(20):
        await producer.close()
        await producer.close()
    await asyncio.sleep(0)
    assert not [task for task in asyncio.all_tasks() if "aiokafka" in repr(task)], "its tasks have ended too"
