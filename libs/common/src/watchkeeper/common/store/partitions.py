"""The one module that knows how the database divides tables by time: hypertables' chunks or range partitions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg

from watchkeeper.common.store.pool import Connection, DatabaseKind

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

PARTITIONS = """
    SELECT child.relname AS name
    FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
    WHERE inhparent = to_regclass($1) ORDER BY child.relname
"""
CHUNKS = "SELECT show_chunks($1::regclass)::text AS name"
DROP_CHUNKS = "SELECT drop_chunks($1::regclass, older_than => $2::timestamptz)::text AS name"


@dataclass(frozen=True)
class PartitionedTable:
    """A table divided by time: its name and the width of a partition, counted from 1970-01-01 UTC."""

    name: str
    width: timedelta

    def start(self, moment: datetime) -> datetime:
        """The start of the partition that holds ``moment`` (aware)."""
        return EPOCH + (moment - EPOCH) // self.width * self.width

    def starts(self, moments: Iterable[datetime]) -> set[datetime]:
        """The starts of all partitions that ``moments`` fall in."""
        return {self.start(moment) for moment in moments}

    def partition_name(self, start: datetime) -> str:
        """The name of the partition that begins at ``start``; names sort by time."""
        return f"{self.name}_p{start:%Y%m%d_%H%M}"

    def parse_start(self, partition_name: str) -> datetime:
        """The start that ``partition_name`` stands for."""
        return datetime.strptime(partition_name.removeprefix(f"{self.name}_p"), "%Y%m%d_%H%M").replace(tzinfo=UTC)


SAMPLES = PartitionedTable("samples", timedelta(hours=6))
SAMPLES_MINUTE = PartitionedTable("samples_minute", timedelta(days=1))
SAMPLES_HOUR = PartitionedTable("samples_hour", timedelta(days=30))


async def ensure(
    connection: Connection, kind: DatabaseKind, table: PartitionedTable, starts: Iterable[datetime]
) -> None:
    """Make the partitions of ``table`` that begin at ``starts``; those that exist stay as they are.

    Not inside a transaction that reads ``table``: making a partition locks its parent. Two that make the same
    one at the same time both succeed.
    """
    if kind is DatabaseKind.TIMESCALE:
        return
    for start in sorted(starts):
        name = table.partition_name(start)
        try:
            async with connection.transaction():
                await connection.execute("SET LOCAL lock_timeout = '10s'")
                await connection.execute(
                    f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF {table.name} "
                    f"FOR VALUES FROM ('{start.isoformat()}') TO ('{(start + table.width).isoformat()}')"
                )
        except (asyncpg.DuplicateTableError, asyncpg.UniqueViolationError, asyncpg.InvalidObjectDefinitionError):
            # Another starter made it between our look and our making.
            if not await connection.fetchval("SELECT to_regclass($1)", name):
                raise


async def existing(connection: Connection, kind: DatabaseKind, table: PartitionedTable) -> list[str]:
    """The names of the partitions (or chunks) that ``table`` has, oldest first."""
    rows = await connection.fetch(CHUNKS if kind is DatabaseKind.TIMESCALE else PARTITIONS, table.name)
    return [row["name"] for row in rows]


async def drop_before(
    connection: Connection, kind: DatabaseKind, table: PartitionedTable, limit: datetime
) -> list[str]:
    """Drop the partitions (or chunks) of ``table`` that end at or before ``limit``; answers their names."""
    if kind is DatabaseKind.TIMESCALE:
        return [row["name"] for row in await connection.fetch(DROP_CHUNKS, table.name, limit)]
    names = [name for name in await existing(connection, kind, table) if table.parse_start(name) + table.width <= limit]
    for name in names:
        await connection.execute(f"DROP TABLE IF EXISTS {name}")
    return names
