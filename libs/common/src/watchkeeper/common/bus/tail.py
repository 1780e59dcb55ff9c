"""Reading along without a group: for live views, which keep no offsets."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from watchkeeper.common.bus.closing import close_client
from watchkeeper.common.bus.consumer import Received
from watchkeeper.common.bus.errors import BusUnavailableError
from watchkeeper.common.bus.quiet import quieten
from watchkeeper.common.bus.settings import KafkaSettings

WAIT_S = 0.25
PARTITIONS_S = 2.0
RECORDS_MAX = 1_000
CLOSE_S = 2.0


async def tail(
    settings: KafkaSettings,
    topic: str,
    *,
    since_ms: int | None = None,
    starts: Mapping[int, int] | None = None,
) -> AsyncIterator[list[Received]]:
    """All records of ``topic`` as they come, in lists, empty ones included (every ``WAIT_S``), until the caller stops.

    Begins at ``starts`` (partition to offset), else at the first record not older than ``since_ms`` (unix
    milliseconds), else at the end. Raises ``BusUnavailableError`` when Kafka is away at the start or refuses.
    """
    quieten()
    consumer = AIOKafkaConsumer(
        **settings.connection(), group_id=None, enable_auto_commit=False, auto_offset_reset="earliest",
        isolation_level="read_committed", fetch_max_wait_ms=100, retry_backoff_ms=100,
    )  # fmt: skip
    try:
        async with _as_unavailable():
            async with asyncio.timeout(2 * settings.request_timeout_s):
                await consumer.start()
                places = await _places(consumer, topic)
                consumer.assign(places)
                await _place(consumer, places, since_ms, starts)
        while True:
            async with _as_unavailable():
                found = await consumer.getmany(timeout_ms=int(WAIT_S * 1000), max_records=RECORDS_MAX)
            yield [
                Received(place.partition, record.offset, record.timestamp, record.key, record.value)
                for place, records in found.items()
                for record in records
            ]
    finally:
        await close_client(consumer, CLOSE_S)


async def end_offsets(settings: KafkaSettings, topic: str) -> dict[int, int]:
    """The offset after the last record of each partition of ``topic``; raises ``BusUnavailableError``."""
    quieten()
    consumer = AIOKafkaConsumer(**settings.connection(), group_id=None, enable_auto_commit=False)
    try:
        async with _as_unavailable():
            async with asyncio.timeout(settings.request_timeout_s):
                await consumer.start()
                ends = await consumer.end_offsets(await _places(consumer, topic))
    finally:
        await close_client(consumer, CLOSE_S)
    return {place.partition: offset for place, offset in ends.items()}


@contextlib.asynccontextmanager
async def _as_unavailable() -> AsyncIterator[None]:
    try:
        yield
    except (KafkaError, OSError, TimeoutError) as error:
        raise BusUnavailableError(f"{type(error).__name__}: {error}") from error


async def _places(consumer: AIOKafkaConsumer, topic: str) -> list[TopicPartition]:
    # aiokafka asks for a topic's partitions once one of them is assigned, and has no call that waits for the answer.
    consumer.assign([TopicPartition(topic, 0)])
    deadline_s = asyncio.get_running_loop().time() + PARTITIONS_S
    while not (partitions := consumer.partitions_for_topic(topic)):
        if asyncio.get_running_loop().time() > deadline_s:
            raise BusUnavailableError(f"there is no topic {topic} yet")
        await asyncio.sleep(0.01)
    return [TopicPartition(topic, partition) for partition in sorted(partitions)]


async def _place(
    consumer: AIOKafkaConsumer, places: list[TopicPartition], since_ms: int | None, starts: Mapping[int, int] | None
) -> None:
    ends = await consumer.end_offsets(places)
    since = await consumer.offsets_for_times(dict.fromkeys(places, since_ms)) if since_ms is not None else {}
    for place in places:
        found = since.get(place)
        offset = found.offset if found is not None else ends[place]
        consumer.seek(place, (starts or {}).get(place.partition, offset))
