"""Parting with an aiokafka client, within a time, even where Kafka has gone."""

import asyncio
from collections.abc import Coroutine

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import ProducerClosed

from watchkeeper.common.logging import get_logger

CUT_S = 1.0

log = get_logger(__name__)


async def close_client(client: AIOKafkaConsumer | AIOKafkaProducer, within_s: float) -> None:
    """Stop ``client`` in its own way within ``within_s`` seconds; else end its tasks and cut its connections.

    aiokafka's own ``stop`` waits for ever for what a producer cannot hand over, and a consumer's ends with the
    cancellation of one of its own tasks when that waits to try again: both leave tasks and connections behind.
    """
    if await _done(client.stop(), within_s):
        return
    log.warning("client not closed cleanly", client=type(client).__name__)
    # There is no public way to the parts that keep a client from ending.
    if isinstance(client, AIOKafkaProducer):
        client._message_accumulator.fail_all(ProducerClosed())  # noqa: SLF001
        await _done(client._sender.close(), CUT_S)  # noqa: SLF001
        await _done(client.client.close(), CUT_S)
    else:
        await _done(client._client.close(), CUT_S)  # noqa: SLF001


async def _done(work: Coroutine[object, object, None], within_s: float) -> bool:
    """Whether ``work`` came to its end in time; its errors and cancellations stay its own."""
    task = asyncio.create_task(work)
    done, _ = await asyncio.wait({task}, timeout=within_s)
    if not done:
        task.cancel()
        await asyncio.wait({task}, timeout=CUT_S)
        return False
    return not task.cancelled() and task.exception() is None
