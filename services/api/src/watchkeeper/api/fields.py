"""Kinds of fields that several requests and answers share."""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    StringConstraints,
)

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(9000, 1, 1, tzinfo=UTC)


class RequestModel(BaseModel):
    """A request's body; an unknown field is an error, so that a typing mistake is not taken for a wish."""

    model_config = ConfigDict(extra="forbid")


_BEGINS = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:")


def _written(value: object) -> object:
    if isinstance(value, datetime) or (isinstance(value, str) and _BEGINS.match(value)):
        return value
    raise ValueError("write a time with its zone, as in 2026-11-24T08:00:00Z")


def _within(moment: datetime) -> datetime:
    if moment.year >= LATEST.year:
        return LATEST
    return EARLIEST if moment.year < EARLIEST.year + 1 else moment.astimezone(UTC)


def _with_z(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_within)]
"""A time with its zone, in UTC; what is before 1971 or after 9000 becomes 1970 or 9000, which bound all our data."""

Time = Annotated[datetime, PlainSerializer(_with_z, return_type=str)]
"""A time in an answer: ISO 8601 in UTC, milliseconds, ``Z``."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
"""A short text to look for; a database holds no NUL character."""
