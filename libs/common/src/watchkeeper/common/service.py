"""How a service starts, says how it is, and ends.

``run`` is a service's whole ``__main__``; ``service`` is the frame around its work: it answers ``/healthz``,
``/readyz`` and ``/metrics`` on a port of its own, and turns SIGTERM and SIGINT into ``until_stopped``. After a stop is
asked for, the service has ``DRAIN_S`` seconds to hand over what it holds; then it ends all the same, with exit code 1.
"""

import asyncio
import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

import structlog

from watchkeeper.common import logging as logs
from watchkeeper.common.health import HealthServer, Part
from watchkeeper.common.settings import ServiceSettings, SettingsError, load

DRAIN_S = 5.0
HEARTBEAT_S = 2.0

S = TypeVar("S", bound=ServiceSettings)

log = logs.get_logger(__name__)


@dataclass
class Running:
    """A service under way."""

    name: str
    until_stopped: asyncio.Event = field(default_factory=asyncio.Event)
    parts: dict[str, Part] = field(default_factory=dict)
    heartbeat_s: float = field(default_factory=time.monotonic)
    health_port: int = 0
    drain: threading.Timer | None = None
    """Ends the process ``DRAIN_S`` after the first signal."""

    def ready(self, part: str, ok: bool, detail: str = "") -> None:  # noqa: FBT001 - reads well at the call
        """Say whether ``part`` (``kafka``, ``database``…) works; the service is ready when all parts that spoke do."""
        before = self.parts.get(part)
        self.parts[part] = Part(ok=ok, detail=detail)
        if before is None or before.ok != ok:
            (log.info if ok else log.warning)("readiness", part=part, ok=ok, detail=detail)


@contextlib.asynccontextmanager
async def service(name: str, settings: ServiceSettings) -> AsyncIterator[Running]:
    """Frame a service's work: logs, health server, signals. Leaving the block stops the health server.

    The work is to end when ``until_stopped`` is set. Raises ``OSError`` where the health port is taken.
    """
    logs.configure(name, settings.log)
    running = Running(name)
    server = HealthServer(settings.health, running)
    running.health_port = server.port
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, running)
    beating = asyncio.create_task(_beat(running))
    server.start()
    log.info("started", pid=os.getpid(), health_port=server.port)
    try:
        yield running
    finally:
        beating.cancel()
        await asyncio.to_thread(server.stop)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
        log.info("stopped")


def run(
    main: Callable[[S], Awaitable[None]],
    settings_class: type[S],
    *,
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
) -> None:
    """Read the settings, run ``main``, and exit: 0 after a clean end, 1 after an error, 2 for wrong settings.

    ``loop_factory`` makes another event loop than asyncio's own.
    """
    try:
        settings = load(settings_class)
    except SettingsError as error:
        sys.exit(_complain(f"settings: {error}"))
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        sys.exit(runner.run(_supervised(main, settings)))


async def _supervised(main: Callable[[S], Awaitable[None]], settings: S) -> int:
    try:
        await main(settings)
    except Exception:  # noqa: BLE001 - the one place where any error ends the process, logged whole
        structlog.get_logger(__name__).exception("ended by an error")
        return 1
    return 0


def _complain(line: str) -> int:
    sys.stderr.write(line + "\n")
    return 2


def _stop(running: Running) -> None:
    """Ask for the stop and let the drain begin; by the first signal only, also where the service stops by itself."""
    if running.drain is not None:
        return
    log.info("stopping", drain_s=DRAIN_S)
    running.until_stopped.set()
    # A timer's thread, not the loop's: a drain that blocks the loop must end too.
    running.drain = threading.Timer(DRAIN_S, _give_up)
    running.drain.daemon = True
    running.drain.start()


def _give_up() -> None:
    log.error("drain took too long", drain_s=DRAIN_S)
    os._exit(1)


async def _beat(running: Running) -> None:
    """Show the health server's thread that the event loop is alive."""
    while True:
        running.heartbeat_s = time.monotonic()
        await asyncio.sleep(HEARTBEAT_S)
