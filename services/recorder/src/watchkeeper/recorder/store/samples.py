"""Sample rows, and the newest of each series."""

from collections.abc import Mapping, Sequence

import asyncpg

from watchkeeper.common.clock import from_ms
from watchkeeper.common.store import Connection
from watchkeeper.recorder.domain.arranging import SampleRow
from watchkeeper.recorder.domain.newest import Latest

COLUMNS = ("series_id", "ts", "value")
# Of two samples of a series at one time the first one stays.
INSERT = """
    INSERT INTO samples (series_id, ts, value)
    SELECT * FROM unnest($1::integer[], $2::timestamptz[], $3::double precision[])
    ON CONFLICT DO NOTHING
"""
LATEST = """
    INSERT INTO series_latest AS l (series_id, ts, value, prev_ts, prev_value)
    SELECT * FROM unnest($1::integer[], $2::timestamptz[], $3::double precision[],
                         $4::timestamptz[], $5::double precision[])
    ON CONFLICT (series_id) DO UPDATE SET
        ts = excluded.ts,
        value = excluded.value,
        prev_ts = CASE WHEN excluded.prev_ts > l.ts THEN excluded.prev_ts ELSE l.ts END,
        prev_value = CASE WHEN excluded.prev_ts > l.ts THEN excluded.prev_value ELSE l.value END
    WHERE excluded.ts > l.ts
"""


async def copy(connection: Connection, rows: Sequence[SampleRow]) -> int:
    """Store rows that should all be new, the fast way; answers how many were.

    Where one exists already, within the database or within ``rows``, they go the way of ``insert`` instead.
    """
    if not rows:
        return 0
    try:
        async with connection.transaction():
            await connection.copy_records_to_table("samples", records=rows, columns=COLUMNS)
    except asyncpg.UniqueViolationError:
        return await insert(connection, rows)
    return len(rows)


async def insert(connection: Connection, rows: Sequence[SampleRow]) -> int:
    """Store those of ``rows`` that are not there yet; answers how many."""
    if not rows:
        return 0
    ids, times, values = zip(*rows, strict=True)
    status = await connection.execute(INSERT, ids, times, values)
    return int(status.rpartition(" ")[2])


async def move_latest(connection: Connection, latest: Mapping[int, Latest]) -> None:
    """Let the newest samples of a fetch take the place of older ones, which become the ones before."""
    rows = sorted(latest.items())
    await connection.execute(
        LATEST,
        [series_id for series_id, _ in rows],
        [from_ms(row.time_ms) for _, row in rows],
        [row.value for _, row in rows],
        [None if row.prev_ms is None else from_ms(row.prev_ms) for _, row in rows],
        [row.prev_value for _, row in rows],
    )
