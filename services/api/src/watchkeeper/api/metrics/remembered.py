"""Answers kept for some seconds and made once, however many ask at the same time."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from watchkeeper.api.metrics.turns import busy
from watchkeeper.common.clock import Clock

T = TypeVar("T")

ENTRIES_MAX = 256
MAKING_MAX = 16
"""So many answers are made at the same time; whoever asks for another is told to come again."""


class Keep(NamedTuple):
    """How long an answer is good, and how much longer it may still be given while a new one is made."""

    fresh_s: float
    stale_s: float = 0.0


@dataclass
class _Entry:
    until_s: float
    making: "asyncio.Task[Any]"
    before: "asyncio.Task[Any] | None"
    """The answer to give until ``making`` is done."""
    waiting: int = 0


class Answers:
    """Up to ``ENTRIES_MAX`` answers; the one asked for longest ago goes first. A failure is not kept."""

    def __init__(self) -> None:
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()

    async def get(self, key: Hashable, keep: Keep, clock: Clock, make: Callable[[], Awaitable[T]]) -> T:
        """The answer under ``key``, as old as ``keep`` allows; made by ``make`` where there is none.

        Whoever asks and goes does not end the making while others wait for it; the last one does. Raises what ``make``
        raises, and the 503 problem while ``MAKING_MAX`` other answers are being made.
        """
        now_s = clock.monotonic_s()
        entry = self._entries.get(key)
        if entry is None or entry.until_s <= now_s or _failed(entry.making):
            entry = self._entries[key] = self._make(entry, now_s, keep, make)
        self._entries.move_to_end(key)
        if entry.before is not None and not entry.making.done():
            stale: T = entry.before.result()
            return stale
        entry.waiting += 1
        try:
            answer: T = await asyncio.shield(entry.making)
        finally:
            entry.waiting -= 1
            if not entry.waiting and not entry.making.done():
                entry.making.cancel()
        return answer

    def _make(self, old: _Entry | None, now_s: float, keep: Keep, make: Callable[[], Awaitable[T]]) -> _Entry:
        if sum(not entry.making.done() for entry in self._entries.values()) >= MAKING_MAX:
            raise busy()
        making = asyncio.ensure_future(make())
        making.add_done_callback(_failed)  # looked at, even if nobody waits for it any more
        usable = (
            old is not None and now_s < old.until_s + keep.stale_s and old.making.done() and not _failed(old.making)
        )
        while len(self._entries) >= ENTRIES_MAX:
            self._entries.popitem(last=False)
        return _Entry(now_s + keep.fresh_s, making, old.making if old is not None and usable else None)


def _failed(task: "asyncio.Task[Any]") -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
