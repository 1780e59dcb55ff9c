"""Answers kept for some seconds and made once, however many ask at the same time."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, NamedTuple, TypeVar

from watchkeeper.common.clock import Clock

T = TypeVar("T")

ENTRIES_MAX = 256


class _Entry(NamedTuple):
    until_s: float
    task: "asyncio.Task[Any]"


class Answers:
    """Up to ``ENTRIES_MAX`` answers; the one asked for longest ago goes first. A failure is not kept."""

    def __init__(self) -> None:
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()

    async def get(self, key: Hashable, keep_s: float, clock: Clock, make: Callable[[], Awaitable[T]]) -> T:
        """The answer under ``key``, not older than ``keep_s``; made by ``make`` where there is none.

        Whoever asks and goes does not end the making: others may wait for it. Raises what ``make`` raises.
        """
        now_s = clock.monotonic_s()
        entry = self._entries.get(key)
        if entry is None or entry.until_s <= now_s or _failed(entry.task):
            entry = self._entries[key] = _Entry(now_s + keep_s, asyncio.ensure_future(make()))
            entry.task.add_done_callback(_failed)  # looked at, even if nobody waits for it any more
            while len(self._entries) > ENTRIES_MAX:
                self._entries.popitem(last=False)
        self._entries.move_to_end(key)
        answer: T = await asyncio.shield(entry.task)
        return answer


def _failed(task: "asyncio.Task[Any]") -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
