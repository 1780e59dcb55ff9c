"""The hosts in the store, and how they are doing."""

from collections.abc import Iterable, Sequence
from typing import Any

from watchkeeper.api.hosts.states import HostState, state_of
from watchkeeper.api.problems import field_problem
from watchkeeper.common.store import Connection

HOSTS = """
    SELECT r.resource_id AS id, r.name, r.kind, r.environment, r.role, r.organisation, r.labels, r.first_seen,
           r.last_seen, date_part('epoch', r.last_seen) AS last_seen_s, r.interval_s, r.expected,
           coalesce(s.series, 0) AS series
    FROM resources r
    LEFT JOIN (SELECT resource_id, count(*) AS series FROM series GROUP BY resource_id) s USING (resource_id)
    WHERE $1::text IS NULL OR r.resource_id = $1
"""
LOCK = "SELECT expected FROM resources WHERE resource_id = $1 FOR UPDATE"
EXPECT = "UPDATE resources SET expected = $2 WHERE resource_id = $1"

URGENCY = {HostState.SILENT: 0, HostState.LATE: 1, HostState.REPORTING: 2}


async def hosts(connection: Connection, now_s: float, host: str | None = None) -> list[dict[str, Any]]:
    """All hosts (or one) with their states, those first that need somebody."""
    return ordered(told(dict(row), now_s) for row in await connection.fetch(HOSTS, host))


async def expect(connection: Connection, host: str, *, expected: bool) -> bool:
    """Set whether ``host`` is expected, within the current transaction; answers whether it was.

    Raises the 404 problem for a host that never reported.
    """
    before = await connection.fetchval(LOCK, host)
    if before is None:
        raise field_problem("id", f"no host {host[:80]!r} has ever reported", 404)
    await connection.execute(EXPECT, host, expected)
    return bool(before)


def told(row: dict[str, Any], now_s: float) -> dict[str, Any]:
    """A host's row as the answer tells it at ``now_s``."""
    age_s = max(0.0, round(now_s - row.pop("last_seen_s"), 3))
    return row | {"age_s": age_s, "state": state_of(age_s, row["interval_s"])}


def ordered(found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Expected hosts first, among them silent ones, then late ones; else by name."""
    return sorted(found, key=lambda host: (not host["expected"], URGENCY[host["state"]], host["name"], host["id"]))


def counts(found: Sequence[dict[str, Any]]) -> dict[HostState, int]:
    """How many expected hosts are in each state."""
    return {state: sum(host["expected"] and host["state"] is state for host in found) for state in HostState}
