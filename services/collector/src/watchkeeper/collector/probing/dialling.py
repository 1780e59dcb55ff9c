"""From a host name to a connected socket: look up, then try the addresses in order."""

import asyncio
import socket
from typing import Any

from watchkeeper.collector.names import Address, LookupHangsError, Names
from watchkeeper.collector.probing.stopwatch import Stopwatch

ADDRESSES_MAX = 4


class ProbeError(Exception):
    """What was looked for is not there, or not as it should be; the message says what was found."""


async def dial(host: str, port: int, connect_s: float, names: Names, watch: Stopwatch) -> socket.socket:
    """Return a socket connected to ``host``, timed in the phases "dns" and "connect".

    A lookup that hangs takes no thread of anyone else's. Up to ``ADDRESSES_MAX`` addresses share ``connect_s``.
    Raises ``ProbeError`` with what the last address answered.
    """
    with watch.phase("dns"):
        addresses = await _lookup(host, port, names)
    each_s = connect_s / len(addresses)
    with watch.phase("connect"):
        problem = ""
        for family, address in addresses:
            try:
                return await _connect(family, address, each_s)
            except TimeoutError:
                problem = f"{address[0]} port {port} did not answer within {each_s:.3g} s"
            except OSError as error:
                problem = f"{address[0]} port {port}: {error.strerror or error}"
    raise ProbeError(problem)


async def _lookup(host: str, port: int, names: Names) -> list[Address]:
    try:
        found = await names.addresses(host, port)
    except LookupHangsError as error:
        raise ProbeError(str(error)) from error
    except (OSError, UnicodeError) as error:
        raise ProbeError(f"no address for {host}: {error}") from error
    return found[:ADDRESSES_MAX]


async def _connect(family: socket.AddressFamily, address: Any, within_s: float) -> socket.socket:
    dialled = socket.socket(family, socket.SOCK_STREAM)
    try:
        dialled.setblocking(False)  # noqa: FBT003 - the standard library's own
        async with asyncio.timeout(within_s):
            await asyncio.get_running_loop().sock_connect(dialled, address)
    except BaseException:
        dialled.close()
        raise
    return dialled
