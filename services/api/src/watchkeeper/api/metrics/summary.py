"""``GET /api/metrics/summary``: what the dashboard's cards need, in one call.

Uptime: the share of probes that succeeded in the last 7 days, against the 7 before; without probes the share of minutes
in which the hosts were heard of. Active users: the most within 5 minutes, against the same hour of the day before.
Response time: the last 5 minutes, against a threshold and the same hour of the day before. Threats blocked: in the last
24 hours, against the 24 before.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper.api.metrics import cards
from watchkeeper.api.metrics.availability import heard_of
from watchkeeper.api.metrics.cards import Card
from watchkeeper.api.metrics.grid import Track
from watchkeeper.api.metrics.lines import Line, lines_of_type
from watchkeeper.api.metrics.reading import coverage, read_tracks
from watchkeeper.api.metrics.resolution import TAIL_MAX_S, Aggregate, Grid, Resolution, parts
from watchkeeper.api.metrics.series import Found, find
from watchkeeper.api.metrics.types import TYPES, UPTIME, HistoryType, series_names
from watchkeeper.common.store import Connection

DAY_S = 86_400
HOUR_S = 3600
RECENT_S = 300


@dataclass(frozen=True)
class Scope:
    """What a summary is of: hosts (None: all), seen at ``now_s``."""

    hosts: tuple[str, ...] | None
    now_s: float


@dataclass(frozen=True)
class Window:
    """What is read of a type: which steps, how finely, and what stands for the values within a step."""

    grid: Grid
    resolution: Resolution
    agg: Aggregate = Aggregate.AVG


@dataclass(frozen=True)
class Read:
    """A type read onto a grid: its lines, their tracks, and the age of its newest sample."""

    lines: list[Line]
    tracks: list[Track]
    age_s: float | None


async def uptime(connection: Connection, scope: Scope) -> Card:
    """Two weeks by days, the newer one against the older one."""
    grid = Grid(int(scope.now_s) - 14 * DAY_S, DAY_S, 14)
    read = await _read(connection, UPTIME, scope, Window(grid, Resolution.HOUR))
    if read.lines:
        values, weights = cards.averaged(read.tracks, grid.count)
    else:
        values, weights = await heard_of(connection, scope.hosts, grid, scope.now_s)
    previous = cards.mean_of(values[:7], weights[:7]) if cards.watched(values[:7]) else None
    return Card(cards.mean_of(values[7:], weights[7:]), "1", previous, "7d", values[7:], read.age_s)


async def active_users(connection: Connection, scope: Scope) -> Card:
    """The most within the newest 5 minutes, against the same hour of the day before."""
    recent, hours = await _recent_and_hours(connection, TYPES["active_users"], scope, Aggregate.MAX)
    trend = cards.summed(hours.tracks, 25)
    now = cards.summed(recent.tracks, 1)[0]
    return Card(now, TYPES["active_users"].unit, trend[0], "24h", trend[1:], hours.age_s)


async def response_time(connection: Connection, scope: Scope) -> Card:
    """The newest 5 minutes, against the same hour of the day before; each host counts by its requests."""
    recent, hours = await _recent_and_hours(connection, TYPES["response_time"], scope, Aggregate.AVG)
    trend, _ = cards.averaged(hours.tracks, 25)
    (now,), _ = cards.averaged(recent.tracks, 1)
    return Card(now, TYPES["response_time"].unit, trend[0], "24h", trend[1:], hours.age_s)


async def threats_blocked(connection: Connection, scope: Scope) -> Card:
    """A day by hours, against the day before."""
    grid = Grid(int(scope.now_s) - 48 * HOUR_S, HOUR_S, 48)
    read = await _read(connection, TYPES["threats"], scope, Window(grid, Resolution.MINUTE))
    values = cards.summed(read.tracks, grid.count)
    previous = cards.sum_of(values[:24]) if cards.watched(values[:24]) else None
    return Card(cards.sum_of(values[24:]), TYPES["threats"].unit, previous, "24h", values[24:], read.age_s)


async def _recent_and_hours(
    connection: Connection, known: HistoryType, scope: Scope, agg: Aggregate
) -> tuple[Read, Read]:
    """The last 5 minutes in one step (by ``agg``), and 25 hours of the clock, the one under way included."""
    now_s = int(scope.now_s) + 1
    start_s = now_s // HOUR_S * HOUR_S - 24 * HOUR_S
    recent = await _read(connection, known, scope, Window(Grid(now_s - RECENT_S, RECENT_S, 1), Resolution.RAW, agg))
    hours = await _read(connection, known, scope, Window(Grid(start_s, HOUR_S, 25), Resolution.HOUR))
    return recent, hours


async def _read(connection: Connection, known: HistoryType, scope: Scope, window: Window) -> Read:
    grid = window.grid
    found = await find(connection, series_names([known]), scope.hosts)
    lines = _of_one_source(known, found, grid.start_s)
    since_s = {name: scope.now_s - length_s for name, length_s in TAIL_MAX_S.items()}
    have = await coverage(connection, sorted({line.host for line in lines}), since_s)
    pieces = parts(window.resolution, grid, grid.end_s, scope.now_s, have)
    tracks = await read_tracks(connection, lines, grid, pieces, window.agg)
    return Read(lines, tracks, _age_s(found, lines, scope.now_s))


def _of_one_source(known: HistoryType, found: Sequence[Found], since_s: float) -> list[Line]:
    """The lines of the first source that any host has: the platform's own count and the application's do not add up."""
    for source in known.sources:
        only = HistoryType(known.name, known.unit, known.text, (source,), known.combine, known.per)
        lines = lines_of_type(only, found, since_s)
        if lines:
            return lines
    return []


def _age_s(found: Sequence[Found], lines: Sequence[Line], now_s: float) -> float | None:
    read = {member.series_id for line in lines for member in line.members}
    times_s = [one.ts_s for one in found if one.series_id in read and one.ts_s is not None]
    return max(0.0, now_s - max(times_s)) if times_s else None
