"""How soon a sample reaches every open dashboard: 2,000 readers of ``/api/live`` on one api process.

    ./wk bench live [--clients 2000] [--events 30]

From the moment a batch is handed to Kafka until each reader has its bytes. The readers run on the same machine.
"""

import argparse
import asyncio
import re
import resource
import time

import fleet
import psutil
from figures import most, percentile, say, say_machine
from gateway import Gateway, gateway
from rig import Rig, engines

from watchkeeper.common.bus import BusError, open_producer

HOST = "127.0.0.1"
OPEN_AT_ONCE = 50
CONNECT_S = 120.0
SETTLE_S = 3.0
PAUSE_S = 1.0
LAST_S = 5.0

_TIME = re.compile(rb'"time_ms":\s*(\d{13})')


class Reader(asyncio.Protocol):
    """One dashboard: notes how old each event is when its bytes arrive."""

    def __init__(self, request: bytes, ages_ms: list[float]) -> None:
        """``request`` is sent when connected; ages go to ``ages_ms``, which all readers share."""
        self._request = request
        self._ages_ms = ages_ms
        self._rest = b""
        self.opened = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the stream."""
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Look for events."""
        now_ms = time.time() * 1000
        if not self.opened.done():
            self.opened.set_result(data.startswith(b"HTTP/1.1 200"))
        data = self._rest + data
        end = 0
        for found in _TIME.finditer(data):
            self._ages_ms.append(now_ms - int(found[1]))
            end = found.end()
        self._rest = data[max(end, len(data) - 40) :]


async def _open(to: Gateway, count: int, ages_ms: list[float]) -> int:
    """Open ``count`` streams, some at a time; answers how many were let in."""
    request = (
        f"GET /api/live HTTP/1.1\r\nHost: 127.0.0.1:{to.port}\r\nAuthorization: Bearer {to.read_key}\r\n\r\n".encode()
    )
    loop = asyncio.get_running_loop()
    let_in = 0
    for _ in range(0, count, OPEN_AT_ONCE):
        made = [loop.create_connection(lambda: Reader(request, ages_ms), HOST, to.port) for _ in range(OPEN_AT_ONCE)]
        readers = [reader for _, reader in await asyncio.gather(*made)]
        async with asyncio.timeout(CONNECT_S):
            let_in += sum(await asyncio.gather(*(reader.opened for reader in readers)))
    return let_in


async def _publish(rig: Rig, events: int) -> None:
    async with open_producer(rig.kafka, "bench-live", retry_backoff_ms=5) as producer:
        for _ in range(events):
            answer = (await producer.send_all([fleet.record(0, int(time.time() * 1000), PAUSE_S)]))[0]
            if isinstance(answer, BusError):
                raise answer
            await asyncio.sleep(PAUSE_S)


async def _measure(rig: Rig, to: Gateway, clients: int, events: int) -> tuple[int, list[float]]:
    ages_ms: list[float] = []
    let_in = await _open(to, clients, ages_ms)
    await asyncio.sleep(SETTLE_S)
    ages_ms.clear()
    await _publish(rig, events)
    await asyncio.sleep(LAST_S)
    return let_in, ages_ms


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=2000)
    parser.add_argument("--events", type=int, default=30)
    arguments = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
    with engines() as rig, gateway(rig) as opened:
        process = psutil.Process(opened.service.process.pid)
        let_in, ages_ms = asyncio.run(_measure(rig, opened, arguments.clients, arguments.events))
        memory = process.memory_info().rss
    say("live", "readers on one api process", let_in, "{reader}")
    say("live", "events that did not arrive", let_in * arguments.events - len(ages_ms), "{event}")
    say("live", "published → read: p50", percentile(ages_ms, 0.5), "ms")
    say("live", "published → read: p99", percentile(ages_ms, 0.99), "ms", most(500))
    say("live", "memory of the api", memory / 1e6, "MBy")
    say_machine()


if __name__ == "__main__":
    main()
