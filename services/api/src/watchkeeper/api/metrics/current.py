"""``GET /api/metrics/current``: the newest value of each type on each host, with its age, and how the host is doing."""

import functools
from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import msgspec

from watchkeeper.api.hosts.states import is_fresh, state_of
from watchkeeper.api.metrics.evaluate import FRESH_S, ByName, Level, Newest, by_name, levels, total
from watchkeeper.api.metrics.series import interval_of, unknown_hosts
from watchkeeper.api.metrics.times import iso
from watchkeeper.api.metrics.types import TYPES, HistoryType, series_names
from watchkeeper.api.problems import field_problem
from watchkeeper.common.series import parse_series
from watchkeeper.common.store import Connection

HOSTS = """
    SELECT resource_id, name, kind, interval_s, date_part('epoch', last_seen) AS last_seen_s
    FROM resources WHERE $1::text[] IS NULL OR resource_id = ANY($1::text[]) ORDER BY resource_id
"""
NEWEST = """
    SELECT s.resource_id, s.text, s.kind, l.value, l.prev_value,
           date_part('epoch', l.ts) AS ts_s, date_part('epoch', l.prev_ts) AS prev_ts_s
    FROM series s JOIN series_latest l USING (series_id)
    WHERE s.name = ANY($1::text[]) AND ($2::text[] IS NULL OR s.resource_id = ANY($2::text[]))
    ORDER BY s.resource_id
"""

parsed = functools.lru_cache(maxsize=100_000)(parse_series)
"""Series texts are few and come again with every request."""


async def current(
    connection: Connection, types: Sequence[HistoryType], hosts: Sequence[str] | None, now_s: float
) -> bytes:
    """The answer's JSON for ``types`` on ``hosts`` (None: all); raises ``Problem`` for an unknown host."""
    if hosts is not None and (unknown := await unknown_hosts(connection, hosts)):
        raise field_problem("host", f"no host {unknown[0]!r} has ever reported", 404)
    wanted = None if hosts is None else list(hosts)
    resources = await connection.fetch(HOSTS, wanted)
    intervals_s = {row["resource_id"]: row["interval_s"] for row in resources}
    rows = await connection.fetch(NEWEST, series_names(types), wanted)
    newest = {
        host: by_name(_newest(row, intervals_s.get(host)) for row in of_host)
        for host, of_host in groupby(rows, key=itemgetter("resource_id"))
    }
    body = {
        "time": iso(now_s),
        "hosts": [_host(row, types, newest.get(row["resource_id"], {}), now_s) for row in resources],
    }
    return msgspec.json.encode(body)


def chosen(names: Iterable[str] | None) -> list[HistoryType]:
    """The types of ``names``, each once; all for None. Raises ``Problem`` for one that does not exist."""
    if names is None:
        return list(TYPES.values())
    found = []
    for name in dict.fromkeys(names):
        if name not in TYPES:
            raise field_problem("type", f"there is no type {name[:80]!r}; there are {', '.join(TYPES)}")
        found.append(TYPES[name])
    return found


def metric(known: HistoryType, lines: Sequence[Level], now_s: float) -> dict[str, Any]:
    """One type's value as the answer tells it; its lines as well where the type has several."""
    last = max(lines, key=lambda line: line.ts_s)
    age_s = max(0.0, round(now_s - last.ts_s, 3))
    told: dict[str, Any] = {
        "value": total(known, lines),
        "unit": known.unit,
        "time": iso(last.ts_s),
        "age_s": age_s,
        "fresh": is_fresh(age_s, last.interval_s),
        "series": last.series,
    }
    if known.per:
        told["lines"] = [{"labels": dict(line.labels), "value": line.value} for line in lines]
    return told


def _host(row: Any, types: Iterable[HistoryType], newest: ByName, now_s: float) -> dict[str, Any]:
    age_s = max(0.0, round(now_s - row["last_seen_s"], 3))
    metrics = {}
    for known in types:
        found = levels(known, newest, now_s - FRESH_S)
        if found is not None:
            metrics[known.name] = metric(known, found.levels, now_s)
    return {
        "host": row["resource_id"],
        "name": row["name"],
        "kind": row["kind"],
        "last_seen": iso(row["last_seen_s"]),
        "age_s": age_s,
        "state": state_of(age_s, row["interval_s"]),
        "metrics": metrics,
    }


def _newest(row: Any, resource_interval_s: float | None) -> Newest:
    series = parsed(row["text"])
    spacing_s = None if row["prev_ts_s"] is None else row["ts_s"] - row["prev_ts_s"]
    return Newest(
        name=series.name,
        labels=series.labels,
        text=row["text"],
        counter=row["kind"] == "counter",
        ts_s=row["ts_s"],
        value=row["value"],
        prev_ts_s=row["prev_ts_s"],
        prev_value=row["prev_value"],
        interval_s=interval_of(spacing_s, resource_interval_s),
    )
