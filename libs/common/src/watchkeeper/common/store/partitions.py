"""The one module that knows how the database divides tables by time: hypertables' chunks or range partitions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from watchkeeper.common.store.pool import Connection, DatabaseKind

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

PARTITIONS = """
    SELECT child.relname AS name
    FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
    WHERE inhparent = to_regclass($1) ORDER BY child.relname
"""
ATTACHED = "SELECT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = to_regclass($1) AND inhparent = to_regclass($2))"
# Those who make partitions of one table take turns, so that each sees what the one before it made.
TURN = "SELECT pg_advisory_xact_lock(hashtextextended('partitions of ' || $1, 0))"
# CREATE TABLE … PARTITION OF would lock the parent against its readers, and every reader that came after would queue
# behind that lock. A table by itself, attached while it is empty, locks it only against its like.
MAKE = "CREATE TABLE IF NOT EXISTS {name} (LIKE {parent} INCLUDING ALL)"
ATTACH = "ALTER TABLE {parent} ATTACH PARTITION {name} FOR VALUES FROM ('{start}') TO ('{end}')"
LOCK_TIMEOUT = "10s"
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

    Readers and writers of ``table`` are neither waited for nor held up, and several may make the same partition at the
    same time. A table by the partition's name that is not attached (left by hand, or by a restore) is attached.
    Raises ``asyncpg.LockNotAvailableError`` where others who make or drop partitions stand in the way for too long.
    """
    if kind is DatabaseKind.TIMESCALE:
        return
    for start in sorted(starts):
        name = table.partition_name(start)
        if not await connection.fetchval(ATTACHED, name, table.name):
            await _make(connection, table, name, start)


async def _make(connection: Connection, table: PartitionedTable, name: str, start: datetime) -> None:
    """Make and attach one partition; both or nothing, so that no crash leaves it half made."""
    async with connection.transaction():
        await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        await connection.execute(TURN, table.name)
        if await connection.fetchval(ATTACHED, name, table.name):
            return
        end = start + table.width
        await connection.execute(MAKE.format(name=name, parent=table.name))
        await connection.execute(
            ATTACH.format(name=name, parent=table.name, start=start.isoformat(), end=end.isoformat())
        )


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
