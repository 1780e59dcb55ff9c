"""What the guard does where the database is away, and at the edges of its rules."""

import asyncio
import contextlib
from datetime import timedelta
from typing import Any

import pytest
from starlette.requests import HTTPConnection

from watchkeeper.api.access.authenticate import Credentials, Remembered
from watchkeeper.api.access.permissions import Caller, Permission
from watchkeeper.api.access.secrets import digest
from watchkeeper.api.engines import ACCESS_STATEMENT_S
from watchkeeper.api.health import looks
from watchkeeper.api.health.report import Status
from watchkeeper.api.web.guard import still_allowed
from watchkeeper.api.web.scope import RULE

pytestmark = pytest.mark.store

PASSWORD = "kx7rn-3m2pv-9sd4h-tq6wz"
CALLER = Caller("1", "reader", "key", frozenset({Permission.READ}))


def shown(number: int) -> Credentials:
    """Some credentials."""
    return Credentials("key", f"wk_{number}", str(number).encode())


def test_a_caller_is_remembered_for_ten_minutes() -> None:
    """Long enough for an outage's first questions, and not for ever."""
    remembered = Remembered()
    remembered.keep(shown(1), CALLER, 0.0)
    assert remembered.find(shown(1), 599.0) is CALLER
    assert remembered.find(shown(1), 601.0) is None
    assert remembered.find(shown(2), 0.0) is None
    remembered.forget(shown(1))
    assert remembered.find(shown(1), 0.0) is None


def test_only_so_many_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one unseen for longest goes first."""
    monkeypatch.setattr("watchkeeper.api.access.authenticate.REMEMBERED_MAX", 2)
    remembered = Remembered()
    for number in (1, 2, 1, 3):
        remembered.keep(shown(number), CALLER, 0.0)
    assert [remembered.find(shown(number), 0.0) is not None for number in (1, 2, 3)] == [True, False, True]


def test_credentials_without_the_shape_are_never_remembered() -> None:
    """They let nobody in."""
    remembered = Remembered()
    wrong = Credentials("key", "nonsense", None)
    remembered.keep(wrong, CALLER, 0.0)
    remembered.forget(wrong)
    assert remembered.find(wrong, 0.0) is None


async def test_with_the_database_away_health_still_tells_more_to_whom_it_knows(api: Any) -> None:
    """A stranger gets the status alone; other routes say that the database is away."""
    reader = api.clients["read_key"]
    assert "parts" in (await reader.get("/api/system/health")).json()
    api.context.store = None
    assert "parts" in (await reader.get("/api/system/health")).json()
    assert "parts" not in (await api.clients["admin_key"].get("/api/system/health")).json()
    assert "parts" not in (await api.anonymous.get("/api/system/health")).json()
    away = await reader.get("/api/hosts")
    assert away.status_code == 503
    assert away.headers["retry-after"] == "5"


async def test_with_the_database_frozen_health_still_answers(api: Any) -> None:
    """Not even the statement's time-out is waited for; whoever was seen before still gets the details."""
    reader = api.clients["read_key"]
    assert "parts" in (await reader.get("/api/system/health")).json()
    async with api.store.transaction() as connection:
        await connection.execute("LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE")
        async with asyncio.timeout(ACCESS_STATEMENT_S - 0.5):
            assert "parts" in (await reader.get("/api/system/health")).json()


async def test_wrong_credentials_are_no_hindrance_on_a_public_route(shared_api: Any) -> None:
    """A load balancer, or a page whose session has ended, still gets the status."""
    for headers in ({"Authorization": "Bearer nonsense"}, {"Cookie": "wk_session=nonsense"}):
        answer = await shared_api.anonymous.get("/api/system/health", headers=headers)
        assert answer.status_code in {200, 503}
        assert "parts" not in answer.json()


async def test_a_client_that_goes_away_is_no_error(shared_api: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Every closed dashboard would otherwise leave a traceback."""
    async with shared_api.clients["read_key"].stream("GET", "/api/live") as stream:
        assert stream.status_code == 200
    assert (await shared_api.clients["read_key"].get("/api/hosts")).status_code == 200
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def opened(api: Any, who: str) -> HTTPConnection:
    """The request of a stream that the guard let in for that caller."""
    secret = api.secrets[who]
    shown = f"Bearer {secret}" if secret.startswith("wk_") else f"wk_session={secret}"
    name = b"authorization" if secret.startswith("wk_") else b"cookie"
    rule = api.app.table.find("GET", "/api/live")
    return HTTPConnection({"type": "http", "headers": [(name, shown.encode())], "app": api.app, RULE: rule})


@pytest.mark.parametrize(
    ("who", "statement"),
    [
        ("viewer", "DELETE FROM sessions"),
        ("viewer", "UPDATE sessions SET expires_at = now() - interval '1 second'"),
        ("viewer", "UPDATE sessions SET seen_at = now() - interval '13 hours'"),
        ("viewer", "UPDATE users SET disabled = true"),
        ("viewer", "DELETE FROM users"),
        ("read_key", "UPDATE api_keys SET revoked_at = now()"),
        ("read_key", "UPDATE api_keys SET scopes = '{ingest}'"),
    ],
)
async def test_a_stream_is_no_longer_allowed_once_its_caller_is_shut_out(api: Any, who: str, statement: str) -> None:
    """An answer without end asks again."""
    request = opened(api, who)
    assert await still_allowed(request)
    async with api.store.connection() as connection:
        await connection.execute(statement)
    assert not await still_allowed(request)


async def test_asking_again_does_not_keep_a_session_alive(api: Any) -> None:
    """A forgotten dashboard's session ends when its time without a request is over."""
    token = api.secrets["viewer"]
    async with api.store.connection() as connection:
        idle = "UPDATE sessions SET seen_at = now() - $2::interval WHERE token_hash = $1"
        await connection.execute(idle, digest(token), timedelta(hours=11))
        assert await still_allowed(opened(api, "viewer"))
        since = "SELECT now() - seen_at FROM sessions WHERE token_hash = $1"
        assert await connection.fetchval(since, digest(token)) > timedelta(hours=10)


async def test_a_stream_goes_on_while_the_database_is_away(api: Any) -> None:
    """Nobody can be shut out meanwhile."""
    api.context.store = None
    assert await still_allowed(opened(api, "viewer"))


async def test_slow_reads_hold_up_neither_logins_nor_health(api: Any) -> None:
    """Every connection for reads is taken; who asks is still known, and nobody is told that the database is away."""
    async with contextlib.AsyncExitStack() as taken:
        for _ in range(api.store.settings.pool_max):
            await taken.enter_async_context(api.store.connection())
        assert (await api.clients["viewer"].get("/api/session")).status_code == 200
        body = {"user": "viewer", "password": PASSWORD}
        assert (await api.anonymous.post("/api/session", json=body)).status_code == 200
        assert await looks._database(api.context, api.context.board)() is Status.OK
        assert (await api.clients["read_key"].get("/api/keys")).status_code == 403


async def test_a_statement_that_takes_too_long_is_not_told_as_an_outage(
    api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same request would take as long the next time, so the answer names no time to wait."""

    async def slow(connection: Any, *_: object) -> None:
        await connection.execute("SET LOCAL statement_timeout = 20; SELECT pg_sleep(5)")

    monkeypatch.setattr("watchkeeper.api.access.users.all_users", slow)
    answer = await api.admin.get("/api/users")
    assert answer.status_code == 503
    assert "retry-after" not in answer.headers
    assert "Ask for less" in answer.json()["detail"]
