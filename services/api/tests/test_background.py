"""Background tasks end, whatever swallows their cancellation, and those that do not are named."""

import asyncio
import contextlib
from typing import Any

import pytest

from watchkeeper.api import background
from watchkeeper.api.background import StuckTasksError, stop, supervise

pytestmark = pytest.mark.timeout(30)


async def close_a_client() -> None:
    """What aiokafka does in closing: it waits for a task of its own and takes any cancellation for that one's."""
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.sleep(60)


async def begun(task: Any) -> asyncio.Task[None]:
    running = asyncio.create_task(supervise(task, None), name=task.__name__)  # type: ignore[arg-type]  # none uses it
    await asyncio.sleep(0.01)
    return running


async def test_a_task_whose_client_swallows_the_cancellation_is_cancelled_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(background, "CANCEL_AGAIN_S", 0.01)

    async def loops() -> None:
        await close_a_client()
        await asyncio.sleep(60)

    task = await begun(_of(loops))
    await stop([task])
    assert task.done()


async def test_a_task_that_fails_in_its_end_is_not_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "CANCEL_AGAIN_S", 60.0)
    runs = 0

    async def fails() -> None:
        nonlocal runs
        runs += 1
        await close_a_client()
        raise ConnectionError("lost while closing")

    await stop([await begun(_of(fails))])
    assert runs == 1


async def test_a_task_that_does_not_end_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "CANCEL_AGAIN_S", 0.01)
    monkeypatch.setattr(background, "STOP_S", 0.1)
    released = asyncio.Event()

    async def clings() -> None:
        while not released.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await released.wait()

    task = await begun(_of(clings))
    with pytest.raises(StuckTasksError, match="clings"):
        await stop([task])
    released.set()
    await task


async def test_stopping_nothing_is_done_at_once() -> None:
    await stop([])


def _of(run: Any) -> Any:
    async def task(_: Any) -> None:
        await run()

    task.__name__ = run.__name__
    return task
