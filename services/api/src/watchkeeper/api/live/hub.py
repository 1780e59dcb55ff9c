"""One stream of events to many readers: encoded once, bounded for each, with the newest kept for those who come back.

A reader that is too slow loses its backlog, and is told so by ``reset``; nothing is ever lost silently. All work is in
the event loop; nothing here waits.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

EVENTS_KEPT = 5_000
PENDING_BYTES_MAX = 1024 * 1024
BEGIN = b"retry: 2000\n\n"


class Filter(NamedTuple):
    """Which events a reader wants; None: all."""

    hosts: frozenset[str] | None = None
    types: frozenset[str] | None = None


@dataclass
class Event:
    """The values of one batch; ``number`` counts the hub's events. Frames are made once for each set of types."""

    number: int
    id: str
    host: str
    time_ms: int
    source: str
    values: Mapping[str, Any]
    _frames: dict[frozenset[str] | None, bytes] = field(default_factory=dict)

    def frame(self, wanted: Filter) -> bytes:
        """The event as ``wanted`` sees it; empty where it does not."""
        if wanted.hosts is not None and self.host not in wanted.hosts:
            return b""
        found = self._frames.get(wanted.types)
        if found is None:
            found = self._frames[wanted.types] = self._encode(wanted.types)
        return found

    def _encode(self, types: frozenset[str] | None) -> bytes:
        values = {name: value for name, value in self.values.items() if types is None or name in types}
        if not values:
            return b""
        data = {"host": self.host, "time_ms": self.time_ms, "source": self.source, "values": values}
        return sse("metrics", data, self.id)


class Reader:
    """One open stream: what waits to be sent on it, bounded."""

    def __init__(self, wanted: Filter) -> None:
        self.wanted = wanted
        self._pending: deque[bytes] = deque()
        self._pending_bytes = 0
        self._wake = asyncio.Event()

    def offer(self, chunk: bytes, reset: bytes) -> None:
        """Let ``chunk`` wait to be sent; where too much waits already, ``reset`` takes the place of all of it."""
        if self._pending_bytes + len(chunk) > PENDING_BYTES_MAX:
            self._pending.clear()
            self._pending_bytes = 0
            chunk = reset
        self._pending.append(chunk)
        self._pending_bytes += len(chunk)
        self._wake.set()

    def wake(self) -> None:
        """Let ``take`` answer now."""
        self._wake.set()

    async def take(self, wait_s: float) -> bytes:
        """All that waits, once there is something; empty after ``wait_s`` seconds without."""
        try:
            async with asyncio.timeout(wait_s):
                await self._wake.wait()
        except TimeoutError:
            return b""
        chunk = b"".join(self._pending)
        self._pending.clear()
        self._pending_bytes = 0
        self._wake.clear()
        return chunk


class Hub:
    """All readers and the newest events."""

    def __init__(self) -> None:
        self._run = secrets.token_hex(4)
        """Ids of another run mean nothing here: they lead to a reset."""
        self._number = 0
        self._kept: deque[Event] = deque(maxlen=EVENTS_KEPT)
        self._readers: dict[Filter, set[Reader]] = {}
        self._kafka: bool | None = None
        self.ended = False
        self._since_ms = 0

    @property
    def readers(self) -> int:
        """How many are open."""
        return sum(len(group) for group in self._readers.values())

    def event(self, host: str, time_ms: int, source: str, values: Mapping[str, Any]) -> Event:
        """The next event, numbered; ``publish`` sends it."""
        self._number += 1
        return Event(self._number, f"{self._run}-{self._number}", host, time_ms, source, values)

    def publish(self, events: Iterable[Event]) -> None:
        """Send ``events`` to all readers who want them, and keep them for those who come back."""
        events = list(events)
        self._kept.extend(events)
        for wanted, group in self._readers.items():
            chunk = b"".join(event.frame(wanted) for event in events)
            if chunk:
                self._offer(group, chunk)

    def kafka_is(self, *, up: bool, now_ms: int) -> None:
        """Tell all readers when Kafka goes away or is back."""
        if up == self._kafka:
            return
        self._kafka, self._since_ms = up, now_ms
        for group in self._readers.values():
            self._offer(group, self._state())

    def open(self, wanted: Filter, last_id: str | None) -> Reader:
        """A new reader. It gets what came after ``last_id``, or ``reset`` where that is not kept any more."""
        reader = Reader(wanted)
        reader.offer(BEGIN + (b"" if self._kafka is None else self._state()), b"")
        if last_id is not None:
            reader.offer(self._since(wanted, last_id), self._reset("slow"))
        self._readers.setdefault(wanted, set()).add(reader)
        return reader

    def end(self) -> None:
        """Let all streams end: the process does."""
        self.ended = True
        for group in self._readers.values():
            for reader in group:
                reader.wake()

    def close(self, reader: Reader) -> None:
        """Forget ``reader``."""
        group = self._readers.get(reader.wanted)
        if group is not None:
            group.discard(reader)
            if not group:
                del self._readers[reader.wanted]

    def _offer(self, group: Iterable[Reader], chunk: bytes) -> None:
        reset = self._reset("slow")
        for reader in group:
            reader.offer(chunk, reset)

    def _since(self, wanted: Filter, last_id: str) -> bytes:
        run, _, number = last_id.partition("-")
        if run != self._run or not number.isdecimal() or len(number) > 18 or int(number) > self._number:
            return self._reset("unknown")
        oldest = self._kept[0].number if self._kept else self._number + 1
        if int(number) + 1 < oldest:
            return self._reset("old")
        return b"".join(event.frame(wanted) for event in self._kept if event.number > int(number))

    def _reset(self, reason: str) -> bytes:
        return sse("reset", {"reason": reason}, f"{self._run}-{self._number}")

    def _state(self) -> bytes:
        return sse("state", {"kafka": "up" if self._kafka else "down", "since_ms": self._since_ms})


def sse(event: str, data: Mapping[str, Any], id_: str | None = None) -> bytes:
    """A server-sent event (HTML Standard, 9.2.6): one line of JSON, no line breaks within."""
    head = f"id: {id_}\n" if id_ else ""
    return f"{head}event: {event}\ndata: ".encode() + msgspec.json.encode(data) + b"\n\n"
