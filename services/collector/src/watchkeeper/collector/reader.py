"""Reading one source, again and again, with a deadline, and one reading at a time."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from watchkeeper.collector.batches import Outcome
from watchkeeper.collector.configuration import SourceBlock
from watchkeeper.collector.reading import Reading
from watchkeeper.collector.source import Source
from watchkeeper.common.clock import Clock
from watchkeeper.common.logging import get_logger

GRACE_S = 1.0
"""More time for a source that keeps the deadline itself, so that it can still tell what it found."""

CLOSE_S = 1.0
ERROR_LENGTH_MAX = 300

log = get_logger(__name__)

Open = Callable[[], Source[Any]]


class Reader:
    """Opens and reads the source of ``block``. Whatever goes wrong becomes part of the outcome, never an exception."""

    def __init__(self, block: SourceBlock, open_source: Open, clock: Clock) -> None:
        """Keep how the source is opened; nothing is opened yet."""
        self.block, self._open, self._clock = block, open_source, clock
        self._source: Source[Any] | None = None
        self._task: asyncio.Task[list[Reading]] | None = None
        self._failing = False

    async def prepare(self) -> None:
        """Open the source, and read it if a reading of it compares with the one before; errors come with ``read``."""
        with contextlib.suppress(Exception):
            if self._opened().needs_two:
                await self._attempt()

    async def read(self) -> Outcome:
        """Read once; an unfinished reading of before is a failure of this one."""
        time_ms, began_s = self._clock.now_ms(), self._clock.monotonic_s()
        readings: list[Reading] = []
        try:
            readings, error = await self._attempt(), ""
        except Exception as failure:  # noqa: BLE001 - whatever a source raises is its own reading's failure
            error = describe(failure)
        self._tell(error)
        return Outcome(time_ms, self._clock.monotonic_s() - began_s, readings, error)

    async def close(self) -> None:
        """End what is under way and give back what the source holds, within ``CLOSE_S``."""
        if self._task is not None:
            self._task.cancel()
        if self._source is None:
            return
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._source.close()
        except Exception as failure:  # noqa: BLE001 - an end that fails must not keep the others from ending
            log.warning("source not closed cleanly", source=self.block.label, error=describe(failure))

    def _opened(self) -> Source[Any]:
        """Return the open source; raises what opening raises."""
        if self._source is None:
            self._source = self._open()
        return self._source

    async def _attempt(self) -> list[Reading]:
        source = self._opened()
        if self._task is not None and not self._task.done():
            raise TimeoutError("the reading before hangs still")
        self._task = asyncio.create_task(source.read())
        allowed_s = self.block.timeout_s + (GRACE_S if source.keeps_deadline else 0)
        done, _ = await asyncio.wait({self._task}, timeout=allowed_s)
        if not done:
            self._task.cancel()
            self._task.add_done_callback(_look)
            raise TimeoutError(f"no reading within {allowed_s:g} s")
        return self._task.result()

    def _tell(self, error: str) -> None:
        """Log the first failure of a row, and its end."""
        if error and not self._failing:
            log.warning("source fails", source=self.block.label, error=error)
        elif not error and self._failing:
            log.info("source works again", source=self.block.label)
        self._failing = bool(error)


def describe(error: BaseException) -> str:
    """Return an error as one line of bounded length."""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return text[:ERROR_LENGTH_MAX]


def _look(task: "asyncio.Task[list[Reading]]") -> None:
    """Take note of an abandoned reading's end, so that nothing is reported as never looked at."""
    if not task.cancelled():
        task.exception()
