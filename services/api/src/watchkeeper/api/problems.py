"""What goes wrong, told to the client: ``application/problem+json`` (RFC 9457), always of one shape.

``{"type", "title", "status", "detail", "errors": [{"field", "detail"}], "request_id"}``; ``errors`` is there where
fields are at fault. Raise ``Problem`` anywhere below a route; the frame around the application turns it, and every
other exception, into an answer.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

import asyncpg
import msgspec
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from watchkeeper.common.bus import BusUnavailableError, RecordRefusedError
from watchkeeper.common.store import is_transient

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5
DATABASE_AWAY = "The database is away. Watchkeeper waits for it; try again in a few seconds."
UNREADABLE = "There was an error parsing the body"  # FastAPI's words
TOO_LONG = "The database took too long over this and gave up. Ask for less: a shorter time, fewer hosts or series."
KAFKA_AWAY = "Kafka is away. Nothing of this request was accepted; send it again in a few seconds."


class FieldError(NamedTuple):
    """One field at fault, by its path (``samples[3].value``), and what is wrong with it."""

    field: str
    detail: str


class Problem(HTTPException):
    """An answer that is not a success; ``detail`` tells people what to do about it."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        title: str | None = None,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Keep the parts; ``title`` is the status's own phrase unless given."""
        super().__init__(status, detail, dict(headers or {}))
        self.title = title or title_of(status)
        self.errors = tuple(errors)

    def response(self, request_id: str) -> Response:
        """The answer, with the id under which the logs tell more."""
        return Response(self.body(request_id), self.status_code, self.headers, MEDIA_TYPE)

    def body(self, request_id: str) -> bytes:
        """The JSON of the answer."""
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status_code,
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = [error._asdict() for error in self.errors]
        return msgspec.json.encode(body | {"request_id": request_id})


def field_problem(field: str, detail: str, status: int = 422) -> Problem:
    """The problem of a request whose ``field`` is at fault."""
    return Problem(status, f"{field}: {detail}", errors=[FieldError(field, detail)])


def unavailable(detail: str) -> Problem:
    """The problem of a request that may succeed later: 503 with ``Retry-After``."""
    return Problem(503, detail, headers={"Retry-After": str(RETRY_AFTER_S)})


def problem_of(error: Exception) -> Problem:
    """What the client is told of ``error``; what nobody foresaw becomes a 500 without internals."""
    match error:
        case Problem():
            problem = error
        case RequestValidationError():
            problem = _validation(error)
        case HTTPException():
            problem = _http(error)
        case BusUnavailableError():
            problem = unavailable(KAFKA_AWAY)
        case RecordRefusedError():
            problem = Problem(422, "Kafka refuses this record; it may be too large.")
        case asyncpg.CharacterNotInRepertoireError() | asyncpg.UntranslatableCharacterError():
            problem = Problem(422, "A text of this request holds a NUL character, which cannot be stored.")
        case asyncpg.QueryCanceledError():
            problem = Problem(503, TOO_LONG)  # without a time to wait: the same would take as long again
        case _ if _database_away(error):
            problem = unavailable(DATABASE_AWAY)
        case _:
            problem = Problem(500, "Something went wrong here. The log tells more under the request id.")
    return problem


def _database_away(error: Exception) -> bool:
    if isinstance(error, asyncpg.UndefinedTableError):  # the migrations have not run yet
        return True
    return is_transient(error) and not isinstance(error, FileNotFoundError | PermissionError)


def _http(error: HTTPException) -> Problem:
    if error.status_code == 400 and error.detail == UNREADABLE:
        return field_problem("body", "it cannot be read: JSON in UTF-8 is expected")
    return Problem(error.status_code, error.detail or title_of(error.status_code), headers=error.headers)


def _validation(error: RequestValidationError) -> Problem:
    errors = [_field_error(found) for found in error.errors()[:50]]
    first = errors[0] if errors else FieldError("", "not valid")
    detail = f"{first.field}: {first.detail}" if first.field else first.detail
    return Problem(422, detail, title="Request not valid", errors=errors)


def _field_error(found: Mapping[str, Any]) -> FieldError:
    where, *path = found["loc"]
    if found["type"] == "json_invalid":
        return FieldError("body", f"not JSON: {found['ctx']['error']} at character {path[0]}")
    field = ""
    for part in path:
        field += f"[{part}]" if isinstance(part, int) else f".{part}" if field else str(part)
    return FieldError(field or str(where), found["msg"])


def title_of(status: int) -> str:
    """The status's name in RFC 9110; Python's own table has older names for some."""
    newer = {413: "Content Too Large", 422: "Unprocessable Content"}
    return newer.get(status) or HTTPStatus(status).phrase
