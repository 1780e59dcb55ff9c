"""The tasks that run beside the routes, from the application's start to its end.

Each is ``async def run(context) -> None`` and runs until cancelled. One that raises is logged and started again after
a pause, so a task needs no loop of its own against an engine that is away.
"""

import asyncio
from collections.abc import Awaitable, Callable

from watchkeeper.api import engines
from watchkeeper.api.access import cleaning
from watchkeeper.api.context import Context
from watchkeeper.api.health import looks
from watchkeeper.api.live import feed
from watchkeeper.common.logging import get_logger

RESTART_S = 1.0

Task = Callable[[Context], Awaitable[None]]

TASKS: tuple[Task, ...] = (engines.database, engines.kafka, cleaning.run, feed.run, looks.run)
"""All background tasks; a new one is one line here."""

log = get_logger(__name__)


async def supervise(task: Task, context: Context) -> None:
    """Run ``task`` until cancelled; after an error, again in ``RESTART_S`` seconds. A task that returns is done."""
    while True:
        try:
            await task(context)
        except Exception as error:  # noqa: BLE001 - whatever ended it, it is told and started again
            log.warning(
                "background task ended",
                task=f"{task.__module__}.{task.__qualname__}",
                error=f"{type(error).__name__}: {error}",
            )
            await asyncio.sleep(RESTART_S)
        else:
            return
