"""The tasks that run beside the routes, from the application's start to its end.

Each is ``async def run(context) -> None`` and runs until cancelled. One that raises is logged and started again after
a pause, so a task needs no loop of its own against an engine that is away.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection

from watchkeeper.api import engines
from watchkeeper.api.access import cleaning
from watchkeeper.api.cancelling import cancelling
from watchkeeper.api.context import Context
from watchkeeper.api.health import looks
from watchkeeper.api.live import feed
from watchkeeper.common.logging import get_logger

RESTART_S = 1.0
CANCEL_AGAIN_S = 1.0
STOP_S = 15.0
"""How long the tasks may take to end; their own deadlines on engines that hang are shorter."""

Task = Callable[[Context], Awaitable[None]]

TASKS: tuple[Task, ...] = (engines.database, engines.kafka, cleaning.run, feed.run, looks.run)
"""All background tasks; a new one is one line here."""

log = get_logger(__name__)


class StuckTasksError(RuntimeError):
    """Tasks that did not end although cancelled."""


def start(context: Context) -> list[asyncio.Task[None]]:
    """Start all tasks; ``stop`` ends them."""
    return [asyncio.create_task(supervise(task, context), name=_name(task)) for task in TASKS]


async def supervise(task: Task, context: Context) -> None:
    """Run ``task`` until cancelled; after an error, again in ``RESTART_S`` seconds. A task that returns is done."""
    while not cancelling():
        try:
            await task(context)
        except Exception as error:  # noqa: BLE001 - whatever ended it, it is told and started again
            log.warning(
                "background task ended",
                task=_name(task),
                error=f"{type(error).__name__}: {error}",
            )
            if not cancelling():
                await asyncio.sleep(RESTART_S)
        else:
            return


async def stop(tasks: Collection[asyncio.Task[None]]) -> None:
    """Cancel ``tasks`` and wait for their end; raises ``StuckTasksError`` naming those that go on after ``STOP_S``.

    Cancels again every second: a client that is just closing takes a cancellation for that of a task of its own.
    """
    deadline_s = asyncio.get_running_loop().time() + STOP_S
    left = set(tasks)
    while left and asyncio.get_running_loop().time() < deadline_s:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=CANCEL_AGAIN_S)
    if left:
        raise StuckTasksError(f"background tasks go on after {STOP_S:g} s: {sorted(task.get_name() for task in left)}")


def _name(task: Task) -> str:
    return f"{task.__module__}.{task.__qualname__}"
