"""Waiting for the engines: the gateway answers from the first moment, and says what it waits for."""

import asyncio

from watchkeeper.api.context import Context
from watchkeeper.common.bus import BusUnavailableError, ensure_topics
from watchkeeper.common.logging import get_logger
from watchkeeper.common.store import Store, is_transient, migrate, open_store

RETRY_S = 1.0
LOOK_S = 5.0
LOOK_TIMEOUT_S = 3.0

log = get_logger(__name__)


async def run(context: Context) -> None:
    """Reach both engines, bring schema and topics up to date, then keep readiness true to their state."""
    context.running.ready("database", ok=False, detail="not reached yet")
    context.running.ready("kafka", ok=False, detail="not reached yet")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_database(context))
        tasks.create_task(_kafka(context))


async def _database(context: Context) -> None:
    while True:
        try:
            async with open_store(context.settings.database, application="watchkeeper-api") as store:
                await migrate(store)
                context.store = store
                try:
                    await _watch(context, store)
                finally:
                    context.store = None
        except Exception as error:
            if not is_transient(error):
                context.running.ready("database", ok=False, detail=str(error))
                raise
            context.running.ready("database", ok=False, detail=f"{type(error).__name__}: {error}")
        await asyncio.sleep(RETRY_S)


async def _watch(context: Context, store: Store) -> None:
    """Ask the database every ``LOOK_S`` seconds whether it is there; the pool reconnects by itself."""
    while True:
        try:
            async with asyncio.timeout(LOOK_TIMEOUT_S), store.connection() as connection:
                await connection.execute("SELECT 1")
        except Exception as error:
            if not is_transient(error):
                raise
            context.running.ready("database", ok=False, detail=f"{type(error).__name__}: {error}")
        else:
            context.running.ready("database", ok=True)
        await asyncio.sleep(LOOK_S)


async def _kafka(context: Context) -> None:
    """Make the topics, then ask every ``LOOK_S`` seconds: listing the topics shows that Kafka is there."""
    while True:
        try:
            await ensure_topics(context.settings.kafka)
        except BusUnavailableError as error:
            context.running.ready("kafka", ok=False, detail=str(error))
            await asyncio.sleep(RETRY_S)
        else:
            context.running.ready("kafka", ok=True)
            await asyncio.sleep(LOOK_S)
