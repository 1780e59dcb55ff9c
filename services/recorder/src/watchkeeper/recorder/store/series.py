"""The dictionary of series."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from watchkeeper.common.store import Connection
from watchkeeper.recorder.domain.arrivals import NewSeries, SeriesKey

FIND = """
    SELECT s.resource_id, s.text, s.series_id
    FROM unnest($1::text[], $2::text[]) wanted (resource_id, text)
    JOIN series s ON s.resource_id = wanted.resource_id AND md5(s.text) = md5(wanted.text) AND s.text = wanted.text
"""
# Ordered, so that two writers that add the same series wait for each other in the same order.
ADD = """
    INSERT INTO series (resource_id, text, name, labels, unit, kind)
    SELECT resource_id, text, name, labels::jsonb, unit, kind
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
        fresh (resource_id, text, name, labels, unit, kind)
    ORDER BY resource_id, text
    ON CONFLICT (resource_id, md5(text)) DO NOTHING
    RETURNING resource_id, text, series_id
"""
ACTIVE = """
    SELECT s.resource_id, count(*) AS active FROM series s JOIN series_latest l USING (series_id)
    WHERE s.resource_id = ANY($1::text[]) AND l.ts >= $2 GROUP BY s.resource_id
"""


async def find(connection: Connection, keys: Collection[SeriesKey]) -> dict[SeriesKey, int]:
    """The ids of those of ``keys`` that have a row."""
    rows = await connection.fetch(FIND, [key.resource_id for key in keys], [key.text for key in keys])
    return {SeriesKey(row["resource_id"], row["text"]): row["series_id"] for row in rows}


async def add(
    connection: Connection, keys: Sequence[SeriesKey], described: Mapping[SeriesKey, NewSeries]
) -> dict[SeriesKey, int]:
    """Add rows for ``keys``; answers their ids, also of those that another writer added meanwhile."""
    rows = [described[key] for key in keys]
    added = await connection.fetch(
        ADD,
        [key.resource_id for key in keys],
        [key.text for key in keys],
        [row.name for row in rows],
        [msgspec.json.encode(row.labels).decode() for row in rows],
        [row.unit for row in rows],
        [row.kind for row in rows],
    )
    ids = {SeriesKey(row["resource_id"], row["text"]): row["series_id"] for row in added}
    missing = [key for key in keys if key not in ids]
    return {**ids, **await find(connection, missing)} if missing else ids


async def active(connection: Connection, resources: Sequence[str], since: datetime) -> dict[str, int]:
    """How many series of each of ``resources`` have a sample since ``since``."""
    rows = await connection.fetch(ACTIVE, resources, since)
    return {**dict.fromkeys(resources, 0), **{row["resource_id"]: row["active"] for row in rows}}
