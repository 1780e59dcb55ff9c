"""Rows as CSV or JSON, piece by piece.

Whoever reads can tell a whole file from a part: what ends early ends as an aborted transfer, and JSON has
``"complete": true`` only at its very end.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from watchkeeper.api.export.cells import CRLF, line, text_cell
from watchkeeper.api.export.rows import COLUMNS, Export, Exported, pages
from watchkeeper.api.metrics.resolution import Resolution
from watchkeeper.api.metrics.times import iso
from watchkeeper.common.store import Store


async def csv(store: Store, export: Export) -> AsyncIterator[bytes]:
    """The export as CSV, a header first; one line per row."""
    yield csv_header(export).encode()
    lines = raw_lines if export.resolution is Resolution.RAW else rollup_lines
    for series in export.series:
        described = f",{line(map(text_cell, (series.host, series.host_name, series.text, series.unit, series.kind)))}"
        described = described.removesuffix(CRLF) + ","
        async for rows in pages(store, export, series):
            yield lines(rows, described).encode()


async def json(store: Store, export: Export) -> AsyncIterator[bytes]:
    """The export as one JSON object; each series with its rows, ``complete`` at the end."""
    head = {
        "from": iso(export.span.from_s),
        "to": iso(export.span.to_s),
        "resolution": export.resolution.value,
        "columns": ["time", *COLUMNS[export.resolution]],
    }
    yield msgspec.json.encode(head)[:-1] + b',"series":['
    for number, series in enumerate(export.series):
        yield (b"," if number else b"") + msgspec.json.encode(json_series(series))[:-1] + b',"rows":['
        comma = b""
        async for rows in pages(store, export, series):
            yield comma + msgspec.json.encode([(_time(row[0]), *tuple(row)[1:]) for row in rows])[1:-1]
            comma = b","
        yield b"]}"
    yield b'],"complete":true}\n'


def csv_header(export: Export) -> str:
    """The first line; values with their unit, where all series share one."""
    units = {series.unit for series in export.series}
    unit = f" ({units.pop()})" if len(units) == 1 else ""
    columns = [name if name == "count" else f"{name}{unit}" for name in COLUMNS[export.resolution]]
    return line(map(text_cell, ("time", "host", "name", "series", "unit", "kind", *columns)))


def raw_lines(rows: Iterable[Sequence[Any]], described: str) -> str:
    """Lines of (time, value) rows."""
    return "".join([f"{_time(time)}{described}{value!r}\r\n" for time, value in rows])


def rollup_lines(rows: Iterable[Sequence[Any]], described: str) -> str:
    """Lines of (time, avg, min, max, last, count) rows."""
    return "".join(
        [
            f"{_time(time)}{described}{avg!r},{low!r},{high!r},{last!r},{count}\r\n"
            for time, avg, low, high, last, count in rows
        ]
    )


def json_series(series: Exported) -> dict[str, Any]:
    """What is said of a series before its rows."""
    return {
        "host": series.host,
        "name": series.name,
        "labels": series.labels,
        "unit": series.unit,
        "kind": series.kind,
    }


def _time(moment: datetime) -> str:
    """ISO 8601 in UTC; the store's times are in UTC, so their offset is cut, not computed."""
    return moment.isoformat()[:-6] + "Z"
