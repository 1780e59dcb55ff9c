"""Series and samples put straight into the store, rolled up as the recorder rolls up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from watchkeeper.common.series import series_text
from watchkeeper.common.store import Store
from watchkeeper.common.store.partitions import SAMPLES, SAMPLES_HOUR, SAMPLES_MINUTE, ensure

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
