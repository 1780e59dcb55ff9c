"""The running service: sources, publisher, spool, and an end that loses nothing that was read."""

import asyncio
import contextlib
import gc
from collections.abc import Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any

import psutil

from watchkeeper.collector.collect import Collection
from watchkeeper.collector.configuration import Configuration
from watchkeeper.collector.publisher import Publisher
from watchkeeper.collector.settings import PublishingSettings
from watchkeeper.collector.spool import Spool
from watchkeeper.collector.tally import Tally
from watchkeeper.common.bus.errors import BusUnavailableError
from watchkeeper.common.bus.producer import Producer
from watchkeeper.common.clock import SystemClock
from watchkeeper.common.events import Resource
from watchkeeper.common.health import show_on_metrics
from watchkeeper.common.logging import get_logger
from watchkeeper.common.service import Running, service

if TYPE_CHECKING:
    from watchkeeper.collector.tally_metrics import TallyCollector

FLUSH_S = 1.5
"""Twice this (to send, then to spool) and ``CLOSE_S`` twice fit the time that a service has to end."""

CLOSE_S = 0.7

SETTLED_S = 20.0
"""After this every source has been opened and read, by the intervals that most have."""

RETRY_BACKOFF_MS = 1000
"""Nobody waits for a batch by the millisecond, and a Kafka that is away is asked for once a second."""

log = get_logger(__name__)


async def collect(settings: PublishingSettings, configuration: Configuration, resource: Resource, spool: Spool) -> None:
    """Collect and publish until stopped; ends by itself only with an error."""
    _give_back_memory()
    tally = Tally()
    show_on_metrics(partial(_shown, tally))
    async with service("collector", settings) as running:
        log.info(
            "collecting", host=resource.id, sources=[block.label for block in configuration.blocks],
            spooled_bytes=spool.size, torn_bytes=spool.torn_bytes,
        )  # fmt: skip
        producer = Producer(settings.kafka, f"collector-{resource.id}", RETRY_BACKOFF_MS)
        publisher = Publisher(producer, spool, tally, running.ready)
        collection = Collection(configuration, resource, SystemClock(), tally)
        try:
            await _work(running, producer, publisher, collection)
        finally:
            await publisher.finish(FLUSH_S)
            await asyncio.gather(_within(producer.close()), _within(collection.close()))
            spool.close()


async def _work(running: Running, producer: Producer, publisher: Publisher, collection: Collection) -> None:
    """Run everything until a stop is asked for, or one part ends with an error, which is raised."""
    stopped = asyncio.create_task(running.until_stopped.wait())
    tasks = [asyncio.create_task(collection.run(publisher)), asyncio.create_task(publisher.run())]
    greeting = asyncio.create_task(_greet(running, producer))
    try:
        done, _ = await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in (stopped, greeting, tasks[0]):
            task.cancel()
        await asyncio.wait([stopped, tasks[0]], timeout=CLOSE_S)


async def _greet(running: Running, producer: Producer) -> None:
    """Connect at once, so that readiness is known before the first batch; then give back what starting took."""
    try:
        await producer.connect()
    except BusUnavailableError as error:
        running.ready("kafka", False, str(error))  # noqa: FBT003 - a readiness
    else:
        running.ready("kafka", True)  # noqa: FBT003 - a readiness
    await asyncio.sleep(SETTLED_S)
    _give_back_memory()


def _shown(tally: Tally) -> "TallyCollector":
    from watchkeeper.collector.tally_metrics import TallyCollector  # noqa: PLC0415 - most hosts are not asked, see there

    return TallyCollector(tally)


def _give_back_memory() -> None:
    """Return to the system what was freed: by imports and settings, and by connecting and the first readings."""
    gc.collect()
    trim = getattr(psutil, "heap_trim", None)
    if trim is not None:
        trim()


async def _within(ending: Coroutine[Any, Any, None]) -> None:
    """Let something end, for ``CLOSE_S`` at most."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_S):
            await ending
