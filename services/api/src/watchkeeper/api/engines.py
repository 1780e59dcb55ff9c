"""Waiting for the engines: the gateway answers from the first moment, and says what it waits for."""

import asyncio

from watchkeeper.api.cancelling import cancelling
from watchkeeper.api.context import Context
from watchkeeper.api.settings import ApiSettings
from watchkeeper.common.bus import BusUnavailableError, ensure_topics
from watchkeeper.common.logging import get_logger
from watchkeeper.common.store import DatabaseSettings, Store, is_transient, migrate, open_store

RETRY_S = 1.0
UNUSABLE_RETRY_S = 10.0
LOOK_S = 5.0
LOOK_TIMEOUT_S = 3.0
ACCESS_ACQUIRE_S = 3.0
ACCESS_COMMAND_S = 5.0
ACCESS_STATEMENT_S = 4.0

log = get_logger(__name__)


async def database(context: Context) -> None:
    """Reach the database, bring its schema up to date, then keep its readiness true; never gives up."""
    context.running.ready("database", ok=False, detail="not reached yet")
    while not cancelling():
        try:
            async with (
                open_store(context.settings.database, application="watchkeeper-api") as store,
                open_store(access_settings(context.settings), application="watchkeeper-api-access") as access_store,
            ):
                await migrate(store)
                context.store, context.access_store = store, access_store
                try:
                    await _watch(context, access_store)
                finally:
                    context.store = context.access_store = None
        except Exception as error:  # noqa: BLE001 - told below, and tried again
            context.running.ready("database", ok=False, detail=f"{type(error).__name__}: {error}")
            if not is_transient(error):
                log.error("database not usable", error=f"{type(error).__name__}: {error}")  # noqa: TRY400 - one line
                await asyncio.sleep(UNUSABLE_RETRY_S)
        await asyncio.sleep(RETRY_S)


def access_settings(settings: ApiSettings) -> DatabaseSettings:
    """The database with few connections and short deadlines, for ``Context.access_store``."""
    database = settings.database
    short = {
        "pool_max": settings.access_pool_max,
        "acquire_timeout_s": min(ACCESS_ACQUIRE_S, database.acquire_timeout_s),
        "command_timeout_s": min(ACCESS_COMMAND_S, database.command_timeout_s),
        "statement_timeout_s": min(ACCESS_STATEMENT_S, database.statement_timeout_s),
    }
    return database.model_copy(update=short)


async def kafka(context: Context) -> None:
    """Make the topics, then keep Kafka's readiness true: listing the topics shows that it is there."""
    context.running.ready("kafka", ok=False, detail="not reached yet")
    while not cancelling():
        try:
            async with asyncio.timeout(2 * context.settings.kafka.request_timeout_s):  # its close has no deadline
                await ensure_topics(context.settings.kafka)
        except (BusUnavailableError, TimeoutError) as error:
            context.running.ready("kafka", ok=False, detail=str(error) or "no answer in time")
            await asyncio.sleep(RETRY_S)
        else:
            context.running.ready("kafka", ok=True)
            await asyncio.sleep(LOOK_S)


async def _watch(context: Context, store: Store) -> None:
    """Ask the database every ``LOOK_S`` seconds whether it is there; the pool reconnects by itself."""
    while not cancelling():
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
