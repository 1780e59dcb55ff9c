"""Feeds the hub: one tail of the topic ``metrics`` for the whole process, each batch decoded once."""

import asyncio
from collections.abc import Iterable

from watchkeeper.api.cancelling import cancelling
from watchkeeper.api.context import Context
from watchkeeper.api.health.report import Status
from watchkeeper.api.live.hub import Event, Hub
from watchkeeper.api.live.values import Levels
from watchkeeper.common.bus import BusUnavailableError, Received, tail
from watchkeeper.common.events import METRICS_TOPIC, BadEventError, decode_metrics
from watchkeeper.common.logging import get_logger

LOOK_BACK_MS = 90_000
"""At the start the newest past is read: it fills the events that are kept, and gives counters a value to grow from."""
RETRY_S = 1.0
SPACING_PER_READER_S = 100e-6
SPACING_MAX_S = 0.25
"""A write to a reader costs some 40 microseconds; so at most about half of a processor goes into writing."""
STATE_EVERY_S = 0.25

log = get_logger(__name__)


async def run(context: Context) -> None:
    """Read along until cancelled; Kafka away is waited for, and what came meanwhile is read afterwards."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_follow(context, context.hub))
        tasks.create_task(_tell_state(context, context.hub))
        tasks.create_task(_end(context, context.hub))


def events_of(hub: Hub, levels: Levels, records: Iterable[Received]) -> list[Event]:
    """The events that ``records`` make. A record that cannot be read makes none: the recorder reports it."""
    events = []
    for record in records:
        try:
            batch = decode_metrics(record.value or b"")
        except BadEventError:
            continue
        values = levels.of(batch)
        if values:
            events.append(hub.event(batch.resource.id, batch.time_ms, batch.source, values))
    return events


def spacing_s(readers: int) -> float:
    """How long to collect events before the next write to all readers; the first after a silence goes at once."""
    return min(SPACING_MAX_S, readers * SPACING_PER_READER_S)


async def _follow(context: Context, hub: Hub) -> None:
    levels = Levels()
    starts: dict[int, int] = {}
    since_ms = context.clock.now_ms() - LOOK_BACK_MS
    while not cancelling():
        try:
            async for records in tail(context.settings.kafka, METRICS_TOPIC, since_ms=since_ms, starts=starts):
                hub.publish(events_of(hub, levels, records))
                starts.update((record.partition, record.offset + 1) for record in records)
                if cancelling():
                    return
                if records:
                    await asyncio.sleep(spacing_s(hub.readers))
        except BusUnavailableError as error:
            log.warning("live channel waits for Kafka", error=str(error))
        await asyncio.sleep(RETRY_S)


async def _tell_state(context: Context, hub: Hub) -> None:
    """Told from the health report's own look, so that who reads the report at once finds the same there."""
    while not cancelling():
        part = context.board.parts.get("kafka")
        if part is not None:
            hub.kafka_is(up=part.finding.status is not Status.DOWN, now_ms=context.clock.now_ms())
        await asyncio.sleep(STATE_EVERY_S)


async def _end(context: Context, hub: Hub) -> None:
    """Open streams would hold up the process's end."""
    await context.running.until_stopped.wait()
    hub.end()
