"""One stream of events to many readers: encoded once, bounded for each, with the newest kept for those who come back.

A reader that is too slow loses its backlog, and is told so by ``reset``; nothing is ever lost silently. All work is in
the event loop; nothing here waits.
"""

import asyncio
import secrets
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

EVENTS_KEPT = 5_000
ENCODED_IN_REPLAY_MAX = 1_000
"""Events encoded anew for one who comes back and wants some types only; after more of them it reads the history."""
PENDING_BYTES_MAX = 1024 * 1024
BEGIN = b"retry: 2000\n\n"


class Filter(NamedTuple):
    """Which events a reader wants; None: all."""

    hosts: frozenset[str] | None = None
    types: frozenset[str] | None = None


@dataclass
class Event:
    """The values of one batch; ``number`` counts the hub's events.

    Only the frame with all types is kept. There are thousands of sets of types, so a frame of each, kept with each
    event, would let one reader that asks for ever other sets fill the memory.
    """

    number: int
    id: str
    host: str
    time_ms: int
    source: str
    values: Mapping[str, Any]
    _whole: bytes | None = field(default=None, repr=False)

    def is_seen_by(self, wanted: Filter) -> bool:
        """Whether ``wanted`` lets the event's host through."""
        return wanted.hosts is None or self.host in wanted.hosts

    def frame(self, types: frozenset[str] | None) -> bytes:
        """The event with its values of ``types``; empty where it has none of them."""
        if types is not None:
            return self._encode(types)
        if self._whole is None:
            self._whole = self._encode(None)
        return self._whole

    def _encode(self, types: frozenset[str] | None) -> bytes:
        values = {name: value for name, value in self.values.items() if types is None or name in types}
        if not values:
            return b""
        data = {"host": self.host, "time_ms": self.time_ms, "source": self.source, "values": values}
        return sse("metrics", data, self.id)


class TooManyReadersError(Exception):
    """No further stream is opened; ``of_caller`` tells whether the caller's own number is reached, or that of all."""

    def __init__(self, *, of_caller: bool) -> None:
        super().__init__("too many readers")
        self.of_caller = of_caller


class Reader:
    """One open stream: what waits to be sent on it, bounded."""

    def __init__(self, wanted: Filter, caller: str) -> None:
        self.wanted = wanted
        self.caller = caller
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

    def __init__(self, readers_max: int = 4_000, readers_per_caller: int = 50) -> None:
        """At most ``readers_max`` are open at a time, and ``readers_per_caller`` of one caller."""
        self._readers_max = readers_max
        self._readers_per_caller = readers_per_caller
        self._callers: Counter[str] = Counter()
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
        return self._callers.total()

    def event(self, host: str, time_ms: int, source: str, values: Mapping[str, Any]) -> Event:
        """The next event, numbered; ``publish`` sends it."""
        self._number += 1
        return Event(self._number, f"{self._run}-{self._number}", host, time_ms, source, values)

    def publish(self, events: Iterable[Event]) -> None:
        """Send ``events`` to all readers who want them, and keep them for those who come back."""
        events = list(events)
        self._kept.extend(events)
        by_types: dict[frozenset[str] | None, list[Filter]] = {}
        for wanted in self._readers:
            by_types.setdefault(wanted.types, []).append(wanted)
        for types, filters in by_types.items():
            frames: dict[int, bytes] = {}  # each event once for all who want these types, and only if anybody does
            for wanted in filters:
                seen = [event for event in events if event.is_seen_by(wanted)]
                frames.update((event.number, event.frame(types)) for event in seen if event.number not in frames)
                chunk = b"".join(frames[event.number] for event in seen)
                if chunk:
                    self._offer(self._readers[wanted], chunk)

    def kafka_is(self, *, up: bool, now_ms: int) -> None:
        """Tell all readers when Kafka goes away or is back."""
        if up == self._kafka:
            return
        self._kafka, self._since_ms = up, now_ms
        for group in self._readers.values():
            self._offer(group, self._state())

    def open(self, wanted: Filter, last_id: str | None, caller: str = "") -> Reader:
        """A new reader of ``caller``. It gets what came after ``last_id``, or ``reset`` where that is not kept.

        Raises ``TooManyReadersError``. Who opens it closes it.
        """
        if self._callers[caller] >= self._readers_per_caller:
            raise TooManyReadersError(of_caller=True)
        if self.readers >= self._readers_max:
            raise TooManyReadersError(of_caller=False)
        reader = Reader(wanted, caller)
        reader.offer(BEGIN + (b"" if self._kafka is None else self._state()), b"")
        if last_id is not None:
            reader.offer(self._since(wanted, last_id), self._reset("slow"))
        self._readers.setdefault(wanted, set()).add(reader)
        self._callers[caller] += 1
        return reader

    def end(self) -> None:
        """Let all streams end: the process does."""
        self.ended = True
        for group in self._readers.values():
            for reader in group:
                reader.wake()

    def close(self, reader: Reader) -> None:
        """Forget ``reader``; a second time changes nothing."""
        group = self._readers.get(reader.wanted, set())
        if reader not in group:
            return
        group.remove(reader)
        if not group:
            del self._readers[reader.wanted]
        self._callers[reader.caller] -= 1
        if not self._callers[reader.caller]:
            del self._callers[reader.caller]

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
        return self._replay(wanted, int(number))

    def _replay(self, wanted: Filter, number: int) -> bytes:
        """What was kept after ``number``; ``reset`` where that is too much to make for one reader."""
        frames: list[bytes] = []
        size = encoded = 0
        for event in self._kept:
            if event.number <= number or not event.is_seen_by(wanted):
                continue
            encoded += wanted.types is not None
            frames.append(event.frame(wanted.types))
            size += len(frames[-1])
            if encoded > ENCODED_IN_REPLAY_MAX or size > PENDING_BYTES_MAX:
                return self._reset("old")
        return b"".join(frames)

    def _reset(self, reason: str) -> bytes:
        return sse("reset", {"reason": reason}, f"{self._run}-{self._number}")

    def _state(self) -> bytes:
        return sse("state", {"kafka": "up" if self._kafka else "down", "since_ms": self._since_ms})


def sse(event: str, data: Mapping[str, Any], id_: str | None = None) -> bytes:
    """A server-sent event (HTML Standard, 9.2.6): one line of JSON, no line breaks within."""
    head = f"id: {id_}\n" if id_ else ""
    return f"{head}event: {event}\ndata: ".encode() + msgspec.json.encode(data) + b"\n\n"
