"""The routes that give samples as files."""

import re
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.responses import StreamingResponse

from watchkeeper.api.access.permissions import Caller, Permission, needs
from watchkeeper.api.context import Context, get_context
from watchkeeper.api.export import writing
from watchkeeper.api.export.rows import Export
from watchkeeper.api.export.selection import Wanted, select
from watchkeeper.api.metrics.resolution import Resolution
from watchkeeper.api.metrics.routes import distinct, now_s, span_of
from watchkeeper.api.metrics.schemas import SpanParameters, Word
from watchkeeper.api.metrics.times import iso
from watchkeeper.api.metrics.types import TYPES

CSV_EXAMPLE = (
    "time,host,name,series,unit,kind,value (1)\r\n"
    "2026-11-24T21:54:00Z,web-1,web-1.example.org,system.cpu.utilization,1,gauge,0.21\r\n"
)
JSON_EXAMPLE: dict[str, Any] = {
    "from": "2026-11-24T21:00:00Z",
    "to": "2026-11-24T22:00:00Z",
    "resolution": "raw",
    "columns": ["time", "value"],
    "series": [
        {
            "host": "web-1",
            "name": "system.cpu.utilization",
            "labels": {},
            "unit": "1",
            "kind": "gauge",
            "rows": [["2026-11-24T21:54:00Z", 0.21]],
        }
    ],
    "complete": True,
}
CSV: dict[str, Any] = {
    "description": "RFC 4180; texts that a spreadsheet would run as formulas have a leading apostrophe.",
    "content": {"text/csv": {"schema": {"type": "string"}, "example": CSV_EXAMPLE}},
}
JSON: dict[str, Any] = {
    "description": "Whole only if it ends with `complete`.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "title": "Export",
                "required": ["from", "to", "resolution", "columns", "series", "complete"],
                "properties": {
                    "from": {"type": "string", "format": "date-time"},
                    "to": {"type": "string", "format": "date-time"},
                    "resolution": {"type": "string", "enum": ["raw", "minute", "hour"]},
                    "columns": {"type": "array", "items": {"type": "string"}},
                    "series": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["host", "name", "labels", "unit", "kind", "rows"],
                            "properties": {
                                "host": {"type": "string"},
                                "name": {"type": "string"},
                                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                                "unit": {"type": "string"},
                                "kind": {"type": "string", "enum": ["gauge", "counter"]},
                                "rows": {"type": "array", "items": {"type": "array"}},
                            },
                        },
                    },
                    "complete": {"type": "boolean"},
                },
            },
            "example": JSON_EXAMPLE,
        }
    },
}

InContext = Annotated[Context, Depends(get_context)]


async def a_turn(context: InContext, caller: Annotated[Caller, needs(Permission.READ)]) -> AsyncIterator[None]:
    """A turn at exporting until the whole answer is sent; raises the 503 problem where it does not come in time."""
    async with context.export_turns.of(caller.id):
        yield


router = APIRouter(prefix="/api/export", tags=["export"], dependencies=[needs(Permission.READ), Depends(a_turn)])


class ExportParameters(SpanParameters):
    """What to export."""

    type: Word | None = Field(None, description=f"A type: {', '.join(TYPES)}. Its series as stored.", examples=["cpu"])
    series: Annotated[str, Field(max_length=255)] | None = Field(
        None, description="The name of series, instead of a type.", examples=["system.cpu.utilization"]
    )
    resolution: Resolution | None = Field(
        None, description="raw, minute or hour; the finest that is kept from the span's beginning without it."
    )


class CsvResponse(StreamingResponse):
    """A file of CSV."""

    media_type = "text/csv"


@router.get(
    "/metrics.csv",
    summary="Samples as CSV",
    response_class=CsvResponse,
    responses={200: CSV, 404: {}},
)
async def export_csv(context: InContext, query: Annotated[ExportParameters, Query()]) -> StreamingResponse:
    """Answer the samples of series, by host and series, oldest first, one line each.

    `raw` has the samples themselves; `minute` and `hour` have avg, min, max, last and count. Counters are told as they
    stood, not as rates. The newest minutes are in a rollup once it is computed. A transfer that is cut off is not
    whole.
    """
    export, name = await _selected(context, query)
    return _file(writing.csv(context.require_store(), export), f"{name}.csv", "text/csv; charset=utf-8; header=present")


@router.get("/metrics.json", summary="Samples as JSON", responses={200: JSON, 404: {}})
async def export_json(context: InContext, query: Annotated[ExportParameters, Query()]) -> StreamingResponse:
    """Answer the samples of series, each series with its rows, oldest first.

    As the CSV; whole only if it ends with `"complete": true`.
    """
    export, name = await _selected(context, query)
    return _file(writing.json(context.require_store(), export), f"{name}.json", "application/json")


async def _selected(context: Context, query: ExportParameters) -> tuple[Export, str]:
    """The export and its file's name, without the ending."""
    time_s = now_s(context)
    span = span_of(query, time_s)
    wanted = Wanted(query.type, query.series, distinct(query.host), span, query.resolution)
    async with context.require_store().connection() as connection:
        export = await select(connection, wanted, time_s)
    what = re.sub(r"[^A-Za-z0-9._-]", "_", query.type or query.series or "")
    when = re.sub(r"[-:]", "", iso(int(span.to_s)))
    return export, f"watchkeeper-{what}-{export.resolution}-{when}"


def _file(chunks: AsyncIterator[bytes], name: str, media_type: str) -> StreamingResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(chunks, headers=headers, media_type=media_type)
