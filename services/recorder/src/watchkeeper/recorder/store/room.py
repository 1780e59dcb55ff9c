"""Partitions made ahead of the rows, outside the transactions that write them."""

from collections.abc import Iterable
from datetime import datetime

from watchkeeper.common.clock import from_ms
from watchkeeper.common.store import Store, partitions
from watchkeeper.common.store.partitions import PartitionedTable

TABLES = {
    "raw": partitions.SAMPLES,
    "minute": partitions.SAMPLES_MINUTE,
    "hour": partitions.SAMPLES_HOUR,
}
REMEMBERED_MAX = 10_000


class Room:
    """Makes partitions where there are none yet; remembers those that it has seen."""

    def __init__(self, store: Store) -> None:
        """Begin with nothing seen."""
        self._store = store
        self._seen: set[tuple[str, datetime]] = set()

    async def make(self, resolution: str, times_ms: Iterable[int]) -> None:
        """See to it that ``resolution`` has room for rows at ``times_ms`` (unix milliseconds)."""
        table = TABLES[resolution]
        missing = {
            start for start in table.starts(map(from_ms, set(times_ms))) if (resolution, start) not in self._seen
        }
        if not missing:
            return
        async with self._store.connection() as connection:
            await partitions.ensure(connection, self._store.kind, table, missing)
        if len(self._seen) > REMEMBERED_MAX:
            self._seen.clear()
        self._seen |= {(resolution, start) for start in missing}

    async def make_ahead(self, now_ms: int) -> None:
        """Make the partitions for now and for the width of a partition after it."""
        for resolution, table in TABLES.items():
            await self.make(resolution, (now_ms, now_ms + width_ms(table)))

    def forget(self) -> None:
        """Look again: a partition that was there is gone."""
        self._seen.clear()


def width_ms(table: PartitionedTable) -> int:
    """The width of a partition of ``table`` in milliseconds."""
    return int(table.width.total_seconds() * 1000)
