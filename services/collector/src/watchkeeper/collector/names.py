"""Host names to addresses, where the resolver may hang.

It cannot be stopped: with DNS down it keeps a thread long after anyone waits. So there is one lookup at a time of each
name, in threads of their own.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from watchkeeper.collector.threads import Threads, ThreadsBusyError

Address = tuple[socket.AddressFamily, Any]
"""A family, and an address as ``socket.connect`` takes it."""

Resolve = Callable[[str], Sequence[tuple[socket.AddressFamily, Any, Any, Any, Any]]]
"""Answers as ``socket.getaddrinfo`` does; may hang."""

SYSTEM: Resolve = partial(socket.getaddrinfo, port=None, type=socket.SOCK_STREAM)
"""The system's resolver."""


class LookupHangsError(Exception):
    """A lookup hangs since an earlier reading, so that no other was begun; the message says which."""


class Names:
    """Looks up names. Those who ask for the same name share one lookup."""

    def __init__(self, threads: Threads, resolve: Resolve = SYSTEM) -> None:
        """Keep the threads that lookups may occupy, which are best nobody else's."""
        self._threads, self._resolve = threads, resolve
        self._asked: dict[str, asyncio.Task[Sequence[Any]]] = {}
        self._given_up: set[str] = set()

    async def addresses(self, host: str, port: int) -> list[Address]:
        """Return the addresses of ``host``, in the resolver's order, with ``port``; the deadline is the caller's.

        Raises ``LookupHangsError`` at once while a lookup hangs that somebody has given up, otherwise ``OSError`` or
        ``UnicodeError`` where there is no address.
        """
        try:
            family = socket.AF_INET if ipaddress.ip_address(host).version == 4 else socket.AF_INET6
        except ValueError:
            found = await self._look_up(host)
            return [(family, (address[0], port, *address[2:])) for family, _, _, _, address in found]
        return [(family, (host, port))]

    async def _look_up(self, host: str) -> Sequence[Any]:
        if host in self._given_up:
            raise LookupHangsError(f"the lookup of {host} before hangs still")
        task = self._asked.get(host)
        if task is None:
            task = self._asked[host] = asyncio.create_task(self._threads.run(partial(self._resolve, host)))
            task.add_done_callback(partial(self._ended, host))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if not task.done():
                self._given_up.add(host)
            raise
        except ThreadsBusyError as error:
            raise LookupHangsError(f"no lookup of {host}: too many others hang") from error

    def _ended(self, host: str, task: "asyncio.Task[Sequence[Any]]") -> None:
        """Let the name be asked for again; a late error is nobody's."""
        self._asked.pop(host, None)
        self._given_up.discard(host)
        if not task.cancelled():
            task.exception()
