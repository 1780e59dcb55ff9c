"""The rows of one series, a page after the other: no connection is held while a slow reader takes its time."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from watchkeeper.api.metrics.resolution import Resolution
from watchkeeper.api.metrics.spans import Span
from watchkeeper.common.store import Store

PAGE_ROWS = 10_000
NEXT = timedelta(microseconds=1)  # PostgreSQL's times have no finer step

RAW = """
    SELECT ts AS time, value FROM samples
    WHERE series_id = $1 AND ts >= $2 AND ts < $3 ORDER BY ts LIMIT $4
"""
MINUTE = """
    SELECT bucket AS time, sum / count AS avg, min, max, last, count FROM samples_minute
    WHERE series_id = $1 AND bucket >= $2 AND bucket < $3 ORDER BY bucket LIMIT $4
"""
HOUR = """
    SELECT bucket AS time, sum / count AS avg, min, max, last, count FROM samples_hour
    WHERE series_id = $1 AND bucket >= $2 AND bucket < $3 ORDER BY bucket LIMIT $4
"""
PAGES = {Resolution.RAW: RAW, Resolution.MINUTE: MINUTE, Resolution.HOUR: HOUR}
COLUMNS = {
    Resolution.RAW: ("value",),
    Resolution.MINUTE: ("avg", "min", "max", "last", "count"),
    Resolution.HOUR: ("avg", "min", "max", "last", "count"),
}
"""What a row says beside its time. A counter's rows are what it showed, not its rate."""


@dataclass(frozen=True)
class Exported:
    """A series to export."""

    series_id: int
    host: str
    host_name: str
    name: str
    labels: dict[str, str]
    text: str
    unit: str
    kind: str


@dataclass(frozen=True)
class Export:
    """What is exported: series, in this order, over a span, at a resolution."""

    series: tuple[Exported, ...]
    span: Span
    resolution: Resolution


async def pages(store: Store, export: Export, series: Exported) -> AsyncGenerator[Sequence[Any], None]:
    """The rows of ``series``, oldest first, at most ``PAGE_ROWS`` at a time; no empty page.

    The next page is fetched while the caller writes the one before, and no further ahead.
    """
    to = datetime.fromtimestamp(export.span.to_s, UTC)
    query = PAGES[export.resolution]

    async def fetch(from_: datetime) -> Sequence[Any]:
        async with store.connection() as connection:
            return await connection.fetch(query, series.series_id, from_, to, PAGE_ROWS)

    coming = asyncio.create_task(fetch(datetime.fromtimestamp(export.span.from_s, UTC)))
    try:
        while rows := await coming:
            last = len(rows) < PAGE_ROWS
            if not last:
                coming = asyncio.create_task(fetch(rows[-1]["time"] + NEXT))
            yield rows
            if last:
                return
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
