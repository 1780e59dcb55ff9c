"""The recorder, wired: it waits for the database, brings the schema up to date, and records until stopped."""

import contextlib
import gc
from collections.abc import AsyncIterator

from watchkeeper.common.bus import DeadLetters, open_producer
from watchkeeper.common.clock import SystemClock
from watchkeeper.common.service import Running, service
from watchkeeper.common.store import NewerSchemaError, Store, migrate, open_store
from watchkeeper.recorder.domain.arranging import Floors
from watchkeeper.recorder.domain.dictionary import Dictionary
from watchkeeper.recorder.loop import Loop
from watchkeeper.recorder.portions import Portions
from watchkeeper.recorder.settings import RecorderSettings
from watchkeeper.recorder.store import retention
from watchkeeper.recorder.upkeep import Upkeep
from watchkeeper.recorder.waiting import patiently, side_by_side
from watchkeeper.recorder.writing import Writer

GC_ALLOCATIONS = 200_000
"""Rows are hundreds of thousands of tuples without cycles: looking through them as often as Python does by itself took
a quarter of the recorder's time (2.7 s of CPU for a million samples, against 2.0 s)."""


async def main(settings: RecorderSettings) -> None:
    """Run the recorder until SIGTERM; a database of a newer version ends it with one line."""
    gc.set_threshold(GC_ALLOCATIONS, 50, 50)
    async with service("recorder", settings) as running:
        try:
            await record(settings, running)
        except NewerSchemaError as error:
            raise SystemExit(f"recorder: {error}") from None


async def record(settings: RecorderSettings, running: Running) -> None:
    """Record until ``running`` is stopped; raises ``NewerSchemaError``, and what nothing here helps against."""
    clock = SystemClock()
    async with _patient_store(settings, running) as store, open_producer(settings.kafka, settings.consumer) as producer:
        floors = None if store is None else await patiently(lambda: prepare(store), running, "database")
        if store is None or floors is None:
            return
        writer = Writer(store, Dictionary(settings.series_cached_max), settings.series_max, floors)
        letters = DeadLetters(producer, settings.consumer, settings.topic)
        loop = Loop(settings, store, running, Portions(settings, writer, letters, running))
        upkeep = Upkeep(settings, store, running)
        await side_by_side(running.until_stopped, loop.run(clock), upkeep.roll(clock), upkeep.retain(clock))


async def prepare(store: Store) -> Floors:
    """Bring the schema up to date; answers the floors of retention."""
    await migrate(store)
    async with store.connection() as connection:
        return await retention.floors(connection)


@contextlib.asynccontextmanager
async def _patient_store(settings: RecorderSettings, running: Running) -> AsyncIterator[Store | None]:
    """The store, once the database answers; None when stopped before."""
    async with contextlib.AsyncExitStack() as stack:
        store = await patiently(
            lambda: stack.enter_async_context(open_store(settings.database, application="recorder")),
            running,
            "database",
        )
        yield store
