"""Bodies over the limit."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.types import Message, Receive

from watchkeeper.api.problems import Problem
from watchkeeper.api.web.body_limit import check_length, limited
from watchkeeper.common.bus import KafkaSettings


@pytest.mark.parametrize("length", [None, "0", "10", "nonsense", "-1"])
def test_a_length_within_the_limit_passes(length: str | None) -> None:
    """What is no length is the server's matter."""
    check_length(length, 10)


def test_a_length_over_the_limit_is_refused_before_anything_is_read() -> None:
    """413."""
    with pytest.raises(Problem) as refused:
        check_length("11", 10)
    assert refused.value.status_code == 413


async def _pieces(size: int, count: int) -> AsyncIterator[bytes]:
    yield b'{"name": "'
    for _ in range(count):
        yield b"x" * size
    yield b'"}'


async def test_an_announced_body_over_the_limit_is_refused(shared_api: Any) -> None:
    """The answer is a problem, and says the limit."""
    body = json.dumps({"name": "x" * 2_000_000})
    answer = await shared_api.admin.post("/api/keys", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert "1048576 bytes" in answer.json()["detail"]


async def test_a_streamed_body_over_the_limit_is_refused_where_it_passes_it(shared_api: Any) -> None:
    """A body without a length does not get by."""
    headers = {"Content-Type": "application/json"}
    answer = await shared_api.admin.post("/api/keys", content=_pieces(100_000, 20), headers=headers)
    assert answer.status_code == 413
    small = await shared_api.admin.post("/api/keys", content=_pieces(10, 2), headers=headers)
    assert small.status_code == 422


async def test_a_body_that_is_not_announced_as_json_is_refused(shared_api: Any) -> None:
    """415, rather than a puzzling complaint about its fields."""
    answer = await shared_api.admin.post("/api/keys", content=b"name=x")
    assert answer.status_code == 415


async def _read_on(receive: Receive) -> None:
    while True:
        await receive()


async def test_a_body_that_stalls_is_given_up() -> None:
    """408, however often a piece comes; what is waited for after the body has no deadline."""
    pieces = asyncio.Queue[Message]()

    async def trickle() -> Message:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"x", "more_body": True}

    receive = limited(trickle, 1_000_000, 0.1)
    with pytest.raises(Problem) as refused:
        await _read_on(receive)
    assert refused.value.status_code == 408
    receive = limited(pieces.get, 10, 0.05)
    pieces.put_nowait({"type": "http.request", "body": b"x", "more_body": False})
    await receive()
    asyncio.get_running_loop().call_later(0.1, pieces.put_nowait, {"type": "http.disconnect"})
    assert (await receive())["type"] == "http.disconnect"


async def test_a_stalled_sign_in_ends_with_its_connection(
    kafka: KafkaSettings, database_url: str, start_api: Any
) -> None:
    """Nobody holds a place for ever by sending half a body."""
    async with start_api(kafka, database_url, callers=False, body_timeout_s=0.2) as api:
        host, _, port = api.url.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        head = f"POST /api/session HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: 99\r\n"
        writer.write(f'{head}\r\n{{"user":'.encode())
        async with asyncio.timeout(10):
            answer = await reader.read()  # to the connection's end
        writer.close()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"status":408' in answer


async def test_connections_over_the_limit_are_refused(kafka: KafkaSettings, database_url: str, start_api: Any) -> None:
    """The rest is kept for those that are let in."""
    async with start_api(kafka, database_url, callers=False, connections_max=16) as api:
        host, _, port = api.url.removeprefix("http://").partition(":")
        held = [await asyncio.open_connection(host, int(port)) for _ in range(16)]
        assert (await api.anonymous.get("/api/openapi.json")).status_code == 503
        for _, writer in held:
            writer.close()
            await writer.wait_closed()
