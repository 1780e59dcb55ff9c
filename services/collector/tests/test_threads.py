"""Calls that may hang."""

import asyncio
import threading

import pytest

from watchkeeper.collector.threads import Threads, ThreadsBusyError


async def test_a_call_in_a_thread_answers_or_raises() -> None:
    """What the call returns or raises is what the caller gets."""
    threads = Threads(1)
    assert await threads.run(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        await threads.run(lambda: 1 // 0)


async def test_calls_one_after_the_other_share_one_thread() -> None:
    """A thread is idle again before its result is told, so the next call never needs another one."""
    threads = Threads(1)
    names = {await threads.run(threading.get_ident) for _ in range(200)}
    assert len(names) == 1


async def test_a_hanging_call_keeps_its_thread_and_no_other() -> None:
    """Calls beyond the number of threads are refused at once; a thread that comes free is used again."""
    threads, release = Threads(2), threading.Event()
    hanging = asyncio.create_task(threads.run(release.wait))
    await asyncio.sleep(0)
    assert await threads.run(lambda: "free") == "free"
    also = asyncio.create_task(threads.run(release.wait))
    await asyncio.sleep(0)
    with pytest.raises(ThreadsBusyError):
        await threads.run(lambda: None)
    release.set()
    assert await hanging
    assert await also
    assert await threads.run(lambda: "again") == "again"


async def test_giving_up_on_a_call_does_no_harm_to_the_next() -> None:
    """A cancelled caller leaves the call to its thread, whose late result is nobody's."""
    threads, release = Threads(2), threading.Event()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await threads.run(release.wait)
    release.set()
    assert await threads.run(lambda: 1) == 1
