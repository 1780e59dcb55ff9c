"""Rollups: marks of what is to be computed, its computing, and the merging of what came after its samples had gone."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from watchkeeper.common.clock import from_ms
from watchkeeper.common.store import Connection
from watchkeeper.recorder.domain.buckets import Bucket

ROLLUP_LOCK_KEY = 0x57415443484B524F  # "WATCHKRO" in ASCII: one process rolls up at a time

MARK = """
    INSERT INTO rollup_dirty (resolution, bucket, resource_id)
    SELECT $1, bucket, resource_id FROM unnest($2::timestamptz[], $3::text[]) fresh (bucket, resource_id)
"""
BUCKETS = """
    SELECT DISTINCT bucket FROM rollup_dirty WHERE resolution = $1 AND bucket < $2 ORDER BY bucket LIMIT $3
"""
# Planned for each run, and by index: a plan made while a partition was nearly empty would read it all for each series.
LOCK = """
    SELECT pg_try_advisory_xact_lock($1),
           set_config('plan_cache_mode', 'force_custom_plan', true), set_config('enable_seqscan', 'off', true)
"""
TAKE = """
    WITH taken AS (
        SELECT DISTINCT resource_id FROM rollup_dirty WHERE resolution = $1 AND bucket = $2
        ORDER BY resource_id LIMIT $3
    ), gone AS (
        DELETE FROM rollup_dirty d USING taken t
        WHERE d.resolution = $1 AND d.bucket = $2 AND d.resource_id = t.resource_id
    )
    SELECT resource_id FROM taken
"""
# Series whose newest sample is older than the bucket have nothing in it; the others are looked up one by one, by index.
ROLL_MINUTE = """
    INSERT INTO samples_minute (series_id, bucket, min, max, sum, count, last)
    SELECT s.series_id, $1, b.min, b.max, b.sum, b.count, b.last
    FROM series s JOIN series_latest l ON l.series_id = s.series_id AND l.ts >= $1
    CROSS JOIN LATERAL (
        SELECT min(value), max(value), sum(value), count(*), (array_agg(value ORDER BY ts DESC))[1] AS last
        FROM samples WHERE series_id = s.series_id AND ts >= $1 AND ts < $1 + interval '1 minute'
    ) b
    WHERE s.resource_id = ANY($2::text[]) AND b.count > 0
    ON CONFLICT (series_id, bucket) DO UPDATE SET
        min = excluded.min, max = excluded.max, sum = excluded.sum, count = excluded.count, last = excluded.last
"""
ROLL_HOUR = """
    INSERT INTO samples_hour (series_id, bucket, min, max, sum, count, last)
    SELECT s.series_id, $1, b.min, b.max, b.sum, b.count, b.last
    FROM series s JOIN series_latest l ON l.series_id = s.series_id AND l.ts >= $1
    CROSS JOIN LATERAL (
        SELECT min(min), max(max), sum(sum), sum(count)::bigint AS count,
               (array_agg(last ORDER BY bucket DESC))[1] AS last
        FROM samples_minute WHERE series_id = s.series_id AND bucket >= $1 AND bucket < $1 + interval '1 hour'
    ) b
    WHERE s.resource_id = ANY($2::text[]) AND b.count > 0
    ON CONFLICT (series_id, bucket) DO UPDATE SET
        min = excluded.min, max = excluded.max, sum = excluded.sum, count = excluded.count, last = excluded.last
"""
BACKLOG = "SELECT count(*) FROM rollup_dirty"
# The time of the sample that set ``last`` is not kept, so a late one leaves it as it is.
MERGE = """
    INSERT INTO {table} AS r (series_id, bucket, min, max, sum, count, last)
    SELECT * FROM unnest($1::integer[], $2::timestamptz[], $3::double precision[], $4::double precision[],
                         $5::double precision[], $6::bigint[], $7::double precision[])
    ON CONFLICT (series_id, bucket) DO UPDATE SET
        min = least(r.min, excluded.min), max = greatest(r.max, excluded.max),
        sum = r.sum + excluded.sum, count = r.count + excluded.count
"""
MERGE_MINUTE = MERGE.format(table="samples_minute")
MERGE_HOUR = MERGE.format(table="samples_hour")
REMEMBER_LATE = """
    INSERT INTO late_batches (resource_id, batch_id)
    SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING RETURNING resource_id, batch_id
"""
FORGET_LATE = "DELETE FROM late_batches WHERE seen_at < $1"


async def mark(connection: Connection, resolution: str, marks: Iterable[tuple[int, str]]) -> None:
    """Mark (bucket's start in unix ms, resource) pairs as to be computed."""
    rows = sorted(marks)
    times = [from_ms(bucket) for bucket, _ in rows]
    await connection.execute(MARK, resolution, times, [resource_id for _, resource_id in rows])


async def marked(connection: Connection, resolution: str, before: datetime, limit: int) -> list[datetime]:
    """The oldest marked buckets that begin before ``before``."""
    return [row["bucket"] for row in await connection.fetch(BUCKETS, resolution, before, limit)]


async def roll(connection: Connection, resolution: str, bucket: datetime, resources_max: int) -> int:
    """Compute ``bucket`` for some marked resources within the current transaction; answers for how many.

    0 means that no mark is left, or that another process is rolling up. A computed minute marks its hour.
    """
    if not await connection.fetchval(LOCK, ROLLUP_LOCK_KEY):
        return 0
    resources = [row["resource_id"] for row in await connection.fetch(TAKE, resolution, bucket, resources_max)]
    if not resources:
        return 0
    await connection.execute(ROLL_MINUTE if resolution == "minute" else ROLL_HOUR, bucket, resources)
    if resolution == "minute":
        hour = bucket.replace(minute=0)
        await connection.execute(MARK, "hour", [hour] * len(resources), resources)
    return len(resources)


async def backlog(connection: Connection) -> int:
    """How many marks wait."""
    return int(await connection.fetchval(BACKLOG))


async def remember_late(connection: Connection, ids: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Note late batches by (resource id, batch id); answers those that were not noted before."""
    wanted = sorted(set(ids))
    rows = await connection.fetch(REMEMBER_LATE, [r for r, _ in wanted], [b for _, b in wanted])
    return {(row["resource_id"], row["batch_id"]) for row in rows}


async def forget_late(connection: Connection, before: datetime) -> None:
    """Forget late batches noted before ``before``."""
    await connection.execute(FORGET_LATE, before)


async def merge(connection: Connection, resolution: str, buckets: Mapping[tuple[int, int], Bucket]) -> None:
    """Add ``buckets`` (by series id and start in unix ms) to what ``resolution`` holds."""
    rows = sorted(buckets.items(), key=lambda item: item[0])
    await connection.execute(
        MERGE_MINUTE if resolution == "minute" else MERGE_HOUR,
        [series_id for (series_id, _), _ in rows],
        [from_ms(start) for (_, start), _ in rows],
        [bucket.min for _, bucket in rows],
        [bucket.max for _, bucket in rows],
        [bucket.sum for _, bucket in rows],
        [bucket.count for _, bucket in rows],
        [bucket.last for _, bucket in rows],
    )
