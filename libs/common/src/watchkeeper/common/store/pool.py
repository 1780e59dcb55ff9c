"""The pool of connections, with a deadline on everything."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

import asyncpg
import msgspec
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from watchkeeper.common.settings import EnvironmentSettings

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"


class DatabaseKind(StrEnum):
    """What the database can do: ``timescale`` has hypertables, ``plain`` has range partitions."""

    PLAIN = "plain"
    TIMESCALE = "timescale"


class DatabaseSettings(EnvironmentSettings):
    """Where the database is and how long one waits for it."""

    model_config = SettingsConfigDict(env_prefix="WK_DATABASE_")

    url: SecretStr = Field(
        description="postgresql://user:password@host:port/database?sslmode=verify-full; ?host= may be a socket folder."
    )
    password: SecretStr | None = Field(
        None, description="The password, where the address does not hold it (a secret's file)."
    )
    pool_max: int = Field(8, ge=1, le=200, description="Connections at most.")
    connect_timeout_s: float = Field(5, gt=0, description="Longest wait for a new connection.")
    acquire_timeout_s: float = Field(5, gt=0, description="Longest wait for a free connection of the pool.")
    command_timeout_s: float = Field(30, gt=0, description="Longest wait for an answer, seen from here.")
    statement_timeout_s: float = Field(25, gt=0, description="Longest run of a statement, seen from the server.")

    @field_validator("url")
    @classmethod
    def _postgres(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("must begin with postgresql://")
        return value


@dataclass(frozen=True)
class Store:
    """An open store: the pool, and what kind of database stands behind it."""

    pool: "asyncpg.Pool[asyncpg.Record]"
    kind: DatabaseKind
    settings: DatabaseSettings

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection of the pool; raises ``TimeoutError`` when none is free within ``acquire_timeout_s``."""
        async with self.pool.acquire(timeout=self.settings.acquire_timeout_s) as connection:
            yield connection

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection inside a transaction: committed at the block's end, rolled back by an exception."""
        async with self.connection() as connection, connection.transaction():
            yield connection


@contextlib.asynccontextmanager
async def open_store(settings: DatabaseSettings, *, application: str = "watchkeeper") -> AsyncIterator[Store]:
    """Open the pool and close it at the end of the block.

    ``jsonb`` and ``json`` come and go as Python values. Raises what asyncpg raises when the database is away
    (``is_transient`` tells whether waiting helps).
    """
    pool = await asyncpg.create_pool(
        settings.url.get_secret_value(),
        password=settings.password.get_secret_value() if settings.password else None,
        min_size=1,
        max_size=settings.pool_max,
        timeout=settings.connect_timeout_s,
        command_timeout=settings.command_timeout_s,
        init=_prepare,
        server_settings={
            "application_name": application,
            "statement_timeout": str(int(settings.statement_timeout_s * 1000)),
            "idle_in_transaction_session_timeout": "60000",
            "timezone": "UTC",
        },
    )
    try:
        async with pool.acquire(timeout=settings.acquire_timeout_s) as connection:
            kind = await _kind(connection)
        yield Store(pool, kind, settings)
    finally:
        try:
            async with asyncio.timeout(2):
                await pool.close()
        except TimeoutError:
            pool.terminate()


def is_transient(error: BaseException) -> bool:
    """Whether ``error`` passes by itself: the database is away, starting, ending, overloaded, or broke a deadlock."""
    return isinstance(
        error,
        OSError
        | TimeoutError
        | asyncpg.PostgresConnectionError
        | asyncpg.CannotConnectNowError
        | asyncpg.InterfaceError
        | asyncpg.InternalClientError
        | asyncpg.OperatorInterventionError
        | asyncpg.InsufficientResourcesError
        | asyncpg.DeadlockDetectedError
        | asyncpg.SerializationError
        | asyncpg.LockNotAvailableError,
    )


async def _prepare(connection: Any) -> None:
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name, schema="pg_catalog", encoder=_encode_json, decoder=msgspec.json.decode, format="text"
        )


def _encode_json(value: object) -> str:
    return msgspec.json.encode(value).decode()


async def _kind(connection: Connection) -> DatabaseKind:
    found = await connection.fetchval("SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'")
    return DatabaseKind.TIMESCALE if found else DatabaseKind.PLAIN
