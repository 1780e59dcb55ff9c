"""The dictionary of series, a page at a time."""

import base64
import binascii
from typing import Any, NamedTuple

import msgspec

from watchkeeper.api.problems import field_problem
from watchkeeper.common.store import Connection

# One name follows another, and within a name one id; so a page begins where the one before ended, whatever came since.
PAGE = """
    SELECT s.series_id, s.resource_id AS host, s.name, s.labels, s.unit, s.kind, s.text, l.ts AS last_seen
    FROM series s LEFT JOIN series_latest l USING (series_id)
    WHERE ($1::text IS NULL OR s.name = $1)
      AND ($2::text IS NULL OR s.resource_id = $2)
      AND ($3::text IS NULL OR s.text ILIKE $3)
      AND ($4::text IS NULL OR (s.name, s.series_id) > ($4, $5::integer))
    ORDER BY s.name, s.series_id
    LIMIT $6
"""

_ESCAPES = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})


class Place(NamedTuple):
    """The last series of a page."""

    name: str
    series_id: int


class Wanted(NamedTuple):
    """Which series; None asks for all."""

    name: str | None = None
    host: str | None = None
    text: str | None = None


async def page(
    connection: Connection, wanted: Wanted, after: Place | None, limit: int
) -> tuple[list[dict[str, Any]], Place | None]:
    """At most ``limit`` series after ``after``, and the place of the last one where there are more."""
    pattern = None if wanted.text is None else f"%{wanted.text.translate(_ESCAPES)}%"
    name, series_id = after or (None, None)
    rows = await connection.fetch(PAGE, wanted.name, wanted.host, pattern, name, series_id, limit + 1)
    found = [dict(row) for row in rows[:limit]]
    more = Place(found[-1]["name"], found[-1]["series_id"]) if len(rows) > limit else None
    return found, more


def cursor_of(place: Place) -> str:
    """``place`` as a page's ``next``."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def place_of(cursor: str) -> Place:
    """The place that ``cursor`` stands for; raises the 422 problem for one that we did not write."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        place = msgspec.json.decode(base64.b64decode(padded, altchars=b"-_", validate=True), type=Place)
    except (msgspec.DecodeError, UnicodeError, binascii.Error, ValueError):
        raise field_problem("cursor", "not one that a page answered as next") from None
    if not 0 <= place.series_id < 2**31 or "\0" in place.name:
        raise field_problem("cursor", "not one that a page answered as next")
    return place
