"""The gateway as a process: uvicorn in the frame that all services have."""

import asyncio
import contextlib
import resource
import socket
from collections.abc import Iterator

import uvicorn

from watchkeeper.api.app import create_app
from watchkeeper.api.context import new_context
from watchkeeper.api.settings import ApiSettings
from watchkeeper.common.bus import open_producer
from watchkeeper.common.logging import get_logger
from watchkeeper.common.service import service

GRACE_S = 3
"""How long open requests may go on after a stop was asked for; event streams would go on for ever."""
KEEP_ALIVE_S = 75
BACKLOG = 2048
OTHER_FILES = 256
"""Open files beside the clients' connections: pools, Kafka, logs."""

log = get_logger(__name__)


class Server(uvicorn.Server):
    """uvicorn that leaves the signals to the service's frame."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


async def serve(settings: ApiSettings) -> None:
    """Answer until the service is stopped. Where the port is taken, the process ends with one line."""
    try:
        listener = listen(settings.host, settings.port)
    except OSError as error:
        raise SystemExit(
            f"cannot listen on {settings.host}:{settings.port} (WK_API_HOST, WK_API_PORT): {error}"
        ) from error
    allow_files(settings.connections_max + OTHER_FILES)
    with listener:
        async with service("api", settings) as running, open_producer(settings.kafka, "watchkeeper-api") as producer:
            app = create_app(new_context(settings, producer, running))
            log.info("listening", host=settings.host, port=listener.getsockname()[1])
            await _until_stopped(Server(configuration(app, settings.connections_max)), listener, running.until_stopped)


def configuration(app: object, connections_max: int) -> uvicorn.Config:
    """How uvicorn runs ``app``: our logs, no header that names the server, the client's address from our own frame.

    A request over ``connections_max`` open connections gets a bare 503.
    """
    return uvicorn.Config(
        app,  # type: ignore[arg-type]  # an ASGI application
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=connections_max,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )


def allow_files(wanted: int) -> int:
    """Let this process open ``wanted`` files, or as many as the system's hard limit has; answers how many it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    reachable = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < reachable:
        resource.setrlimit(resource.RLIMIT_NOFILE, (reachable, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on ``host``:``port``, the caller's to close; raises ``OSError`` where it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    listener.setblocking(False)  # noqa: FBT003 - the standard library's signature
    return listener


async def _until_stopped(server: Server, listener: socket.socket, stopped: asyncio.Event) -> None:
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    stopping = asyncio.create_task(stopped.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    server.should_exit = True
    await serving
