"""One HTTP/1.1 exchange on a connection of its own: every phase timed, every part bounded."""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import h11

from watchkeeper.collector.names import Names
from watchkeeper.collector.probing.dialling import ProbeError, dial
from watchkeeper.collector.probing.stopwatch import Stopwatch

READ_BYTES = 64 * 1024

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Request:
    """What to get, and how far to go for it. ``context`` is for https; ``connect_s`` bounds the connection alone."""

    url: str
    headers: Headers
    context: ssl.SSLContext | None
    connect_s: float
    body_bytes_max: int


@dataclass(frozen=True)
class Answer:
    """What came: header names in lower case; ``whole`` is false where the body was longer than asked for.

    ``certificate`` is the server's, in DER, where the connection was secured.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    whole: bool
    certificate: bytes | None


def host_and_port(url: str) -> tuple[str, int]:
    """Return where a checked http or https URL leads."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


async def get(request: Request, names: Names, watch: Stopwatch) -> Answer:
    """Get ``request``; the deadline is the caller's.

    Raises ``ProbeError``, ``OSError`` (``ssl.SSLError`` among them), or ``h11.ProtocolError`` for what is no HTTP.
    """
    host, port = host_and_port(request.url)
    dialled = await dial(host, port, request.connect_s, names, watch)
    try:
        if request.context is None:
            reader, writer = await asyncio.open_connection(sock=dialled, limit=READ_BYTES)
        else:
            with watch.phase("tls"):
                reader, writer = await asyncio.open_connection(
                    sock=dialled, ssl=request.context, server_hostname=host, limit=READ_BYTES
                )
    except BaseException:
        dialled.close()
        raise
    try:
        return await _exchange(request, reader, writer, watch)
    finally:
        writer.transport.abort()


async def _exchange(
    request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, watch: Stopwatch
) -> Answer:
    connection = h11.Connection(h11.CLIENT)
    with watch.phase("wait"):
        writer.write(_request_bytes(connection, request))
        await writer.drain()
        response = await _response(connection, reader)
    with watch.phase("transfer"):
        body, whole = await _body(connection, reader, request.body_bytes_max)
    secured = writer.get_extra_info("ssl_object")
    return Answer(
        status=response.status_code,
        headers={name.decode(): value.decode("latin-1") for name, value in response.headers},
        body=body,
        whole=whole,
        certificate=secured.getpeercert(binary_form=True) if secured is not None else None,
    )


def _request_bytes(connection: h11.Connection, request: Request) -> bytes:
    parts = urlsplit(request.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    head = h11.Request(
        method="GET",
        target=target.encode("ascii", "strict"),
        headers=[("Host", parts.netloc), ("Connection", "close"), ("Accept-Encoding", "identity"), *request.headers],
    )
    return (connection.send(head) or b"") + (connection.send(h11.EndOfMessage()) or b"")


async def _response(connection: h11.Connection, reader: asyncio.StreamReader) -> h11.Response:
    while True:
        event = await _event(connection, reader)
        if isinstance(event, h11.Response):
            return event
        if not isinstance(event, h11.InformationalResponse):
            raise ProbeError("the connection was closed before an answer")


async def _body(connection: h11.Connection, reader: asyncio.StreamReader, bytes_max: int) -> tuple[bytes, bool]:
    """Return the body, and whether that is all of it."""
    body = bytearray()
    while True:
        event = await _event(connection, reader)
        if not isinstance(event, h11.Data):
            return bytes(body), True
        body += event.data
        if len(body) > bytes_max:
            return bytes(body[:bytes_max]), False


async def _event(connection: h11.Connection, reader: asyncio.StreamReader) -> object:
    while True:
        event = connection.next_event()
        if event is not h11.NEED_DATA:
            return event
        connection.receive_data(await reader.read(READ_BYTES))
