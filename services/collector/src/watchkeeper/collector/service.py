"""The running service: sources, publisher, spool, and an end that loses nothing that was read."""

import asyncio
import contextlib
import gc
from collections.abc import Coroutine
from typing import Any

import psutil
from prometheus_client import REGISTRY

from watchkeeper.collector.collect import Collection
from watchkeeper.collector.configuration import Configuration
from watchkeeper.collector.publisher import Publisher
from watchkeeper.collector.settings import PublishingSettings
from watchkeeper.collector.spool import Spool
from watchkeeper.collector.tally import Tally, TallyCollector
from watchkeeper.common.bus.errors import BusUnavailableError
from watchkeeper.common.bus.producer import Producer
from watchkeeper.common.clock import SystemClock
from watchkeeper.common.events import Resource
from watchkeeper.common.logging import get_logger
from watchkeeper.common.service import Running, service

FLUSH_S = 1.5
"""Twice this (to send, then to spool) and ``CLOSE_S`` twice fit the time that a service has to end."""

CLOSE_S = 0.7

RETRY_BACKOFF_MS = 1000
"""Nobody waits for a batch by the millisecond, and a Kafka that is away is asked for once a second."""

log = get_logger(__name__)


async def collect(settings: PublishingSettings, configuration: Configuration, resource: Resource, spool: Spool) -> None:
    """Collect and publish until stopped; ends by itself only with an error."""
    _give_back_memory()
    tally = Tally()
    REGISTRY.register(TallyCollector(tally))
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
    """Connect at once, so that readiness is known before the first batch."""
    try:
        await producer.connect()
    except BusUnavailableError as error:
        running.ready("kafka", False, str(error))  # noqa: FBT003 - a readiness
    else:
        running.ready("kafka", True)  # noqa: FBT003 - a readiness


def _give_back_memory() -> None:
    """Return to the system what imports and settings left free: some 2 MB of 50, where psutil can do it."""
    gc.collect()
    trim = getattr(psutil, "heap_trim", None)
    if trim is not None:
        trim()


async def _within(ending: Coroutine[Any, Any, None]) -> None:
    """Let something end, for ``CLOSE_S`` at most."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_S):
            await ending
