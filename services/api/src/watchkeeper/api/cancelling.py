"""Whether the running task was told to end: some clients take a cancellation for that of a task of their own."""

import asyncio


def cancelling() -> bool:
    """Whether the running task was cancelled, even where something on the way has swallowed that."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
