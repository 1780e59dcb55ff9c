"""A running api on the rig's engines, and a plain client for it."""

import contextlib
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rig import Rig, Service, service

from watchkeeper.embedded.ports import free_port

BOOTSTRAP_S = 90
REQUEST_S = 120
UNLIMITED = "100000000"


@dataclass(frozen=True)
class Gateway:
    """A running api: its port, its process and a key that may read."""

    port: int
    service: Service
    read_key: str

    @property
    def headers(self) -> dict[str, str]:
        """What lets a request in."""
        return {"Authorization": f"Bearer {self.read_key}"}


@contextlib.contextmanager
def gateway(rig: Rig) -> Iterator[Gateway]:
    """The api, ready, with rate limits out of the way."""
    port = free_port()
    environment = {
        "WK_API_PORT": str(port),
        "WK_API_REQUESTS_PER_MINUTE": UNLIMITED,
        "WK_API_LIVE_READERS_PER_CALLER": UNLIMITED,
        "WK_API_DATA_DIR": str(rig.folder),
        "WK_API_SECURE_COOKIES": "false",
    }
    answer = subprocess.run(
        [sys.executable, "-m", "watchkeeper.api", "bootstrap"],
        env=rig.environment | environment,
        capture_output=True,
        check=True,
        timeout=BOOTSTRAP_S,
    )
    key = json.loads(answer.stdout)["read_key"]
    with service(rig, "api", environment) as running:
        yield Gateway(port, running, key)


class Client:
    """One connection, kept open, that measures."""

    def __init__(self, to: Gateway) -> None:
        """Not connected yet; the first request connects."""
        self._headers = to.headers
        self._connection = http.client.HTTPConnection("127.0.0.1", to.port, timeout=REQUEST_S)

    def took_s(self, path: str) -> float:
        """Seconds from the request to the last byte of its answer; raises ``RuntimeError`` unless that is 200."""
        started_s = time.perf_counter()
        self._body(path)
        return time.perf_counter() - started_s

    def took_all_s(self, paths: Sequence[str]) -> list[float]:
        """``took_s`` of each of ``paths``, after one request that warms up."""
        self._body(paths[0])
        return [self.took_s(path) for path in paths]

    def stream(self, path: str) -> tuple[int, float]:
        """Read a long answer piece by piece; answers its lines and the seconds that it took."""
        started_s = time.perf_counter()
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {answer.read(500)!r}")
        lines = 0
        while piece := answer.read(1 << 18):
            lines += piece.count(b"\n")
        return lines, time.perf_counter() - started_s

    def read(self, path: str) -> bytes:
        """The body of the answer; raises ``RuntimeError`` unless that is 200."""
        return self._body(path)

    def _body(self, path: str) -> bytes:
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {body[:500]!r}")
        return body
