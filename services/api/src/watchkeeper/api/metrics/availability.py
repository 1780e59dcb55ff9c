"""How much of the time hosts were heard of: minutes with data over minutes since they were first seen."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from watchkeeper.api.metrics.grid import Values
from watchkeeper.api.metrics.resolution import MINUTE_S, Grid
from watchkeeper.common.store import Connection

SETTLED_S = 2 * MINUTE_S
"""The newest minutes are left out: they may not be rolled up yet."""

# One series stands for its host: the processor's, else the one that is known longest.
MINUTES = """
    WITH one AS (
        SELECT DISTINCT ON (s.resource_id) s.series_id, s.resource_id
        FROM series s
        WHERE $1::text[] IS NULL OR s.resource_id = ANY($1::text[])
        ORDER BY s.resource_id, (s.text = 'system.cpu.utilization') DESC, s.series_id
    )
    SELECT r.resource_id, date_part('epoch', r.first_seen) AS first_seen_s, r.interval_s,
           m.step, coalesce(m.minutes, 0) AS minutes
    FROM one JOIN resources r USING (resource_id)
    LEFT JOIN LATERAL (
        SELECT floor((date_part('epoch', bucket) - $4::float8) / $5::float8)::int AS step, count(*) AS minutes
        FROM samples_minute WHERE series_id = one.series_id AND bucket >= $2 AND bucket < $3 GROUP BY 1
    ) m ON true
    WHERE r.expected
"""


class Heard(NamedTuple):
    """How many minutes of step ``step`` (None: of none) had data of a host that is known since ``first_seen_s``."""

    host: str
    first_seen_s: float
    interval_s: float | None
    step: int | None
    minutes: int


async def heard_of(
    connection: Connection, hosts: Sequence[str] | None, grid: Grid, now_s: float
) -> tuple[Values, list[float]]:
    """For each step of ``grid`` the share of minutes with data over all expected hosts, and the minutes it is of."""
    until_s = min(grid.end_s, now_s - SETTLED_S)
    times = (datetime.fromtimestamp(grid.start_s, UTC), datetime.fromtimestamp(until_s, UTC))
    wanted = None if hosts is None else list(hosts)
    rows = await connection.fetch(MINUTES, wanted, *times, float(grid.start_s), float(grid.step_s))
    return shares([Heard(*row.values()) for row in rows], grid, until_s)


def shares(rows: Sequence[Heard], grid: Grid, until_s: float) -> tuple[Values, list[float]]:
    """The shares and their minutes, from what the store counted. Pure."""
    minutes = [0.0] * grid.count
    expected = [0.0] * grid.count
    for row in {row.host: row for row in rows}.values():
        for step in range(grid.count):
            from_s = grid.start_s + step * grid.step_s
            length_s = min(from_s + grid.step_s, until_s) - max(from_s, row.first_seen_s)
            expected[step] += max(0.0, length_s) / max(MINUTE_S, row.interval_s or 0.0)
    for row in rows:
        if row.step is not None:
            minutes[row.step] += row.minutes
    return [min(1.0, had / due) if due >= 1 else None for had, due in zip(minutes, expected, strict=True)], expected
