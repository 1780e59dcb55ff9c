"""From memory to Kafka, or to the spool while Kafka is away, and from the spool to Kafka afterwards, in order.

While anything is spooled, what is new is spooled behind it, so that each key's batches stay in order. A batch leaves
the memory when Kafka has acknowledged it or the disk has it; it leaves the disk when Kafka has acknowledged it. A batch
whose acknowledgement was lost is sent again: it carries its id.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar

from watchkeeper.collector.spool import Chunk, Kept, Spool
from watchkeeper.collector.tally import Tally
from watchkeeper.collector.threads import Threads
from watchkeeper.common.bus.errors import BusError, RecordRefusedError
from watchkeeper.common.bus.producer import Position, Record
from watchkeeper.common.events import METRICS_TOPIC
from watchkeeper.common.logging import get_logger

QUEUE_BYTES_MAX = 8 * 1024 * 1024
"""In memory altogether, what is in hand among it."""

IN_HAND_BYTES_MAX = 1024 * 1024
"""Sent or spooled at a time. What is in hand cannot be dropped, so it is little: what is dropped is the oldest."""

GATHER_S = 0.1
"""The sources of a host are read close together; this wait makes one request of them."""

CHUNK_COUNT_MAX = 100
CHUNK_BYTES_MAX = 512 * 1024
"""At most 1,000 batches a second: a fleet that comes back together must not drown those who read."""

CHUNK_PAUSE_S = 0.1
RETRY_S_MIN, RETRY_S_MAX = 1.0, 15.0

R = TypeVar("R")
log = get_logger(__name__)


class Sender(Protocol):
    """What sends: the bus's producer."""

    async def send_all(self, records: Sequence[Record]) -> list[Position | BusError]:
        """Answer a position or an error for each record, within a deadline."""
        ...


Say = Callable[[str, bool, str], None]
"""Tells whether a part of the service works: its name, whether, and what is to be said of it."""


class Publisher:
    """Sends what it is offered; ``run`` must run meanwhile, ``finish`` ends it."""

    def __init__(self, sender: Sender, spool: Spool, tally: Tally, say: Say) -> None:
        """Keep the ways out; ``say`` hears of the parts ``kafka`` and ``spool``."""
        self._sender, self._spool, self._tally, self._say = sender, spool, tally, say
        self._threads = Threads(1)
        self._disk = asyncio.Lock()
        self._disk_call: asyncio.Future[Any] | None = None
        self._queue: deque[Kept] = deque()
        self._in_hand: list[Kept] = []
        self._arrived, self._spooled = asyncio.Event(), asyncio.Event()
        self._ending = False
        self._tasks: list[asyncio.Task[None]] = []
        if not spool.empty:
            self._spooled.set()

    def offer(self, kept: Kept) -> None:
        """Take a batch; where disk and Kafka are both away for long, the oldest in memory go, and are counted."""
        self._queue.append(kept)
        self._tally.queue_bytes += len(kept.value)
        self._arrived.set()
        while self._tally.queue_bytes > QUEUE_BYTES_MAX and len(self._queue) > 1:
            self._tally.queue_bytes -= len(self._queue.popleft().value)
            self._tally.dropped_from_queue += 1
            if self._tally.dropped_from_queue % 100 == 1:
                log.error("batches dropped from memory", dropped=self._tally.dropped_from_queue)

    async def run(self) -> None:
        """Send and spool until ``finish``; raises only what is a fault of ours."""
        self._tally.spool_bytes = self._spool.size
        self._tasks = [asyncio.create_task(self._hand_over_all()), asyncio.create_task(self._drain())]
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            if not task.cancelled():
                task.result()

    async def finish(self, within_s: float) -> None:
        """Send what is in memory within ``within_s`` seconds, or else spool it, which may take as long again."""
        self._ending = True
        self._arrived.set()
        for task in self._tasks[1:]:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks[:1], timeout=within_s)
            self._tasks[0].cancel()
        left = [*self._in_hand, *self._queue]
        if not left:
            return
        try:
            async with asyncio.timeout(within_s):
                await self._keep(left)
        except (OSError, TimeoutError) as error:
            log.error("batches lost at the end", batches=len(left), error=_text(error))  # noqa: TRY400 - no trace needed
        else:
            log.info("spooled at the end", batches=len(left))

    async def _hand_over_all(self) -> None:
        while not (self._ending and not self._queue):
            await self._arrived.wait()
            if not self._ending:
                await asyncio.sleep(GATHER_S)
            self._arrived.clear()
            self._take_in_hand()
            try:
                await self._hand_over()
            except OSError as error:
                self._queue.extendleft(reversed(self._in_hand))
                self._in_hand = []
                self._say("spool", False, _text(error))  # noqa: FBT003 - a readiness
                await asyncio.sleep(RETRY_S_MIN)
            if self._queue:
                self._arrived.set()

    def _take_in_hand(self) -> None:
        """Take the oldest of the queue, ``IN_HAND_BYTES_MAX`` at most, but at least one."""
        size = 0
        while self._queue and (not size or size + len(self._queue[0].value) <= IN_HAND_BYTES_MAX):
            size += len(self._queue[0].value)
            self._in_hand.append(self._queue.popleft())

    async def _hand_over(self) -> None:
        """Send what is in hand, or spool it; raises ``OSError`` where the disk does not take it."""
        if self._spool.empty and self._in_hand:
            answers = await self._send(self._in_hand)
            self._in_hand = [kept for kept, settled in zip(self._in_hand, answers, strict=True) if not settled]
        if self._in_hand:
            await self._keep(self._in_hand)
            self._in_hand = []
        self._tally.queue_bytes = sum(len(kept.value) for kept in self._queue)

    async def _keep(self, batches: list[Kept]) -> None:
        before = self._spool.dropped
        await self._on_disk(lambda: self._spool.add(batches))
        self._tally.spooled += len(batches)
        self._tally.dropped_from_spool = self._spool.dropped
        self._say("spool", True, f"{self._spool.size} bytes wait")  # noqa: FBT003 - a readiness
        if self._spool.dropped > before:
            log.error("spool is full", dropped=self._spool.dropped - before, dropped_in_all=self._spool.dropped)
        self._spooled.set()

    async def _drain(self) -> None:
        """Send what is spooled, the oldest first: one batch to see whether Kafka is back, then many at a time."""
        retry_s, count_max = RETRY_S_MIN, 1
        while True:
            await self._spooled.wait()
            try:
                chunk = await self._on_disk(partial(self._spool.oldest, count_max, CHUNK_BYTES_MAX))
                if chunk is None:
                    self._spooled.clear()
                    continue
                whole = await self._send_chunk(chunk)
            except OSError as error:
                self._say("spool", False, _text(error))  # noqa: FBT003 - a readiness
                whole = False
            if whole:
                retry_s, count_max = RETRY_S_MIN, CHUNK_COUNT_MAX
                await asyncio.sleep(CHUNK_PAUSE_S)
            else:
                await asyncio.sleep(retry_s)
                retry_s, count_max = min(2 * retry_s, RETRY_S_MAX), 1

    async def _send_chunk(self, chunk: Chunk) -> bool:
        """Send ``chunk`` and forget what was acknowledged before the first failure; answers whether all was."""
        answers = await self._send(chunk.kept)
        settled = answers.index(False) if False in answers else len(answers)
        if settled:
            await self._on_disk(lambda: self._spool.sent(chunk.ends[settled - 1]))
        return settled == len(answers)

    async def _send(self, batches: Sequence[Kept]) -> list[bool]:
        """Send ``batches``; answers for each whether it is settled: acknowledged, or refused for good."""
        answers = await self._sender.send_all([Record(METRICS_TOPIC, kept.key, kept.value) for kept in batches])
        away = ""
        settled = []
        for kept, answer in zip(batches, answers, strict=True):
            settled.append(isinstance(answer, Position | RecordRefusedError))
            if isinstance(answer, Position):
                self._tally.sent += 1
            elif isinstance(answer, RecordRefusedError):
                self._tally.refused += 1
                log.error("batch refused by Kafka", error=str(answer), size=len(kept.value))
            else:
                away = str(answer)
        self._say("kafka", not away, away)
        return settled

    async def _on_disk(self, call: Callable[[], R]) -> R:
        """Run one call on the spool in a thread, after the one before."""
        async with self._disk:
            if self._disk_call is not None:
                await asyncio.wait({self._disk_call})  # its caller was cancelled, its thread was not
            running: asyncio.Future[R] = asyncio.ensure_future(self._threads.run(call))
            self._disk_call = running
            result = await asyncio.shield(running)
            self._tally.spool_bytes = self._spool.size
            return result


def _text(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
