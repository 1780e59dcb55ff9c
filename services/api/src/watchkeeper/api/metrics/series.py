"""Which series a request means: found in the dictionary, with what is known about their pace."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from watchkeeper.common.store import Connection

SERIES_MAX = 20_000
INTERVAL_UNKNOWN_S = 60.0
INTERVAL_MAX_S = 300.0

FOUND = """
    SELECT s.series_id, s.resource_id, r.name AS host_name, s.name, s.labels, s.unit, s.kind, s.text,
           date_part('epoch', l.ts) AS ts_s, date_part('epoch', l.ts - l.prev_ts) AS spacing_s, r.interval_s
    FROM series s
    JOIN resources r USING (resource_id)
    LEFT JOIN series_latest l USING (series_id)
    WHERE s.name = ANY($1::text[]) AND ($2::text[] IS NULL OR s.resource_id = ANY($2::text[]))
    ORDER BY s.resource_id, s.text
    LIMIT $3
"""
# An hour that the span cuts off may have its data outside: minutes tell, where they are still kept.
WITHOUT_DATA = """
    SELECT id FROM unnest($1::int[]) AS id
    WHERE NOT EXISTS (SELECT FROM samples WHERE series_id = id AND ts >= $2::timestamptz AND ts < $3::timestamptz)
      AND NOT EXISTS (
        SELECT FROM samples_minute WHERE series_id = id AND bucket > $2 - interval '1 minute' AND bucket < $3
    ) AND NOT EXISTS (
        SELECT FROM samples_hour WHERE series_id = id AND bucket > $2 - interval '1 hour' AND bucket < $3 AND (
            bucket BETWEEN $2 AND $3 - interval '1 hour'
            OR bucket < (SELECT floor FROM retention_floors WHERE resolution = 'minute')
        )
    )
"""
UNKNOWN_HOSTS = (
    "SELECT id FROM unnest($1::text[]) AS id WHERE NOT EXISTS (SELECT FROM resources WHERE resource_id = id)"
)


class Found(NamedTuple):
    """A series of the dictionary; ``ts_s`` is its newest sample's time (None: none stored), ``interval_s`` its pace."""

    series_id: int
    host: str
    host_name: str
    name: str
    labels: dict[str, str]
    unit: str
    counter: bool
    text: str
    ts_s: float | None
    interval_s: float


async def find(connection: Connection, names: Sequence[str], hosts: Sequence[str] | None) -> list[Found]:
    """The series of ``names`` on ``hosts`` (None: all), by host and text, ``SERIES_MAX`` + 1 at most."""
    rows = await connection.fetch(FOUND, list(names), None if hosts is None else list(hosts), SERIES_MAX + 1)
    return [
        Found(
            row["series_id"], row["resource_id"], row["host_name"], row["name"], row["labels"], row["unit"],
            row["kind"] == "counter", row["text"], row["ts_s"], interval_of(row["spacing_s"], row["interval_s"]),
        )
        for row in rows
    ]  # fmt: skip


async def without_data(connection: Connection, series_ids: Iterable[int], from_s: float, to_s: float) -> set[int]:
    """Those of ``series_ids`` that have neither a sample nor a rollup within a span."""
    span = datetime.fromtimestamp(from_s, UTC), datetime.fromtimestamp(to_s, UTC)
    return {row["id"] for row in await connection.fetch(WITHOUT_DATA, list(series_ids), *span)}


async def unknown_hosts(connection: Connection, hosts: Iterable[str]) -> list[str]:
    """Those of ``hosts`` that have never been seen."""
    return [row["id"] for row in await connection.fetch(UNKNOWN_HOSTS, list(hosts))]


def interval_of(spacing_s: float | None, interval_s: float | None) -> float:
    """Seconds between two samples of a series: the space between its newest two, but no less than its resource's pace.

    A space wider than 5 minutes is taken for a pause, not for a pace.
    """
    least_s = interval_s or 0.0
    if spacing_s is None or spacing_s <= 0:
        return least_s or INTERVAL_UNKNOWN_S
    return max(least_s, min(spacing_s, INTERVAL_MAX_S))
