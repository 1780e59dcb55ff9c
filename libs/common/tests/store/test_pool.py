"""The pool: deadlines, kinds, JSON, and what counts as passing by itself."""

import asyncio
import socket

import asyncpg
import pytest
from pydantic import SecretStr, ValidationError

from watchkeeper.common.store import DatabaseKind, DatabaseSettings, Store, is_transient, open_store


def settings(url: str, **given: object) -> DatabaseSettings:
    """Settings for ``url``."""
    return DatabaseSettings.model_validate({"url": SecretStr(url)} | given)


@pytest.mark.parametrize("url", ["mysql://a", "", "host=a"])
def test_an_address_of_something_else_is_refused(url: str) -> None:
    """Only PostgreSQL's own form, and the address, which may hold a password, is not repeated."""
    with pytest.raises(ValidationError, match="must begin with postgresql://") as caught:
        settings(url)
    assert not url or url not in str(caught.value)


@pytest.mark.store
async def test_the_kind_is_what_the_database_says(store: Store) -> None:
    """Hypertables where the extension is, and only there."""
    async with store.connection() as connection:
        found = await connection.fetchval("SELECT count(*) FROM pg_extension WHERE extname = 'timescaledb'")
    assert store.kind is (DatabaseKind.TIMESCALE if found else DatabaseKind.PLAIN)


@pytest.mark.store
@pytest.mark.parametrize("value", [{"a": [1, 2.5, None, "ü"]}, [], "text", 7, None, True])
async def test_json_comes_and_goes_as_values(store: Store, value: object) -> None:
    """``jsonb`` and ``json`` alike; a nested null is JSON's, a bare None is SQL's."""
    async with store.connection() as connection:
        for kind in ("json", "jsonb"):
            assert await connection.fetchval(f"SELECT $1::{kind}", value) == value


@pytest.mark.store
async def test_no_free_connection_is_a_time_out(database_url: str) -> None:
    """Waiting for the pool has an end."""
    async with open_store(settings(database_url, pool_max=1, acquire_timeout_s=0.2)) as store, store.connection():
        with pytest.raises(TimeoutError):
            await store.connection().__aenter__()


@pytest.mark.store
async def test_a_statement_ends_on_the_server_too(database_url: str) -> None:
    """The server's own limit comes first, and passes for a matter of time."""
    async with open_store(settings(database_url, statement_timeout_s=0.2)) as store, store.connection() as connection:
        with pytest.raises(asyncpg.QueryCanceledError) as caught:
            await connection.execute("SELECT pg_sleep(20)")
        assert is_transient(caught.value)
        assert await connection.fetchval("SELECT 1") == 1


@pytest.mark.store
async def test_an_answer_that_does_not_come_is_a_time_out(database_url: str) -> None:
    """Seen from here, whatever the server does."""
    async with (
        open_store(settings(database_url, command_timeout_s=0.2, statement_timeout_s=20)) as store,
        store.connection() as connection,
    ):
        with pytest.raises(TimeoutError):
            await connection.execute("SELECT pg_sleep(20)")


@pytest.mark.store
async def test_a_transaction_is_all_or_nothing(store: Store) -> None:
    """An exception takes everything back."""

    async def fail() -> None:
        async with store.transaction() as connection:
            await connection.execute("CREATE TABLE gone (id integer)")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    async with store.connection() as connection:
        assert await connection.fetchval("SELECT to_regclass('gone')") is None


async def test_a_server_that_is_away_or_silent_is_a_matter_of_time() -> None:
    """A refused connection, and one that never answers."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        for _ in range(2):  # the first time nobody listens, the second time somebody does and says nothing
            opening = open_store(settings(f"postgresql://a:b@127.0.0.1:{port}/c", connect_timeout_s=0.3))
            with pytest.raises((OSError, TimeoutError)) as caught:
                await opening.__aenter__()
            assert is_transient(caught.value)
            silent.listen()


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (asyncpg.DeadlockDetectedError("x"), True),
        (asyncpg.SerializationError("x"), True),
        (asyncpg.CannotConnectNowError("x"), True),
        (asyncpg.AdminShutdownError("x"), True),
        (asyncpg.TooManyConnectionsError("x"), True),
        (asyncpg.ConnectionDoesNotExistError("x"), True),
        (ConnectionResetError(), True),
        (TimeoutError(), True),
        (asyncio.CancelledError(), False),
        (asyncpg.UniqueViolationError("x"), False),
        (asyncpg.UndefinedTableError("x"), False),
        (asyncpg.InvalidPasswordError("x"), False),
        (asyncpg.DataError("x"), False),
        (ValueError(), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_passes_by_itself(error: BaseException, passes: bool) -> None:  # noqa: FBT001 - a table's column
    """A database that is away, starting, ending, overloaded, or that broke a deadlock; nothing else."""
    assert is_transient(error) is passes
