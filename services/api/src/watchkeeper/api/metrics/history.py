"""``GET /api/metrics/history/{type}``: what is asked for, checked; the lines, read; the answer, encoded."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from watchkeeper.api.metrics.lines import Line, lines_of_series, lines_of_type
from watchkeeper.api.metrics.reading import VALUES_LARGE, coverage, read_tracks
from watchkeeper.api.metrics.resolution import TAIL_MAX_S, Aggregate, Grid, choose, grid_for, parts
from watchkeeper.api.metrics.series import SERIES_MAX, Found, find, unknown_hosts, without_data
from watchkeeper.api.metrics.spans import POINTS_MAX, Span
from watchkeeper.api.metrics.times import iso
from watchkeeper.api.metrics.types import TYPES, series_names
from watchkeeper.api.problems import field_problem
from watchkeeper.common.series import BadSeriesError, check_name
from watchkeeper.common.store import Connection

LINES_MAX = 50
VALUES_MAX = 500_000
PAST_S = 60.0
"""A span that ended this long ago is past: a series' newest sample may be from after it."""


@dataclass(frozen=True)
class Query:
    """A history as asked for. ``hosts`` None: all; ``labels`` narrow the series of a plain series name."""

    type: str
    span: Span
    step_s: int
    agg: Aggregate
    hosts: tuple[str, ...] | None = None
    labels: tuple[tuple[str, str], ...] = ()


async def history(connection: Connection, query: Query, now_s: float) -> bytes:
    """The answer's JSON; raises ``Problem`` for a type, host or number of lines that cannot be answered."""
    unit, lines = await lines_for(connection, query, now_s)
    since_s = {name: now_s - length_s for name, length_s in TAIL_MAX_S.items()}
    found = await coverage(connection, sorted({line.host for line in lines}), since_s)
    resolution = choose(query.span.from_s, query.step_s, query.agg, now_s, found.floors_s)
    grid = grid_for(query.span.from_s, query.span.to_s, query.step_s, resolution)
    check_size(grid, len(lines))
    pieces = parts(resolution, grid, query.span.to_s, now_s, found)
    tracks = await read_tracks(connection, lines, grid, pieces, query.agg)
    body = {
        "type": query.type,
        "unit": unit,
        "from": iso(grid.start_s),
        "to": iso(query.span.to_s),
        "step_s": grid.step_s,
        "resolution": resolution.value,
        "agg": query.agg.value,
        "times_s": grid.times_s(),
        "lines": [
            {
                "host": line.host,
                "name": line.host_name,
                "labels": line.labels,
                "values": track.values,
                "min": track.lows,
                "max": track.highs,
            }
            for line, track in zip(lines, tracks, strict=True)
        ],
    }
    if grid.count * len(lines) < VALUES_LARGE:
        return msgspec.json.encode(body)
    return await asyncio.to_thread(msgspec.json.encode, body)


async def lines_for(connection: Connection, query: Query, now_s: float) -> tuple[str, list[Line]]:
    """The unit and the lines that ``query`` means; raises ``Problem``."""
    if query.hosts is not None and (unknown := await unknown_hosts(connection, query.hosts)):
        raise field_problem("host", f"no host {unknown[0]!r} has ever reported", 404)
    known = TYPES.get(query.type)
    if known is None:
        return await _lines_of_name(connection, query)
    if query.labels:
        raise field_problem("label", "narrows a series name; the type has lines of its own")
    found = await find(connection, series_names([known]), query.hosts)
    if len(found) > SERIES_MAX:
        raise field_problem("host", f"more than {SERIES_MAX} series match; name fewer hosts")
    without: set[int] = set()
    if len(known.sources) > 1 and query.span.to_s < now_s - PAST_S:
        span = query.span
        without = await without_data(connection, [one.series_id for one in found], span.from_s, span.to_s)
    return known.unit, lines_of_type(known, found, query.span.from_s, without)


async def _lines_of_name(connection: Connection, query: Query) -> tuple[str, list[Line]]:
    try:
        check_name(query.type)
    except BadSeriesError as error:
        raise field_problem("type", str(error)) from error
    named = await find(connection, [query.type], query.hosts)
    found = [one for one in named if _has_labels(one, query.labels)]
    if not named and (query.hosts is None or not await find(connection, [query.type], None)):
        raise field_problem("type", f"neither a type nor the name of a series: {query.type!r}", 404)
    if len(found) > LINES_MAX:
        raise field_problem(
            "type",
            f"{len(found)} series match, at most {LINES_MAX} can be drawn; narrow them by host= or label=key:value",
        )
    return _unit(found), lines_of_series(found)


def _has_labels(one: Found, labels: Sequence[tuple[str, str]]) -> bool:
    return all(one.labels.get(key) == value for key, value in labels)


def _unit(found: Sequence[Found]) -> str:
    """The unit that all share, per second for counters; empty where they differ."""
    units = {f"{one.unit}/s" if one.counter else one.unit for one in found}
    return units.pop() if len(units) == 1 else ""


def check_size(grid: Grid, lines: int) -> None:
    """Raise ``Problem`` for an answer that would be too large."""
    if grid.count > POINTS_MAX:
        raise field_problem("step", f"{grid.count} points, at most {POINTS_MAX}; take a longer step or a shorter span")
    if grid.count * lines > VALUES_MAX:
        raise field_problem(
            "points",
            f"{lines} lines of {grid.count} points are {lines * grid.count} values, at most {VALUES_MAX}; ask for at"
            f" most {VALUES_MAX // lines} points, a longer step, or fewer hosts",
        )
