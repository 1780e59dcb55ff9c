"""Helpers for sources' tests."""

import asyncio
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from watchkeeper.collector.reading import Reading
from watchkeeper.common.series import series_text

Values = Callable[[Sequence[Reading]], dict[str, float]]


@pytest.fixture
def values() -> Values:
    """Readings as series text → value; a series that comes twice fails."""

    def convert(readings: Sequence[Reading]) -> dict[str, float]:
        found: dict[str, float] = {}
        for reading in readings:
            text = series_text(reading.name, reading.labels)
            assert text not in found, text
            found[text] = reading.value
        return found

    return convert


Respond = Callable[[str, dict[str, str]], bytes]


class Server:
    """A web server that answers as the test says; ``requests`` holds what came: path and headers."""

    def __init__(self, respond: Respond) -> None:
        """Keep how to answer: path and headers → the bytes of the whole answer; empty: none at all."""
        self.respond, self.requests, self.port = respond, list[tuple[str, dict[str, str]]](), 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            path = head[0].split(" ")[1]
            self.requests.append((path, headers))
            answer = self.respond(path, headers)
            if not answer:
                await reader.read()  # until the probe has enough
            writer.write(answer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the probe went away
        finally:
            writer.close()


@pytest.fixture
def web() -> Callable[..., AbstractAsyncContextManager[Server]]:
    """A real web server on loopback; call it with how to respond, and a certificate or none."""

    @asynccontextmanager
    async def run(respond: Respond, certificate: Path | None = None) -> AsyncIterator[Server]:
        server = Server(respond)
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=_server_context(certificate))
        server.port = listening.sockets[0].getsockname()[1]
        async with listening:
            yield server

    return run


def _server_context(certificate: Path | None) -> ssl.SSLContext | None:
    """A server's context with ``certificate``, which holds its key, too."""
    if certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def make_certificate(folder: Path, days: int) -> Path:
    """A self-signed certificate for localhost, with its key in the same file."""
    key, asked, path = folder / "key.pem", folder / "asked.csr", folder / "certificate.pem"
    subject = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    kind = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(key))
    for command in (
        ("req", *kind, *subject, "-out", str(asked)),
        ("x509", "-req", "-in", str(asked), "-signkey", str(key), "-days", str(days), "-copy_extensions", "copy",
         "-out", str(path)),
    ):  # fmt: skip
        subprocess.run(("openssl", *command), check=True, capture_output=True, timeout=30)
    path.write_text(path.read_text() + key.read_text())
    return path


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that lasts thirty days."""
    return make_certificate(tmp_path_factory.mktemp("certificate"), 30)


@pytest.fixture(scope="session")
def expired(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that has ended."""
    path = make_certificate(tmp_path_factory.mktemp("expired"), 0)
    time.sleep(1.1)  # its last second
    return path


@pytest.fixture
def server_context() -> Callable[[Path | None], ssl.SSLContext | None]:
    """A server's context with a certificate."""
    return _server_context


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
def listen() -> Callable[..., AbstractAsyncContextManager[int]]:
    """A real server on loopback; call it with what handles a connection, and a context for TLS or none."""

    @asynccontextmanager
    async def run(handler: Handler, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await handler(reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass  # the probe went away
            finally:
                writer.close()

        listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        async with listening:
            yield listening.sockets[0].getsockname()[1]

    return run
