"""Lines read from the store onto a grid: by ``history`` for a chart, by ``summary`` for its cards."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from watchkeeper.api.metrics.grid import CARRY_INTERVALS, Piece, Track, carry, lay
from watchkeeper.api.metrics.lines import Line
from watchkeeper.api.metrics.resolution import WIDTH_S, Aggregate, Coverage, Grid, Part, Resolution
from watchkeeper.api.metrics.statements import Reading, grows, statement
from watchkeeper.api.metrics.types import Shape
from watchkeeper.common.store import Connection

VALUES_LARGE = 5_000
"""From here on values are laid out and encoded in a thread, so that other requests go on."""
PAUSE_INTERVALS = 2.5
PAUSE_WIDTHS = 1.5
ANY_PAUSE_S = 1e12
INCREASE_MARGIN_S = 3600.0

FLOORS = "SELECT resolution, date_part('epoch', floor) AS floor_s FROM retention_floors"
TAILS = """
    SELECT resolution, date_part('epoch', min(bucket)) AS tail_s FROM rollup_dirty
    WHERE bucket >= CASE resolution WHEN 'minute' THEN $1::timestamptz ELSE $2::timestamptz END
      AND ($3::text[] IS NULL OR resource_id = ANY($3::text[]))
    GROUP BY resolution
"""


async def coverage(connection: Connection, hosts: Sequence[str] | None, since_s: Mapping[str, float]) -> Coverage:
    """What the store has of ``hosts`` (None: all); ``since_s`` says from when on waiting rollups count, by resolution.

    Read before the rollups, never after them: what is rolled up in between is then read twice as finely, not missed.
    """
    floors = await connection.fetch(FLOORS)
    tails = await connection.fetch(
        TAILS, _time(since_s["minute"]), _time(since_s["hour"]), None if hosts is None else list(hosts)
    )
    return Coverage(
        {row["resolution"]: row["floor_s"] for row in floors}, {row["resolution"]: row["tail_s"] for row in tails}
    )


async def read_tracks(
    connection: Connection, lines: Sequence[Line], grid: Grid, parts: Sequence[Part], agg: Aggregate
) -> list[Track]:
    """A track for each of ``lines``, in their order; a line without samples is all gaps."""
    pieces: list[list[Piece]] = [[] for _ in lines]
    numbered = sorted(enumerate(lines), key=lambda pair: _alike(pair[1]))
    for part in parts:
        for _, of_kind in groupby(numbered, key=lambda pair: _alike(pair[1])):
            group = list(of_kind)
            reading = reading_of([line for _, line in group], part, grid, agg)
            for row in await connection.fetch(statement(reading), *_arguments(reading, group, part, grid)):
                pieces[row["line"]].append(
                    Piece(row["slots"], row["values"], row["lows"], row["highs"], row["weights"])
                )
    if grid.count * len(lines) < VALUES_LARGE:
        return _laid(lines, pieces, grid, agg)
    return await asyncio.to_thread(_laid, lines, pieces, grid, agg)


def _laid(lines: Sequence[Line], pieces: Sequence[list[Piece]], grid: Grid, agg: Aggregate) -> list[Track]:
    tracks = [lay(grid.count, found, line.shape, agg) for line, found in zip(lines, pieces, strict=True)]
    for line, track in zip(lines, tracks, strict=True):
        if line.shape is not Shape.INCREASE:
            carry(track, grid.step_s)
    return tracks


def reading_of(lines: Sequence[Line], part: Part, grid: Grid, agg: Aggregate) -> Reading:
    """How ``part`` is read of ``lines``, which are alike and not empty."""
    shape, counter, combine, single = _alike(lines[0])
    width_s = WIDTH_S[part.resolution]
    unit_s = grid.step_s if part.resolution is Resolution.RAW else width_s
    longest_s = max(member.interval_s for line in lines for member in line.members)
    sparse = not single and shape is Shape.VALUE and CARRY_INTERVALS * longest_s >= unit_s
    begins_a_step = (part.from_s - grid.start_s) % grid.step_s == 0
    return Reading(
        part.resolution,
        shape,
        counter,
        combine,
        agg,
        single,
        whole=grid.step_s == width_s,
        sparse=sparse,
        leads_in=sparse and begins_a_step,
    )


def pause_s(reading: Reading, interval_s: float) -> float:
    """The longest space between two samples that still counts as their pace; beyond it there is a gap.

    A count of events is different: what happened during a pause still happened, and counts where it shows.
    """
    if reading.shape is Shape.INCREASE:
        return ANY_PAUSE_S
    width_s = 0.0 if reading.resolution is Resolution.RAW else PAUSE_WIDTHS * WIDTH_S[reading.resolution]
    return max(PAUSE_INTERVALS * interval_s, width_s)


def _alike(line: Line) -> tuple[Shape, bool, Any, bool]:
    return line.shape, line.counter, line.combine, len(line.members) == 1


def _arguments(reading: Reading, group: Sequence[tuple[int, Line]], part: Part, grid: Grid) -> list[Any]:
    members = [(number, member) for number, line in group for member in line.members]
    pauses = [pause_s(reading, member.interval_s) for _, member in members]
    margin_s = 0.0
    if grows(reading):
        margin_s = max(INCREASE_MARGIN_S if reading.shape is Shape.INCREASE else max(pauses), WIDTH_S[part.resolution])
    if reading.leads_in:
        margin_s += CARRY_INTERVALS * max(member.interval_s for _, member in members)
    return [
        [member.series_id for _, member in members],
        [number for number, _ in members],
        [member.role for _, member in members],
        pauses,
        _time(part.from_s),
        _time(part.to_s),
        _time(max(0.0, part.from_s - margin_s)),
        float(grid.start_s),
        float(grid.step_s),
        [member.interval_s for _, member in members],
    ]


def _time(time_s: float) -> datetime:
    return datetime.fromtimestamp(max(0.0, time_s), UTC)
