"""Whose turn it is to read much from the store: a few at a time, fewer of one caller, the others wait a while.

Without it a handful of charts over months take all connections, and everything else waits behind them.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from watchkeeper.api.problems import Problem

TURNS = 4
"""Half of the connections to the database."""
TURNS_EACH = 2
WAITING_MAX = 64
WAIT_S = 5.0
RETRY_AFTER_S = 1
BUSY = "Busy: too much is being read at the same time. Try again in a second, or ask for less."


@dataclass
class _Line:
    """One caller's own turns, and how many of the caller's requests have one or wait."""

    turns: asyncio.Semaphore
    asking: int = 0


@dataclass
class Turns:
    """``TURNS`` at a time, ``TURNS_EACH`` of one caller. At most ``WAITING_MAX`` wait, each ``wait_s`` at most."""

    wait_s: float = WAIT_S
    _all: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(TURNS))
    _lines: dict[str, _Line] = field(default_factory=dict)
    _asking: int = 0

    @contextlib.asynccontextmanager
    async def of(self, caller: str) -> AsyncIterator[None]:
        """A turn of ``caller`` (an id) for the block; raises the 503 problem where it does not come in time."""
        if self._asking >= TURNS + WAITING_MAX:
            raise busy()
        line = self._lines.setdefault(caller, _Line(asyncio.Semaphore(TURNS_EACH)))
        line.asking += 1
        self._asking += 1
        try:
            async with contextlib.AsyncExitStack() as stack:
                try:
                    async with asyncio.timeout(self.wait_s):
                        await stack.enter_async_context(line.turns)
                        await stack.enter_async_context(self._all)
                except TimeoutError:
                    raise busy() from None
                yield
        finally:
            self._asking -= 1
            line.asking -= 1
            if not line.asking:
                self._lines.pop(caller, None)


def busy() -> Problem:
    """The problem of a request that came while too much was being read."""
    return Problem(503, BUSY, title="Busy", headers={"Retry-After": str(RETRY_AFTER_S)})
