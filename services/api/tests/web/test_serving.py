"""The gateway as a process, with engines and without."""

import asyncio
import contextlib
import os
import resource
import signal
import socket
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from watchkeeper.api import background, engines
from watchkeeper.api.background import supervise
from watchkeeper.api.offline import offline_app
from watchkeeper.api.serving import allow_files
from watchkeeper.api.settings import ApiSettings
from watchkeeper.common.bus import KafkaSettings
from watchkeeper.common.store import DatabaseSettings, open_store

NOWHERE = {"WK_KAFKA_SERVERS": "127.0.0.1:1", "WK_DATABASE_URL": "postgresql://127.0.0.1:1/none"}
DRAIN_S = 6.0


def free_port() -> int:
    """A port that nobody has at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextlib.asynccontextmanager
async def process(**environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The gateway in a process of its own, killed at the block's end."""
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "watchkeeper.api", env={**os.environ, **NOWHERE, **environment},
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield started
    finally:
        with contextlib.suppress(ProcessLookupError):
            started.kill()
        await started.wait()


async def answers(client: httpx.AsyncClient) -> None:
    """Wait until the gateway answers."""
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(httpx.TransportError):
                await client.get("/api/openapi.json")
                return
            await asyncio.sleep(0.05)


async def test_it_answers_without_engines_and_ends_when_told() -> None:
    """503 with a time to wait for what needs the database; exit code 0 after SIGTERM."""
    port = free_port()
    async with (
        process(WK_API_PORT=str(port)) as gateway,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        await answers(client)
        away = await client.get("/api/users", headers={"Authorization": "Bearer wk_" + "A" * 43})
        assert away.status_code == 503
        assert away.headers["retry-after"] == "5"
        assert (await client.get("/api/users")).status_code == 401
        gateway.send_signal(signal.SIGTERM)
        async with asyncio.timeout(DRAIN_S):
            assert await gateway.wait() == 0


async def test_an_open_stream_does_not_hold_up_the_end(kafka: KafkaSettings, database_url: str, api: Any) -> None:
    """Event streams go on for ever; the gateway does not."""
    port = free_port()
    environment = {"WK_KAFKA_SERVERS": kafka.servers, "WK_DATABASE_URL": database_url, "WK_API_PORT": str(port)}
    key = {"Authorization": f"Bearer {api.secrets['read_key']}"}
    async with (
        process(**environment) as gateway,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=key, timeout=20) as client,
    ):
        await answers(client)
        await stream_open(client)
        async with client.stream("GET", "/api/live") as stream:
            assert stream.status_code == 200
            gateway.send_signal(signal.SIGTERM)
            async with asyncio.timeout(DRAIN_S):
                assert await gateway.wait() == 0


async def stream_open(client: httpx.AsyncClient) -> None:
    """Wait until the live stream answers."""
    async with asyncio.timeout(20):
        while True:
            async with client.stream("GET", "/api/live") as stream:
                if stream.status_code == 200:
                    return
            await asyncio.sleep(0.1)


def test_as_many_files_may_be_open_as_the_system_lets_us() -> None:
    """The soft limit goes up as far as wanted, and never above the hard one or down."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, before[1]), before[1]))
        assert allow_files(300) == 300
        assert allow_files(200) == 300
        resource.setrlimit(resource.RLIMIT_NOFILE, (300, before[1]))
        assert allow_files(before[1] + 1) == before[1]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def test_a_port_that_is_taken_ends_the_start_with_one_line() -> None:
    """Which setting it is, and no traceback."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        async with process(WK_API_PORT=str(taken.getsockname()[1])) as gateway:
            _, errors = await gateway.communicate()
            assert gateway.returncode == 1
    assert errors.count(b"\n") == 1
    assert b"WK_API_PORT" in errors


async def test_engines_that_come_later_are_found(
    kafka: KafkaSettings, database_url: str, serve_api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gateway waits for them in the background, and says so until then."""
    there = asyncio.Event()

    def opens(*arguments: Any, **options: Any) -> Any:
        if not there.is_set():
            raise ConnectionRefusedError("not yet")
        return open_store(*arguments, **options)

    monkeypatch.setattr(engines, "open_store", opens)
    monkeypatch.setattr(engines, "RETRY_S", 0.02)
    settings = ApiSettings(kafka=kafka, database=DatabaseSettings(url=SecretStr(database_url)), secure_cookies=False)
    async with serve_api(settings) as (url, app), httpx.AsyncClient(base_url=url) as client:
        running = app.state.context.running
        sign_in = {"user": "x", "password": "y"}
        answer = await client.post("/api/session", json=sign_in)
        assert answer.status_code == 503
        assert running.parts["database"].ok is False
        there.set()
        async with asyncio.timeout(20):
            while not running.parts["database"].ok:  # noqa: ASYNC110 - readiness has no event
                await asyncio.sleep(0.02)
        assert (await client.post("/api/session", json=sign_in)).status_code == 401


async def test_a_background_task_that_fails_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """And one that returns is done."""
    monkeypatch.setattr(background, "RESTART_S", 0.0)
    runs = []

    async def task(_: object) -> None:
        runs.append(1)
        if len(runs) < 3:
            raise RuntimeError("again")

    await supervise(task, offline_app().state.context)
    assert len(runs) == 3
