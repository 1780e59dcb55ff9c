"""Which series an export means, and at which resolution."""

from collections.abc import Mapping
from dataclasses import dataclass

from watchkeeper.api.export.rows import Export, Exported
from watchkeeper.api.metrics.current import chosen
from watchkeeper.api.metrics.lines import lines_of_type
from watchkeeper.api.metrics.reading import coverage
from watchkeeper.api.metrics.resolution import RAW_KEPT_S, Resolution
from watchkeeper.api.metrics.series import SERIES_MAX, Found, find, unknown_hosts
from watchkeeper.api.metrics.spans import Span
from watchkeeper.api.metrics.types import series_names
from watchkeeper.api.problems import field_problem
from watchkeeper.common.series import BadSeriesError, check_name
from watchkeeper.common.store import Connection


@dataclass(frozen=True)
class Wanted:
    """What is asked for: a type, or the name of series; ``hosts`` None: all; ``resolution`` None: the finest kept."""

    type: str | None
    series: str | None
    hosts: tuple[str, ...] | None
    span: Span
    resolution: Resolution | None = None


async def select(connection: Connection, wanted: Wanted, now_s: float) -> Export:
    """The export that ``wanted`` means; raises the problem that names the field at fault."""
    if (wanted.type is None) == (wanted.series is None):
        raise field_problem("type", "give a type, or the name of a series as series, not both")
    if wanted.hosts is not None and (unknown := await unknown_hosts(connection, wanted.hosts)):
        raise field_problem("host", f"no host {unknown[0]!r} has ever reported", 404)
    found = await (_of_type(connection, wanted) if wanted.series is None else _of_name(connection, wanted))
    if len(found) > SERIES_MAX:
        raise field_problem("host", f"more than {SERIES_MAX} series match; name fewer hosts")
    floors_s = (await coverage(connection, [], {"minute": now_s, "hour": now_s})).floors_s
    resolution = wanted.resolution or finest_kept(wanted.span, now_s, floors_s)
    return Export(tuple(_exported(one) for one in found), wanted.span, resolution)


def finest_kept(span: Span, now_s: float, floors_s: Mapping[str, float]) -> Resolution:
    """The finest resolution that is still kept at the span's beginning."""
    if span.from_s >= max(now_s - RAW_KEPT_S, floors_s.get(Resolution.RAW, 0.0)):
        return Resolution.RAW
    return Resolution.MINUTE if span.from_s >= floors_s.get(Resolution.MINUTE, 0.0) else Resolution.HOUR


async def _of_type(connection: Connection, wanted: Wanted) -> list[Found]:
    (known,) = chosen([wanted.type or ""])
    found = await find(connection, series_names([known]), wanted.hosts)
    lines = lines_of_type(known, found, wanted.span.from_s)
    members = {member.series_id for line in lines for member in line.members}
    return [one for one in found if one.series_id in members]


async def _of_name(connection: Connection, wanted: Wanted) -> list[Found]:
    name = wanted.series or ""
    try:
        check_name(name)
    except BadSeriesError as error:
        raise field_problem("series", str(error)) from error
    found = await find(connection, [name], wanted.hosts)
    if not found and (wanted.hosts is None or not await find(connection, [name], None)):
        raise field_problem("series", f"there is no series of the name {name!r}", 404)
    return found


def _exported(one: Found) -> Exported:
    kind = "counter" if one.counter else "gauge"
    return Exported(one.series_id, one.host, one.host_name, one.name, one.labels, one.text, one.unit, kind)
