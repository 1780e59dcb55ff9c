"""A service's own small HTTP server: ``/healthz``, ``/readyz``, ``/metrics``.

It runs in a thread of its own, so that it still answers, and says so, when the event loop hangs. What writes the
metrics is imported when they are first asked for: it takes a megabyte, which counts on a host that only collects.
"""

import json
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from socketserver import TCPServer, ThreadingMixIn
from typing import TYPE_CHECKING, Any, Protocol
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from watchkeeper.common.settings import HealthSettings

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

HANGING_S = 10.0
REQUEST_S = 10.0

_to_register: "list[Callable[[], Collector]]" = []
_registering = threading.Lock()

StartResponse = Callable[[str, list[tuple[str, str]]], Any]


@dataclass(frozen=True)
class Part:
    """Whether one part of a service works, and what is to be said of it."""

    ok: bool
    detail: str = ""


class Watched(Protocol):
    """What the server tells about."""

    name: str
    parts: dict[str, Part]
    heartbeat_s: float


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    block_on_close = False

    def server_bind(self) -> None:
        """Bind without asking the resolver for our own name, which can take seconds where there is none."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()


class _Handler(WSGIRequestHandler):
    timeout = REQUEST_S

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing: a probe every few seconds would drown the log."""


class HealthServer:
    """Answers on ``settings.host``:``port``; ``port`` is the one taken. Raises ``OSError`` if it is taken already."""

    def __init__(self, settings: HealthSettings, watched: Watched) -> None:
        """Bind the port; ``start`` begins to answer."""
        self._watched = watched
        self._server = make_server(settings.host, settings.port, self._answer, _Server, _Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="health", daemon=True)
        self.port = int(self._server.server_port)

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Close the port."""
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            kind, body = _metrics()
            start_response("200 OK", [("Content-Type", kind)])
            return [body]
        if path == "/healthz":
            return self._json(start_response, *health(self._watched, time.monotonic()))
        if path == "/readyz":
            return self._json(start_response, *readiness(self._watched, time.monotonic()))
        return self._json(start_response, ok=False, body={"detail": "there are /healthz, /readyz and /metrics"})

    @staticmethod
    def _json(start_response: StartResponse, ok: bool, body: dict[str, Any]) -> Iterable[bytes]:  # noqa: FBT001 - a pair's half
        status = "200 OK" if ok else ("404 Not Found" if "detail" in body else "503 Service Unavailable")
        start_response(status, [("Content-Type", "application/json")])
        return [json.dumps(body).encode()]


def show_on_metrics(make: "Callable[[], Collector]") -> None:
    """Show on ``/metrics`` what ``make`` returns; it is called once, in a thread, when they are next asked for."""
    with _registering:
        _to_register.append(make)


def _metrics() -> tuple[str, bytes]:
    """Return the content type and all metrics of this process."""
    from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest  # noqa: PLC0415 - see the module

    with _registering:
        while _to_register:
            REGISTRY.register(_to_register.pop(0)())
    return CONTENT_TYPE_LATEST, generate_latest(REGISTRY)


def health(watched: Watched, now_s: float) -> tuple[bool, dict[str, Any]]:
    """Alive means: the event loop has turned within ``HANGING_S`` seconds of ``now_s``."""
    alive = now_s - watched.heartbeat_s < HANGING_S
    return alive, {"service": watched.name, "status": "ok" if alive else "hanging"}


def readiness(watched: Watched, now_s: float) -> tuple[bool, dict[str, Any]]:
    """Ready means: alive, at least one part has spoken, and all that spoke work."""
    alive, _ = health(watched, now_s)
    parts = dict(watched.parts)
    ready = alive and bool(parts) and all(part.ok for part in parts.values())
    shown = {name: {"ok": part.ok, "detail": part.detail} for name, part in sorted(parts.items())}
    return ready, {"service": watched.name, "status": "ready" if ready else "not ready", "parts": shown}
