"""A PostgreSQL server: connections, transactions, how well its cache serves, how long queries take, replicas' lag.

Rates compare a reading with the one before, so that they tell of the interval and not of the server's whole life.
The user needs the role pg_monitor; less shows less.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from watchkeeper.collector.reading import Reading, counter, gauge
from watchkeeper.collector.secrets import read_secret
from watchkeeper.collector.source import NamedSettings, Source, Tools
from watchkeeper.common.logging import get_logger

if TYPE_CHECKING:
    import asyncpg

log = get_logger(__name__)

APPLICATION = "watchkeeper-collector"

SERVER = """
    SELECT current_setting('max_connections')::int AS connections_max,
           current_setting('superuser_reserved_connections')::int AS reserved,
           pg_is_in_recovery() AS standby,
           sum(blks_hit)::float8 AS hits, sum(blks_read)::float8 AS reads,
           sum(xact_commit)::float8 AS commits, sum(xact_rollback)::float8 AS rollbacks,
           sum(deadlocks)::float8 AS deadlocks, sum(temp_bytes)::float8 AS temp_bytes
    FROM pg_stat_database
"""

BACKENDS = """
    SELECT coalesce(state, 'unknown') AS state, count(*)::int AS count
    FROM pg_stat_activity WHERE backend_type = 'client backend' GROUP BY 1
"""

STATEMENTS_SCHEMA = """
    SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
    WHERE e.extname = 'pg_stat_statements'
"""

STATEMENTS_CREATE = "CREATE EXTENSION IF NOT EXISTS pg_stat_statements"

STATEMENTS_LOADED = """
    SELECT 'pg_stat_statements' = ANY (
        string_to_array(replace(current_setting('shared_preload_libraries'), ' ', ''), ','))
"""

STATEMENTS = """
    SELECT coalesce(sum(calls), 0)::float8 AS calls, coalesce(sum(total_exec_time), 0)::float8 AS total_ms
    FROM {schema}.pg_stat_statements
"""

LAG_HERE = """
    SELECT CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
                ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8 END AS lag_s
"""

LAG_OF_REPLICAS = """
    SELECT coalesce(nullif(application_name, ''), host(client_addr), 'local') AS replica,
           max(coalesce(extract(epoch FROM replay_lag), 0))::float8 AS lag_s
    FROM pg_stat_replication WHERE state = 'streaming' GROUP BY 1
"""


class Settings(NamedSettings):
    """Block [[sources.postgresql]]; its name becomes the label instance."""

    url: SecretStr | None = Field(
        None, description="postgresql://user@host:port/database; better without a password (password_file)."
    )
    url_file: Path | None = Field(None, description="File with that address, where it holds the password.")
    password_file: Path | None = Field(None, description="File with the user's password.")
    create_extension: bool = Field(
        default=False, description="Create the extension pg_stat_statements where the server has loaded it."
    )

    @field_validator("url")
    @classmethod
    def _is_url(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and urlsplit(url.get_secret_value()).scheme not in ("postgres", "postgresql"):
            raise ValueError("must begin with postgresql://")
        return url

    @model_validator(mode="after")
    def _one_url(self) -> "Settings":
        if (self.url is None) == (self.url_file is None):
            raise ValueError("needs either url or url_file")
        return self


class Totals(NamedTuple):
    """What grew since the server's start; queries are None where pg_stat_statements is not to be had."""

    hits: float
    reads: float
    calls: float | None
    query_s: float | None


def ratios(before: Totals | None, after: Totals) -> list[tuple[str, float, str]]:
    """Return the cache hit ratio and the mean query time of the interval, as name, value, unit.

    Left out where nothing happened in the interval, and where a total fell (statistics were reset, or entries evicted).
    """
    if before is None:
        return []
    found = []
    hits, reads = after.hits - before.hits, after.reads - before.reads
    if hits >= 0 and reads >= 0 and hits + reads > 0:
        found.append(("watchkeeper.postgresql.cache.hit_ratio", hits / (hits + reads), "1"))
    if None not in (before.calls, before.query_s, after.calls, after.query_s):
        calls = (after.calls or 0.0) - (before.calls or 0.0)
        query_s = (after.query_s or 0.0) - (before.query_s or 0.0)
        if calls > 0 and query_s >= 0:
            found.append(("watchkeeper.postgresql.query.mean_time", query_s / calls, "s"))
    return found


def readings(server: Mapping[str, Any], backends: Mapping[str, int], labels: Mapping[str, str]) -> list[Reading]:
    """Return connections and transactions, from a row of ``SERVER`` and the count of connections by state."""
    connections = sum(backends.values())
    usable = max(1, server["connections_max"] - server["reserved"])
    return [
        gauge("postgresql.backends", connections, "{connection}", labels),
        gauge("postgresql.connection.max", server["connections_max"], "{connection}", labels),
        gauge("watchkeeper.postgresql.connection.utilization", connections / usable, "1", labels),
        *(
            gauge("watchkeeper.postgresql.connection.count", count, "{connection}", {**labels, "state": state})
            for state, count in backends.items()
        ),
        counter("postgresql.commits", server["commits"], "{transaction}", labels),
        counter("postgresql.rollbacks", server["rollbacks"], "{transaction}", labels),
        counter("postgresql.deadlocks", server["deadlocks"], "{deadlock}", labels),
        counter("postgresql.temp.io", server["temp_bytes"], "By", labels),
    ]


class PostgreSQL(Source[Settings]):
    """One server, over one connection that is kept and opened again after an error."""

    needs_two = True

    def __init__(self, settings: Settings, tools: Tools) -> None:
        """Import asyncpg, the extra "postgresql"; nothing is connected yet. Raises ``RuntimeError`` without it."""
        super().__init__(settings, tools)
        try:
            import asyncpg  # noqa: PLC0415 - an extra: only a host that watches a server has it, and its memory
        except ImportError as error:
            raise RuntimeError("needs the extra: watchkeeper-collector[postgresql]") from error
        self._asyncpg = asyncpg
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._before: Totals | None = None
        self._statements: str | None = None

    async def read(self) -> list[Reading]:
        """Ask the server. Raises what asyncpg raises; the next reading connects anew."""
        try:
            return await self._read()
        except BaseException:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.terminate()
            raise

    async def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close(timeout=0.5)

    async def _read(self) -> list[Reading]:
        connection = self._connection or await self._connect()
        labels = {"instance": self.settings.name}
        server = await connection.fetchrow(SERVER)
        if server is None:
            raise RuntimeError("no statistics")
        backends = {row["state"]: row["count"] for row in await connection.fetch(BACKENDS)}
        calls, query_s = await self._queries(connection)
        totals = Totals(server["hits"], server["reads"], calls, query_s)
        found = readings(dict(server), backends, labels)
        found += [gauge(name, value, unit, labels) for name, value, unit in ratios(self._before, totals)]
        self._before = totals
        return found + await _lags(connection, labels, standby=server["standby"])

    async def _connect(self) -> "asyncpg.Connection[asyncpg.Record]":
        timeout_s = self.settings.timeout_s or 5.0
        url, password = await self.tools.threads.run(self._secrets)
        connection = await self._asyncpg.connect(
            url,
            password=password,
            timeout=timeout_s,
            command_timeout=timeout_s,
            statement_cache_size=16,
            server_settings={"application_name": APPLICATION, "statement_timeout": str(int(timeout_s * 1000))},
        )
        self._connection = connection
        self._statements = await self._find_statements(connection)
        return connection

    def _secrets(self) -> tuple[str, str | None]:
        settings = self.settings
        url = read_secret(settings.url_file) if settings.url_file else ""
        if settings.url is not None:
            url = settings.url.get_secret_value()
        return url, read_secret(settings.password_file) if settings.password_file else None

    async def _find_statements(self, connection: "asyncpg.Connection[asyncpg.Record]") -> str | None:
        """Return the query for query times, None without the extension, which is said once a connection."""
        if not await connection.fetchval(STATEMENTS_LOADED):
            log.info("no query times: pg_stat_statements is not loaded", instance=self.settings.name)
            return None
        schema = await connection.fetchval(STATEMENTS_SCHEMA)
        if schema is None and self.settings.create_extension:
            await connection.execute(STATEMENTS_CREATE)
            schema = await connection.fetchval(STATEMENTS_SCHEMA)
        if schema is None:
            log.info("no query times: pg_stat_statements is not created", instance=self.settings.name)
            return None
        return STATEMENTS.format(schema=schema)

    async def _queries(self, connection: "asyncpg.Connection[asyncpg.Record]") -> tuple[float | None, float | None]:
        """Return the number of queries and the seconds that they took, since the statistics began."""
        row = None if self._statements is None else await connection.fetchrow(self._statements)
        return (None, None) if row is None else (row["calls"], row["total_ms"] / 1000)


async def _lags(
    connection: "asyncpg.Connection[asyncpg.Record]", labels: Mapping[str, str], *, standby: bool
) -> list[Reading]:
    """Return how far this standby is behind, or each replica of this primary."""
    name = "watchkeeper.postgresql.replication.lag"
    if standby:
        lag_s = await connection.fetchval(LAG_HERE)
        return [] if lag_s is None else [gauge(name, lag_s, "s", labels)]
    rows = await connection.fetch(LAG_OF_REPLICAS)
    return [gauge(name, row["lag_s"], "s", {**labels, "replica": row["replica"]}) for row in rows]


def open_source(settings: Settings, tools: Tools) -> PostgreSQL:
    """Return one server; raises ``RuntimeError`` where the extra is not installed."""
    return PostgreSQL(settings, tools)
