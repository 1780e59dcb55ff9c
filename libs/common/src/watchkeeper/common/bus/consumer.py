"""Reading in a group, from offsets that the reader itself keeps."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from watchkeeper.common.bus.closing import close_client
from watchkeeper.common.bus.errors import BusUnavailableError
from watchkeeper.common.bus.quiet import quieten
from watchkeeper.common.bus.settings import KafkaSettings
from watchkeeper.common.logging import get_logger

FETCH_BYTES_MAX = 8 * 1024 * 1024
CLOSE_S = 3.0
LAG_S = 3.0

Starts = Callable[[set[int]], Awaitable[Mapping[int, int]]]
"""Answers the next offset of each partition asked for; a partition left out begins at the topic's beginning."""

log = get_logger(__name__)


class Received(NamedTuple):
    """One record as it came."""

    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None


class Fetched(NamedTuple):
    """Records of one partition in order; after they are written, ``next_offset`` is where to go on."""

    partition: int
    records: list[Received]
    next_offset: int


class Consumer(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka ships no types
    """A member of a group. A newly assigned partition stays paused until ``starts`` has told where it begins."""

    def __init__(
        self, settings: KafkaSettings, topic: str, group: str, starts: Starts, *, instance: str | None = None
    ) -> None:
        """Keep what ``start`` needs; ``open_consumer`` tells what ``instance`` is."""
        self._topic = topic
        self._starts = starts
        self._unplaced: set[int] = set()
        self.assigned: set[int] = set()
        self._consumer = AIOKafkaConsumer(
            **settings.connection(),
            client_id=group,
            group_id=group,
            group_instance_id=instance,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            max_partition_fetch_bytes=FETCH_BYTES_MAX,
            fetch_max_bytes=4 * FETCH_BYTES_MAX,
            fetch_max_wait_ms=100,
            retry_backoff_ms=100,
            session_timeout_ms=10_000,
            heartbeat_interval_ms=1_000,
        )

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Pause what is new until its start is known (called by aiokafka; no I/O here, so that no rebalance waits)."""
        fresh = list(assigned)
        self._consumer.pause(*fresh)
        self.assigned = {partition.partition for partition in fresh}
        self._unplaced = set(self.assigned)
        log.info("assigned", topic=self._topic, partitions=sorted(self.assigned))

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Forget what went; what is still being written is fenced by its offset."""
        gone = {partition.partition for partition in revoked}
        self.assigned -= gone
        self._unplaced -= gone

    async def start(self) -> None:
        """Join the group; raises ``BusUnavailableError``."""
        self._consumer.subscribe([self._topic], listener=self)
        try:
            await self._consumer.start()
        except (KafkaError, OSError) as error:
            raise BusUnavailableError(f"{type(error).__name__}: {error}") from error

    async def batches(
        self, until_stopped: asyncio.Event, *, records_max: int = 500, wait_s: float = 0.2
    ) -> AsyncIterator[Fetched]:
        """Records as they come, at most ``records_max`` at a time, each partition's by themselves, until stopped.

        Nothing is fetched beyond what the client's bounded buffer holds while the caller writes. Raises what
        ``starts`` raises, and ``BusUnavailableError`` for what Kafka refuses.
        """
        while not until_stopped.is_set():
            await self._place()
            try:
                found = await self._consumer.getmany(timeout_ms=int(wait_s * 1000), max_records=records_max)
            except KafkaError as error:
                raise BusUnavailableError(f"{type(error).__name__}: {error}") from error
            for place, records in found.items():
                if place.partition in self.assigned and place.partition not in self._unplaced:
                    yield fetched(place.partition, records)

    async def seek(self, partition: int, offset: int) -> None:
        """Go on in ``partition`` at ``offset``."""
        self._consumer.seek(TopicPartition(self._topic, partition), offset)

    def pause(self, partition: int) -> None:
        """Fetch nothing more of ``partition`` until it is assigned anew."""
        if partition in self.assigned:
            self._consumer.pause(TopicPartition(self._topic, partition))

    async def commit(self, offsets: Mapping[int, int]) -> None:
        """Tell Kafka where the group stands, for tools that show lag; raises ``BusUnavailableError``."""
        owned = {TopicPartition(self._topic, p): offset for p, offset in offsets.items() if p in self.assigned}
        if not owned:
            return
        try:
            async with asyncio.timeout(LAG_S):
                await self._consumer.commit(owned)
        except (KafkaError, TimeoutError) as error:
            raise BusUnavailableError(f"{type(error).__name__}: {error}") from error

    async def end_offsets(self) -> dict[int, int]:
        """The offset after the last record of each assigned partition; raises ``BusUnavailableError``."""
        places = [TopicPartition(self._topic, partition) for partition in self.assigned]
        try:
            async with asyncio.timeout(LAG_S):
                ends = await self._consumer.end_offsets(places) if places else {}
        except (KafkaError, OSError, TimeoutError) as error:
            raise BusUnavailableError(f"{type(error).__name__}: {error}") from error
        return {place.partition: offset for place, offset in ends.items()}

    async def close(self) -> None:
        """Leave the group."""
        await close_client(self._consumer, CLOSE_S)

    async def _place(self) -> None:
        """Seek each new partition to its start and let it flow."""
        unplaced = set(self._unplaced)
        if not unplaced:
            return
        starts = await self._starts(unplaced)
        for partition in unplaced & self._unplaced:
            place = TopicPartition(self._topic, partition)
            self._consumer.seek(place, starts.get(partition, 0))
            self._consumer.resume(place)
        self._unplaced -= unplaced


def fetched(partition: int, records: list[ConsumerRecord]) -> Fetched:
    """The records of one partition in our own words; ``records`` is not empty."""
    received = [Received(partition, r.offset, r.timestamp, r.key, r.value) for r in records]
    return Fetched(partition, received, received[-1].offset + 1)


@contextlib.asynccontextmanager
async def open_consumer(
    settings: KafkaSettings, topic: str, group: str, starts: Starts, *, instance: str | None = None
) -> AsyncIterator[Consumer]:
    """A member of ``group`` for the block; raises ``BusUnavailableError`` while Kafka is away.

    ``instance`` is a name of this member that stays the same over restarts and is no other's (Kafka's static
    membership, KIP-345): after a crash its partitions come back at once, where others wait out the dead one's session.
    """
    quieten()
    consumer = Consumer(settings, topic, group, starts, instance=instance)
    try:
        try:
            async with asyncio.timeout(2 * settings.request_timeout_s):
                await consumer.start()
        except TimeoutError as error:
            raise BusUnavailableError(f"no answer within {2 * settings.request_timeout_s:g} s") from error
        yield consumer
    finally:
        await consumer.close()
