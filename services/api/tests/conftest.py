"""A started gateway on real engines, with users and keys at hand."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import httpx
import pytest
import structlog
from argon2 import PasswordHasher
from pydantic import SecretStr

from watchkeeper.api.access import keys, sessions, users
from watchkeeper.api.access.authenticate import COOKIE
from watchkeeper.api.access.permissions import Role, Scope
from watchkeeper.api.access.secrets import csrf_token, draw_key
from watchkeeper.api.app import Gateway, create_app
from watchkeeper.api.context import Context, new_context
from watchkeeper.api.serving import Server, configuration, listen
from watchkeeper.api.settings import ApiSettings
from watchkeeper.common import logging as logs
from watchkeeper.common.bus import KafkaSettings, open_producer
from watchkeeper.common.clock import from_ms
from watchkeeper.common.series import series_text
from watchkeeper.common.service import Running
from watchkeeper.common.settings import LogSettings
from watchkeeper.common.store import DatabaseSettings, Store
from watchkeeper.common.store.partitions import SAMPLES, SAMPLES_HOUR, SAMPLES_MINUTE, ensure

PASSWORD = "kx7rn-3m2pv-9sd4h-tq6wz"  # as in the example of the OpenAPI document, which so works as it stands
READY_S = 20.0
STOP_S = 40.0

GENEROUS: Mapping[str, Any] = {
    "secure_cookies": False,  # the tests speak plain HTTP on loopback
    "requests_per_minute": 1_000_000,
    "anonymous_per_minute": 1_000_000,
    "sign_ins_per_minute": 1_000_000,
    "sign_ins_per_user_per_minute": 1_000_000,
    "sign_ins_per_user_in_all_per_minute": 1_000_000,
}


RESOURCE = """
    INSERT INTO resources (resource_id, kind, name, interval_s, first_seen, last_seen)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (resource_id) DO UPDATE SET last_seen = greatest(resources.last_seen, excluded.last_seen)
"""
SERIES = """
    INSERT INTO series (resource_id, name, labels, unit, kind, text) VALUES ($1, $2, $3, $4, $5, $6) RETURNING series_id
"""
SAMPLE = "INSERT INTO samples (series_id, ts, value) VALUES ($1, $2, $3)"
LATEST = """
    INSERT INTO series_latest (series_id, ts, value, prev_ts, prev_value) VALUES ($1, $2, $3, $4, $5)
"""
ROLL = """
    INSERT INTO {table} (series_id, bucket, min, max, sum, count, last)
    SELECT series_id, date_bin('{width}', ts, 'epoch'), min(value), max(value), sum(value), count(*),
           (array_agg(value ORDER BY ts DESC))[1]
    FROM samples WHERE ts < $1 GROUP BY 1, 2
    ON CONFLICT (series_id, bucket) DO NOTHING
"""
DIRTY = """
    INSERT INTO rollup_dirty (resolution, bucket, resource_id)
    SELECT DISTINCT '{resolution}', date_bin('{width}', ts, 'epoch'), resource_id
    FROM samples JOIN series USING (series_id) WHERE ts >= $1
"""


@dataclass(frozen=True)
class Api:
    """A gateway that answers on ``url``.

    ``clients`` are HTTP clients by who they are: ``anonymous``; ``viewer``, ``operator`` and ``admin`` in a session,
    with the CSRF token set; ``read_key``, ``ingest_key`` and ``admin_key``. ``secrets`` holds the sessions' tokens and
    the keys by the same names; ``ids`` the users' and keys' ids. Users' names are their roles, their password is
    ``PASSWORD``.
    """

    url: str
    app: Gateway
    context: Context
    store: Store
    clients: Mapping[str, httpx.AsyncClient]
    secrets: Mapping[str, str]
    ids: Mapping[str, str]

    @property
    def admin(self) -> httpx.AsyncClient:
        """The administrator's client."""
        return self.clients["admin"]

    async def begin_session(self, role: str, *, lasting: timedelta = timedelta(hours=1)) -> str:
        """Begin another session of the user of that role; answers its token."""
        async with self.store.connection() as connection:
            return await sessions.begin(
                connection,
                UUID(self.ids[role]),
                sessions.Client("127.0.0.1", "tests"),
                from_ms(self.context.clock.now_ms()),
                sessions.Lifetime(lasting, lasting),
            )

    def client(self, secret: str = "") -> httpx.AsyncClient:
        """Another client, with that key or session token; the caller closes it."""
        return client(self.url, secret)

    @property
    def anonymous(self) -> httpx.AsyncClient:
        """A stranger's client; it keeps the cookies that it is sent."""
        return self.clients["anonymous"]


@pytest.fixture(scope="session", autouse=True)
def quiet_logs() -> Iterator[None]:
    """Write warnings only: a line per request would bury what a failing test says."""
    logs.configure("test", LogSettings(level="warning"))
    yield
    structlog.reset_defaults()


@pytest.fixture
async def api(kafka: KafkaSettings, database_url: str) -> AsyncIterator[Api]:
    """A gateway of the test's own, on a database of the test's own and the shared Kafka; limits are generous."""
    async with started(kafka, database_url) as running:
        yield running


@pytest.fixture
def start_api() -> Any:
    """Start one by hand, for settings of the test's own."""
    return started


@pytest.fixture
def serve_api() -> Any:
    """Start one that may never reach its engines; answers its address and its application."""
    return serving


@pytest.fixture(scope="session")
async def shared_api(
    kafka: KafkaSettings, new_database: Callable[[], contextlib.AbstractAsyncContextManager[str]]
) -> AsyncIterator[Api]:
    """One gateway for all tests that change nothing that matters to others."""
    async with new_database() as address, started(kafka, address) as running:
        yield running


@contextlib.asynccontextmanager
async def started(
    kafka: KafkaSettings, database_url: str, *, callers: bool = True, **settings: object
) -> AsyncIterator[Api]:
    """A gateway on a free port, ready, with its users and keys unless ``callers`` is false.

    ``settings`` are added to ``GENEROUS``.
    """
    database = DatabaseSettings(url=SecretStr(database_url))
    given: dict[str, Any] = {"kafka": kafka, "database": database, "port": 0, **GENEROUS, **settings}
    async with serving(ApiSettings(**given)) as (url, app):
        context: Context = app.state.context
        await ready(context)
        store = context.require_store()
        made, ids = await _make_callers(store, context) if callers else ({}, {})
        async with contextlib.AsyncExitStack() as stack:
            clients = {
                who: await stack.enter_async_context(client(url, secret))
                for who, secret in ({"anonymous": ""} | made).items()
            }
            yield Api(url, app, context, store, clients, made, ids)


@contextlib.asynccontextmanager
async def serving(settings: ApiSettings) -> AsyncIterator[tuple[str, Gateway]]:
    """A gateway under uvicorn, which may still wait for its engines: its address and its application."""
    with listen("127.0.0.1", 0) as listener:
        async with open_producer(settings.kafka, "watchkeeper-api-test") as producer:
            app = create_app(new_context(settings, producer, Running("api")))
            server = Server(configuration(app, settings.connections_max))
            task = asyncio.create_task(server.serve(sockets=[listener]))
            try:
                await until(lambda: server.started)
                yield f"http://127.0.0.1:{listener.getsockname()[1]}", app
            finally:
                server.should_exit = True
                await _ended(server, task)


async def _ended(server: Server, task: asyncio.Task[None]) -> None:
    """Wait until ``server`` has stopped; one that does not, or not cleanly, fails the test and holds nothing up."""
    done, _ = await asyncio.wait({task}, timeout=STOP_S)
    if not done:
        raise TimeoutError(f"the gateway goes on {STOP_S:g} s after it was told to stop")
    await task
    assert not server.lifespan.should_exit, "the gateway's background tasks did not end"


async def ready(context: Context) -> None:
    """Wait until the gateway has reached both engines."""

    def reached() -> bool:
        return {"database", "kafka"} <= {name for name, part in context.running.parts.items() if part.ok}

    await until(reached)


async def until(true: Callable[[], bool]) -> None:
    """Look every few milliseconds until ``true()``; raises ``TimeoutError`` after ``READY_S``."""
    async with asyncio.timeout(READY_S):
        while not true():  # noqa: ASYNC110 - what is looked at has no event
            await asyncio.sleep(0.01)


def client(url: str, secret: str = "") -> httpx.AsyncClient:
    """An HTTP client of the gateway at ``url`` with a key or a session's token, or with nothing."""
    if secret.startswith("wk_"):
        return httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {secret}"})
    if secret:
        return httpx.AsyncClient(base_url=url, cookies={COOKIE: secret}, headers={"X-CSRF-Token": csrf_token(secret)})
    return httpx.AsyncClient(base_url=url)


async def _make_callers(store: Store, context: Context) -> tuple[dict[str, str], dict[str, str]]:
    """Users and keys of every kind: their secrets and their ids."""
    made, ids = {}, {}
    now = from_ms(context.clock.now_ms())
    async with store.transaction() as connection:
        for role in Role:
            new = users.NewUser(role.value, role, password_hash(), must_change_password=False)
            added = await users.add(connection, new)
            lifetime = sessions.Lifetime(timedelta(hours=1), timedelta(hours=1))
            where = sessions.Client("127.0.0.1", "tests")
            made[role.value] = await sessions.begin(connection, added["id"], where, now, lifetime)
            ids[role.value] = str(added["id"])
        for scope in Scope:
            key = draw_key()
            row = await keys.add(connection, keys.NewKey(f"{scope.value} key", [scope], "tests"), key, now)
            made[f"{scope.value}_key"] = key.text
            ids[f"{scope.value}_key"] = str(row["id"])
    return made, ids


@cache
def password_hash() -> str:
    """The hash of ``PASSWORD``, made once with weak parameters; signing in makes it again with the real ones."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


@dataclass
class Seed:
    """Puts things into a store."""

    store: Store

    async def series(
        self,
        host: str,
        name: str,
        samples: Sequence[tuple[float, float]],
        *,
        labels: Mapping[str, str] | None = None,
        unit: str = "1",
        kind: str = "gauge",
        interval_s: float | None = 10,
        resource_kind: str = "host",
    ) -> int:
        """A series of ``host`` with ``samples`` (unix seconds, value), oldest first; answers its id."""
        times = [datetime.fromtimestamp(time_s, UTC) for time_s, _ in samples]
        async with self.store.connection() as connection:
            await ensure(connection, self.store.kind, SAMPLES, SAMPLES.starts(times))
            await ensure(connection, self.store.kind, SAMPLES_MINUTE, SAMPLES_MINUTE.starts(times))
            await ensure(connection, self.store.kind, SAMPLES_HOUR, SAMPLES_HOUR.starts(times))
            await connection.execute(RESOURCE, host, resource_kind, f"name of {host}", interval_s, times[0], times[-1])
            text = series_text(name, labels)
            series_id = int(await connection.fetchval(SERIES, host, name, dict(labels or {}), unit, kind, text))
            rows = [(series_id, moment, value) for moment, (_, value) in zip(times, samples, strict=True)]
            await connection.executemany(SAMPLE, rows)
            before = (times[-2], samples[-2][1]) if len(samples) > 1 else (None, None)
            await connection.execute(LATEST, series_id, times[-1], samples[-1][1], *before)
        return series_id

    async def roll_up(self, until_s: float) -> None:
        """Compute the rollups of all whole minutes and hours before ``until_s``; later ones are marked as waiting."""
        async with self.store.connection() as connection:
            for resolution, width, width_s in (("minute", "1 minute", 60), ("hour", "1 hour", 3600)):
                limit = datetime.fromtimestamp(until_s // width_s * width_s, UTC)
                await connection.execute(ROLL.format(table=f"samples_{resolution}", width=width), limit)
                await connection.execute(DIRTY.format(resolution=resolution, width=width), limit)

    async def forget_raw(self, before_s: float) -> None:
        """Drop single samples before ``before_s``, as retention does, and raise the floor."""
        floor = datetime.fromtimestamp(before_s, UTC)
        async with self.store.connection() as connection:
            await connection.execute("DELETE FROM samples WHERE ts < $1", floor)
            await connection.execute("UPDATE retention_floors SET floor = $1 WHERE resolution = 'raw'", floor)


@pytest.fixture
def seed(store: Store) -> Seed:
    """Puts series and samples into ``store``."""
    return Seed(store)


@pytest.fixture
def seed_api(api: Api) -> Seed:
    """Puts series and samples into the store of ``api``."""
    return Seed(api.store)
