"""Rows as CSV or JSON, piece by piece.

Whoever reads can tell a whole file from a part: what ends early ends as an aborted transfer, and JSON has
``"complete": true`` only at its very end.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import aclosing
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
        async with aclosing(pages(store, export, series)) as found:
            async for rows in found:
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
        async with aclosing(pages(store, export, series)) as found:
            async for rows in found:
                yield (
                    comma
                    + msgspec.json.encode([(row[0].isoformat()[:-6] + "Z", *tuple(row)[1:]) for row in rows])[1:-1]
                )
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
    """Lines of (time, value) rows; the store's times are in UTC, so their offset is cut off, not computed."""
    return "".join([f"{time.isoformat()[:-6]}Z{described}{value!r}\r\n" for time, value in rows])


def rollup_lines(rows: Iterable[Sequence[Any]], described: str) -> str:
    """Lines of (time, avg, min, max, last, count) rows."""
    return "".join(
        [
            f"{time.isoformat()[:-6]}Z{described}{avg!r},{low!r},{high!r},{last!r},{count}\r\n"
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
