"""Waiting for what is away: a database or Kafka that is down is waited for, never an error of the data."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from watchkeeper.common.bus import BusUnavailableError
from watchkeeper.common.logging import get_logger
from watchkeeper.common.service import Running
from watchkeeper.common.store import is_transient

FIRST_S = 0.1
LONGEST_S = 2.0

HELD_UP_TIMES = 3
"""So often in a row a work may find another transaction in its way before it counts as not ready."""

T = TypeVar("T")

log = get_logger(__name__)


class Backoff:
    """Pauses that grow from ``FIRST_S`` to ``LONGEST_S``, with jitter, and end early when a stop is asked for."""

    def __init__(self, until_stopped: asyncio.Event) -> None:
        """Begin with the shortest."""
        self._until_stopped = until_stopped
        self._next_s = FIRST_S

    async def pause(self) -> None:
        """Wait, longer than the last time."""
        wait_s = self._next_s * random.uniform(0.7, 1.3)  # noqa: S311 - spreads retries, guards nothing
        self._next_s = min(2 * self._next_s, LONGEST_S)
        await pause(self._until_stopped, wait_s)

    def reset(self) -> None:
        """Begin with the shortest again."""
        self._next_s = FIRST_S


class HeldUp:
    """How often in a row a work was held up by others' transactions; its part is not ready while that goes on.

    A part of its own, beside ``database``: that one answers, and others' work on it succeeds.
    """

    def __init__(self, running: Running, part: str) -> None:
        """Begin with never; ``part`` speaks only once it was held up too often."""
        self._running = running
        self._part = part
        self._times = 0

    def again(self, detail: str) -> None:
        """It was held up."""
        self._times += 1
        log.info("held up", work=self._part, times=self._times, error=detail)
        if self._times >= HELD_UP_TIMES:
            self._running.ready(self._part, ok=False, detail=f"held up {self._times} times in a row: {detail}")

    def over(self) -> None:
        """It went through, or is no longer ours."""
        if self._times >= HELD_UP_TIMES:
            self._running.ready(self._part, ok=True)
        self._times = 0


async def pause(until_stopped: asyncio.Event, wait_s: float) -> None:
    """Wait ``wait_s`` seconds, or until stopped."""
    try:
        async with asyncio.timeout(wait_s):
            await until_stopped.wait()
    except TimeoutError:
        return


def passes(error: BaseException) -> bool:
    """Whether waiting helps against ``error``."""
    return isinstance(error, BusUnavailableError) or is_transient(error)


async def patiently(attempt: Callable[[], Awaitable[T]], running: Running, part: str) -> T | None:
    """Call ``attempt`` until it succeeds and answer what it does; None when stopped before.

    Errors that pass are waited for, and ``part`` counts as not ready meanwhile; any other error is raised.
    """
    backoff = Backoff(running.until_stopped)
    while not running.until_stopped.is_set():
        try:
            found = await attempt()
        except Exception as error:
            if not passes(error):
                raise
            running.ready(part, ok=False, detail=f"{type(error).__name__}: {error}")
            await backoff.pause()
        else:
            running.ready(part, ok=True)
            return found
    return None


async def side_by_side(until_stopped: asyncio.Event, *works: Awaitable[None]) -> None:
    """Run ``works`` until all end; the first that errs stops the others, in their own time, and its error is raised.

    None is cancelled: a COPY that is cancelled leaves its connection in an unknown state.
    """
    tasks = [asyncio.ensure_future(work) for work in works]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    until_stopped.set()
    for answer in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(answer, BaseException):
            raise answer
