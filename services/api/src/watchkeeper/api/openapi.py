"""The OpenAPI document: what FastAPI finds in the routes, and what is true of all of them alike.

Every operation gets its security and its errors from what its route declares, so that no route has to repeat them; a
route adds only what is its own (``responses={404: {}}``).
"""

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.openapi.utils import get_openapi
from starlette.responses import JSONResponse, Response

from watchkeeper.api.access.authenticate import COOKIE
from watchkeeper.api.access.permissions import public
from watchkeeper.api.problems import MEDIA_TYPE, title_of
from watchkeeper.api.web.origin import SAFE_METHODS
from watchkeeper.api.web.rules import RouteTable, Rule

TITLE = "Watchkeeper"
VERSION = "0.1.0"
DESCRIPTION = """
Hosts, application, users and security watched in one store.

Times are ISO 8601 in UTC unless a name ends in `_s` or `_ms`. Values have the units of OpenTelemetry's semantic
conventions: ratios from 0 to 1, seconds, bytes. Errors are problem details (RFC 9457).

Sign in with `POST /api/session`, or send an API key as `Authorization: Bearer wk_…`. In a session, every POST, PATCH,
PUT and DELETE needs the header `X-CSRF-Token`; `GET /api/session` tells its value.
"""

_RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
_ERRORS: dict[int, tuple[str, str]] = {
    401: ("Nobody is signed in, or the key is not valid.", "Sign in, or send a valid API key."),
    403: ("The permission is missing, or the change may be forged.", "This needs the permission admin."),
    404: ("There is no such thing.", "There is no such user."),
    408: (
        "The body came too slowly.",
        "The body did not come within 15 s. Send it again, in parts if the line is slow.",
    ),
    409: ("It does not fit what is there.", "name: there is a user of this name"),
    413: ("The body is too large.", "The body is too large: at most 1048576 bytes. Send it in parts."),
    415: ("The body is not JSON.", "Send the body as JSON, with Content-Type: application/json."),
    422: ("A field is at fault; `errors` names it.", "limit: Input should be greater than or equal to 1"),
    429: ("Too many requests.", "Too many requests (requests): at most 6000 per minute. Try again in 2 s."),
    500: ("An error here; the log tells more under the request id.", "Something went wrong here."),
    503: (
        "The database or Kafka is away, and the request may succeed later; or it takes too long, and less may succeed.",
        "The database is away.",
    ),
}
_PROBLEM: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "What went wrong (RFC 9457).",
    "required": ["type", "title", "status", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "description": "Always about:blank: status and title say it."},
        "title": {"type": "string", "description": "What kind of problem it is."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "What to do about it, for people."},
        "errors": {
            "type": "array",
            "description": "The fields at fault, where there are any.",
            "items": {
                "type": "object",
                "required": ["field", "detail"],
                "properties": {
                    "field": {"type": "string", "description": "The field's path: samples[3].value."},
                    "detail": {"type": "string", "description": "What is wrong with it."},
                },
            },
        },
        "request_id": {"type": "string", "description": "Under this id the logs tell more."},
    },
}
_SECURITY_SCHEMES = {
    "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "Set by POST /api/session."},
    "key": {"type": "http", "scheme": "bearer", "description": "An API key, wk_…"},
}

router = APIRouter()


@router.get("/api/openapi.json", include_in_schema=False, dependencies=[public()])
async def show_document(request: Request) -> Response:
    """Answer this document."""
    return JSONResponse(request.app.openapi())


def document(routes: Any, table: RouteTable) -> dict[str, Any]:
    """The OpenAPI 3.1 document of ``routes``, whose rules are in ``table``."""
    found: dict[str, Any] = get_openapi(title=TITLE, version=VERSION, description=DESCRIPTION.strip(), routes=routes)
    components = found.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Problem"] = _PROBLEM
    components["responses"] = {f"Problem{status}": _error(status) for status in _ERRORS}
    components["securitySchemes"] = _SECURITY_SCHEMES
    rules = {(rule.template, method): rule for rule in table.rules for method in rule.methods}
    for path, method, operation in _operations(found):
        _complete(operation, method, rules[path, method])
    return found


def _operations(found: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in found.get("paths", {}).items():
        for method, operation in methods.items():
            yield path, method.upper(), operation


def _complete(operation: dict[str, Any], method: str, rule: Rule) -> None:
    responses = operation["responses"]
    declared = {int(status) for status in responses if status.isdecimal() and int(status) >= 400}
    for status in sorted(declared | _statuses(operation, method, rule)):
        if status != 422 and "content" in responses.get(str(status), {}):
            continue  # the route's own answer, such as the health report with 503
        responses[str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
    if rule.public:
        operation["security"] = []
    else:
        operation["security"] = [{"session": []}] if rule.session else [{"key": []}, {"session": []}]


def _statuses(operation: dict[str, Any], method: str, rule: Rule) -> set[int]:
    """The errors that follow from what a route declares and takes."""
    statuses = {429, 500, 503}
    if not rule.public:
        statuses |= {401, 403}
    if method not in SAFE_METHODS:
        statuses.add(403)
    if "parameters" in operation:
        statuses.add(422)
    if "requestBody" in operation:
        statuses |= {408, 413, 422}
    if rule.json_body:
        statuses.add(415)
    return statuses


def _error(status: int) -> dict[str, Any]:
    description, detail = _ERRORS[status]
    example = {
        "type": "about:blank",
        "title": title_of(status),
        "status": status,
        "detail": detail,
        "request_id": "6f1c2a4be0d94c6c8d1f0a9b7e3d5c21",
    }
    answer: dict[str, Any] = {
        "description": description,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}},
    }
    if status in {429, 503}:
        answer["headers"] = _RETRY_AFTER
    return answer
