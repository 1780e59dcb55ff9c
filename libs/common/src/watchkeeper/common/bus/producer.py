"""Sending: idempotent, acknowledged by all replicas, with a deadline."""

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from watchkeeper.common.bus.closing import close_client
from watchkeeper.common.bus.errors import BusError, BusUnavailableError, RecordRefusedError
from watchkeeper.common.bus.quiet import quieten
from watchkeeper.common.bus.settings import KafkaSettings
from watchkeeper.common.logging import get_logger

RECORD_BYTES_MAX = 8 * 1024 * 1024
BATCH_BYTES_MAX = 256 * 1024
CLOSE_S = 3.0

log = get_logger(__name__)


class Record(NamedTuple):
    """What is sent: a key decides the partition, ``None`` spreads."""

    topic: str
    key: str | None
    value: bytes


class Position(NamedTuple):
    """Where a record stands since Kafka acknowledged it."""

    topic: str
    partition: int
    offset: int


class Producer:
    """Sends records; connects on first use and again after an error that ended the connection for good.

    A call that passes its deadline raises ``BusUnavailableError``; the record may still arrive, so what is sent carries
    an id, or a time, by which its reader knows it again.
    """

    def __init__(self, settings: KafkaSettings, client_id: str, retry_backoff_ms: int) -> None:
        """Keep the settings; nothing is sent or connected yet."""
        self._settings = settings
        self._client_id = client_id
        self._retry_backoff_ms = retry_backoff_ms
        self._producer: AIOKafkaProducer | None = None
        self._opening = asyncio.Lock()
        self._closing: set[asyncio.Task[None]] = set()

    async def send(self, topic: str, key: str | None, value: bytes) -> Position:
        """Send one record and wait for its acknowledgement.

        Raises ``BusUnavailableError`` or ``RecordRefusedError``.
        """
        (answer,) = await self.send_all([Record(topic, key, value)])
        if isinstance(answer, BusError):
            raise answer
        return answer

    async def send_all(self, records: Sequence[Record]) -> list[Position | BusError]:
        """Send ``records`` in order and wait for all acknowledgements, ``request_timeout_s`` at most.

        Answers a position or an error for each, in the same order; raises nothing of the bus itself.
        """
        loop = asyncio.get_running_loop()
        deadline_s = loop.time() + self._settings.request_timeout_s
        waiting = [await self._begin(record, deadline_s) for record in records]
        pending = [future for future in waiting if not future.done()]
        if pending:
            await asyncio.wait(pending, timeout=max(0.0, deadline_s - loop.time()))
        return [self._answer(future) for future in waiting]

    async def connect(self) -> None:
        """Connect if not connected; raises ``BusUnavailableError``."""
        await self._open()

    async def close(self) -> None:
        """End; what is not acknowledged within ``CLOSE_S`` is given up."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await close_client(producer, CLOSE_S)
        if self._closing:
            await asyncio.wait(self._closing, timeout=CLOSE_S)

    async def _begin(self, record: Record, deadline_s: float) -> "asyncio.Future[Position]":
        """Hand ``record`` over; the future ends with aiokafka's record metadata or an error."""
        try:
            async with asyncio.timeout_at(deadline_s):
                producer = await self._open()
                key = None if record.key is None else record.key.encode()
                future: asyncio.Future[Position] = await producer.send(record.topic, record.value, key)
        except BusError as error:
            return _failed(error)
        except MessageSizeTooLargeError as error:
            return _failed(RecordRefusedError(str(error)))
        except TimeoutError:
            return _failed(BusUnavailableError(f"not taken within {self._settings.request_timeout_s:g} s"))
        except KafkaError as error:
            if not error.retriable:
                self._discard(producer, error)
            return _failed(BusUnavailableError(f"{type(error).__name__}: {error}"))
        future.add_done_callback(functools.partial(self._settled, producer))
        return future

    def _answer(self, future: "asyncio.Future[Position]") -> Position | BusError:
        if not future.done() or future.cancelled():
            return BusUnavailableError(f"no acknowledgement within {self._settings.request_timeout_s:g} s")
        error = future.exception()
        if error is None:
            found = future.result()
            return Position(found.topic, found.partition, found.offset)
        if isinstance(error, BusError):
            return error
        if isinstance(error, MessageSizeTooLargeError):
            return RecordRefusedError(str(error))
        return BusUnavailableError(f"{type(error).__name__}: {error}")

    async def _open(self) -> AIOKafkaProducer:
        if self._producer is not None:
            return self._producer
        async with self._opening:
            if self._producer is None:
                self._producer = await self._start()
            return self._producer

    async def _start(self) -> AIOKafkaProducer:
        quieten()
        producer = AIOKafkaProducer(
            **self._settings.connection(),
            client_id=self._client_id,
            enable_idempotence=True,
            acks="all",
            compression_type="lz4",
            linger_ms=0,
            retry_backoff_ms=self._retry_backoff_ms,
            max_request_size=RECORD_BYTES_MAX,
            max_batch_size=BATCH_BYTES_MAX,
        )
        try:
            async with asyncio.timeout(self._settings.request_timeout_s):
                await producer.start()
        except (KafkaError, OSError, TimeoutError) as error:
            await close_client(producer, CLOSE_S)
            raise BusUnavailableError(f"{type(error).__name__}: {error}") from error
        except BaseException:
            await close_client(producer, CLOSE_S)
            raise
        return producer

    def _settled(self, producer: AIOKafkaProducer, future: "asyncio.Future[Position]") -> None:
        """Part with ``producer`` after an answer that it cannot go on from; a late answer is read here by the way.

        Kafka has counted no record that it refused, but an idempotent producer has: the next one to that partition
        would be out of order for ever.
        """
        error = None if future.cancelled() else future.exception()
        if isinstance(error, KafkaError) and not error.retriable:
            self._discard(producer, error)

    def _discard(self, producer: AIOKafkaProducer, error: BaseException) -> None:
        """Part with a producer that an error has ended; the next record opens another."""
        if self._producer is not producer:
            return
        self._producer = None
        log.warning("producer ended by an error", error=f"{type(error).__name__}: {error}")
        task = asyncio.create_task(close_client(producer, CLOSE_S))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


@contextlib.asynccontextmanager
async def open_producer(
    settings: KafkaSettings, client_id: str, *, retry_backoff_ms: int = 100
) -> AsyncIterator[Producer]:
    """A producer for the block. It connects when first used, so Kafka may be away at the start.

    ``retry_backoff_ms`` is the pause between attempts: 5 where milliseconds count, 100 where Kafka may be away
    for long.
    """
    producer = Producer(settings, client_id, retry_backoff_ms)
    try:
        yield producer
    finally:
        await producer.close()


def _failed(error: BusError) -> "asyncio.Future[Position]":
    future: asyncio.Future[Position] = asyncio.get_running_loop().create_future()
    future.set_exception(error)
    return future
