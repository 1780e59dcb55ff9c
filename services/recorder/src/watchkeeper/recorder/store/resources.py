"""What emits series, and what their limit refused."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from watchkeeper.common.clock import from_ms, to_ms
from watchkeeper.common.store import Connection
from watchkeeper.recorder.domain.newest import ResourceRow

# A batch that comes late does not take back what a newer one said.
SEE = """
    INSERT INTO resources AS r
        (resource_id, kind, name, environment, role, organisation, labels, interval_s, first_seen, last_seen)
    SELECT resource_id, kind, name, environment, role, organisation, labels::jsonb, interval_s, seen, seen
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                $8::double precision[], $9::timestamptz[])
        fresh (resource_id, kind, name, environment, role, organisation, labels, interval_s, seen)
    ON CONFLICT (resource_id) DO UPDATE SET
        kind = excluded.kind, name = excluded.name, environment = excluded.environment, role = excluded.role,
        organisation = excluded.organisation, labels = excluded.labels,
        interval_s = coalesce(excluded.interval_s, r.interval_s), last_seen = excluded.last_seen
    WHERE excluded.last_seen >= r.last_seen
"""
NEWEST = "SELECT max(last_seen) FROM resources"
REFUSE = """
    INSERT INTO cardinality_refusals AS c (resource_id, series_max, refused_series, refused_samples, example)
    SELECT * FROM unnest($1::text[], $2::integer[], $3::bigint[], $4::bigint[], $5::text[])
    ON CONFLICT (resource_id) DO UPDATE SET
        series_max = excluded.series_max,
        refused_series = c.refused_series + excluded.refused_series,
        refused_samples = c.refused_samples + excluded.refused_samples,
        example = excluded.example,
        last_at = now()
"""


class CardinalityRefusal(NamedTuple):
    """What the limit refused of one resource in one transaction."""

    resource_id: str
    series_max: int
    series: int
    """Series not refused before."""
    samples: int
    example: str


async def see(connection: Connection, rows: Mapping[str, ResourceRow]) -> None:
    """Write what is known of resources and when they were last heard of."""
    found = [rows[resource_id] for resource_id in sorted(rows)]
    await connection.execute(
        SEE,
        [row.resource.id for row in found],
        [row.resource.kind for row in found],
        [row.resource.name for row in found],
        [row.resource.environment for row in found],
        [row.resource.role for row in found],
        [row.resource.organisation for row in found],
        [msgspec.json.encode(row.resource.labels).decode() for row in found],
        [row.interval_s for row in found],
        [from_ms(row.seen_ms) for row in found],
    )


async def newest(connection: Connection) -> int | None:
    """The time (unix ms) of the newest batch of all; None while there is none."""
    seen: datetime | None = await connection.fetchval(NEWEST)
    return None if seen is None else to_ms(seen)


async def refuse(connection: Connection, refusals: Sequence[CardinalityRefusal]) -> None:
    """Report what the limit refused."""
    await connection.execute(REFUSE, *(list(column) for column in zip(*sorted(refusals), strict=True)))
