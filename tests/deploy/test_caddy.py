"""The shipped Caddyfile on a real Caddy: the pages, their headers, and the API behind them."""

import http.client
import http.server
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from watchkeeper.api.web.headers import security_headers

CADDYFILE = Path(__file__).parents[2] / "deploy" / "Caddyfile"
CADDY = Path(sys.executable).with_name("caddy")


class Upstream(http.server.BaseHTTPRequestHandler):
    """Stands for the api: tells what it was asked, and streams one event without ending."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream" if self.path == "/api/live" else "text/plain")
        self.end_headers()
        self.wfile.write(f"{self.path} {self.headers['X-Forwarded-For']}\n".encode())
        self.wfile.flush()
        if self.path == "/api/live":
            self.server.held.wait(20)  # type: ignore[attr-defined]

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as drawn:
        drawn.bind(("127.0.0.1", 0))
        return int(drawn.getsockname()[1])


@pytest.fixture(name="port", scope="module")
def _port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A Caddy on the shipped file, but for its addresses and folders, with an upstream behind it."""
    folder = tmp_path_factory.mktemp("caddy")
    (folder / "pages" / "assets").mkdir(parents=True)
    (folder / "pages" / "index.html").write_text("<!doctype html><title>Watchkeeper</title>")
    (folder / "pages" / "assets" / "app-1a2b.js").write_text("export {};")
    upstream = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    upstream.daemon_threads = True
    upstream.held = threading.Event()  # type: ignore[attr-defined]
    threading.Thread(target=upstream.serve_forever, daemon=True).start()
    port, check = free_port(), free_port()
    text = CADDYFILE.read_text(encoding="utf-8")
    for old, new in (
        ("api:8000", f"127.0.0.1:{upstream.server_port}"),
        ("/srv/pages", str(folder / "pages")),
        ("127.0.0.1:8081", f"127.0.0.1:{check}"),
        ("http_port 8080", f"http_port {port}"),
    ):
        assert old in text
        text = text.replace(old, new)
    (folder / "Caddyfile").write_text(text)
    environment = {
        **os.environ,
        "WK_SITE": f"http://127.0.0.1:{port}",
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
    }
    with (folder / "log").open("w") as log:
        caddy = subprocess.Popen(
            [str(CADDY), "run", "--config", str(folder / "Caddyfile")], stdout=log, stderr=log, env=environment
        )
    try:
        wait_for(check, caddy, folder / "log")
        yield port
    finally:
        upstream.held.set()  # type: ignore[attr-defined]
        caddy.terminate()
        caddy.wait(20)
        upstream.shutdown()
        upstream.server_close()


def wait_for(port: int, caddy: subprocess.Popen[bytes], log: Path) -> None:
    """Until the port that the container's health check asks answers."""
    for _ in range(200):
        try:
            if get(port, "/")[0] == 200:
                return
        except OSError:
            time.sleep(0.05)
        assert caddy.poll() is None, log.read_text()
    pytest.fail(log.read_text())


def get(port: int, path: str) -> tuple[int, dict[str, str], str]:
    """Status, headers in lower case, and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read().decode()
    finally:
        connection.close()


@pytest.mark.parametrize("path", ["/", "/performance-monitoring", "/alerts-dashboard?state=firing"])
def test_every_page_is_the_first_document_with_the_apis_own_headers(port: int, path: str) -> None:
    status, headers, body = get(port, path)
    assert (status, "Watchkeeper" in body, headers["cache-control"]) == (200, True, "no-cache")
    for name, value in security_headers(page=True, secure=True):
        assert headers[name.decode()] == value.decode(), name


def test_a_hashed_file_is_kept_for_ever(port: int) -> None:
    _, headers, body = get(port, "/assets/app-1a2b.js")
    assert (body, headers["cache-control"]) == ("export {};", "public, max-age=31536000, immutable")


def test_the_api_gets_path_and_address_of_the_caller(port: int) -> None:
    status, _, body = get(port, "/api/metrics/current?host=a")
    assert (status, body) == (200, "/api/metrics/current?host=a 127.0.0.1\n")


def test_an_event_passes_at_once(port: int) -> None:
    """The upstream holds its answer open: what it sent so far is here all the same."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"GET /api/live HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % port)
        found = b""
        while b"/api/live" not in found:
            part = connection.recv(4096)
            assert part, found
            found += part
