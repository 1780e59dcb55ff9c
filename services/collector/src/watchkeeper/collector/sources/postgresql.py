"""A PostgreSQL server: connections, transactions, how well its cache serves, how long queries take, replicas' lag.

Rates compare a reading with the one before, so that they tell of the interval and not of the server's whole life.
The user needs the role pg_monitor; less shows less.
"""

from collections.abc import Iterable, Mapping
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
           pg_is_in_recovery() AS standby
"""

DATABASES = """
    SELECT datid::bigint AS id, blks_hit::float8 AS hits, blks_read::float8 AS reads,
           xact_commit::float8 AS commits, xact_rollback::float8 AS rollbacks,
           deadlocks::float8 AS deadlocks, temp_bytes::float8 AS temp_bytes
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


class Activity(NamedTuple):
    """What has happened, in one database or in all: blocks found in the cache and read, transactions, and trouble."""

    hits: float = 0.0
    reads: float = 0.0
    commits: float = 0.0
    rollbacks: float = 0.0
    deadlocks: float = 0.0
    temp_bytes: float = 0.0


class Queries(NamedTuple):
    """How many queries have run since statistics began, and the seconds that they took."""

    calls: float
    query_s: float


def total(activities: Iterable[Activity]) -> Activity:
    """Return the sum."""
    return Activity(*(sum(column) for column in zip(*activities, strict=True)))


def growth(before: Mapping[int, Activity], after: Mapping[int, Activity]) -> Activity:
    """Return what happened between two readings of all databases, by their ids.

    A new database counts in full, a dropped one not at all, and one whose statistics were reset from there on: a plain
    difference of sums would fall by all that a dropped database had ever done.
    """
    nothing = Activity()
    return total([nothing, *(_grown(before.get(id_, nothing), each) for id_, each in after.items())])


def _grown(before: Activity, after: Activity) -> Activity:
    return Activity(*(now - then if now >= then else now for then, now in zip(before, after, strict=True)))


def hit_ratio(interval: Activity) -> float | None:
    """Return the share of blocks that were in the cache, None where none was asked for."""
    asked = interval.hits + interval.reads
    return interval.hits / asked if asked > 0 else None


def mean_time(before: Queries | None, after: Queries | None) -> float | None:
    """Return the seconds that a query took on average; None where none ran, or statistics were reset or evicted."""
    if before is None or after is None:
        return None
    calls, query_s = after.calls - before.calls, after.query_s - before.query_s
    return query_s / calls if calls > 0 and query_s >= 0 else None


def readings(
    server: Mapping[str, Any], backends: Mapping[str, int], since: Activity, labels: Mapping[str, str]
) -> list[Reading]:
    """Return connections and transactions, from a row of ``SERVER``, the connections by state, and growing sums."""
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
        counter("postgresql.commits", since.commits, "{transaction}", labels),
        counter("postgresql.rollbacks", since.rollbacks, "{transaction}", labels),
        counter("postgresql.deadlocks", since.deadlocks, "{deadlock}", labels),
        counter("postgresql.temp.io", since.temp_bytes, "By", labels),
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
        self._databases: dict[int, Activity] | None = None
        self._since = Activity()
        self._queries: Queries | None = None
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
        interval = await self._activity(connection)
        found = readings(dict(server), backends, self._since, labels)
        queries = await self._query_times(connection)
        ratio = None if interval is None else hit_ratio(interval)
        if ratio is not None:
            found.append(gauge("watchkeeper.postgresql.cache.hit_ratio", ratio, "1", labels))
        mean_s = mean_time(self._queries, queries)
        if mean_s is not None:
            found.append(gauge("watchkeeper.postgresql.query.mean_time", mean_s, "s", labels))
        self._queries = queries
        return found + await _lags(connection, labels, standby=server["standby"])

    async def _activity(self, connection: "asyncpg.Connection[asyncpg.Record]") -> Activity | None:
        """Return what happened since the reading before, None the first time, and add it to the sums."""
        rows = await connection.fetch(DATABASES)
        databases = {row["id"]: Activity(*list(row.values())[1:]) for row in rows}
        before, self._databases = self._databases, databases
        if before is None:
            self._since = total(databases.values())
            return None
        interval = growth(before, databases)
        self._since = total((self._since, interval))
        return interval

    async def _connect(self) -> "asyncpg.Connection[asyncpg.Record]":
        timeout_s = self.settings.timeout_s or 5.0
        url, password = await self.tools.threads.run(self._secrets)
        await self._look_up(url)
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

    async def _look_up(self, url: str) -> None:
        """Raise ``LookupHangsError`` or ``OSError`` where there is no address for the server.

        asyncpg looks it up again, in one of the event loop's few threads, which Kafka's addresses need too: a resolver
        that hangs must not take another of them at each reading.
        """
        host = urlsplit(url).hostname
        if host and not {",", "%"} & set(host):  # neither one of several nor a socket's folder
            await self.tools.names.addresses(host, 0)

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

    async def _query_times(self, connection: "asyncpg.Connection[asyncpg.Record]") -> Queries | None:
        """Return the queries since the statistics began, None without the extension."""
        row = None if self._statements is None else await connection.fetchrow(self._statements)
        return None if row is None else Queries(row["calls"], row["total_ms"] / 1000)


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
