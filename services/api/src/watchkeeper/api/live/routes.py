"""``GET /api/live``: metrics as they arrive."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from pydantic import Field, StringConstraints
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from watchkeeper.api.access.permissions import Caller, Permission, needs
from watchkeeper.api.context import Context, get_context
from watchkeeper.api.live.hub import Filter, Hub, Reader, TooManyReadersError, sse
from watchkeeper.api.metrics.current import chosen
from watchkeeper.api.metrics.schemas import CurrentParameters
from watchkeeper.api.problems import RETRY_AFTER_S, Problem, unavailable
from watchkeeper.api.web.guard import still_allowed

HEARTBEAT_S = 15.0
HEARTBEAT = b":\n\n"
CHECK_S = 30.0
"""How often an open stream asks whether its caller would still be let in, also while it is busy."""
END = sse("end", {"reason": "access"})

EVENTS = """id: 6f1c2a4b-17
event: metrics
data: {"host":"web-1","time_ms":1795557240000,"source":"cpu","values":{"cpu":0.21}}

event: state
data: {"kafka":"down","since_ms":1795557245000}

"""
EVENT: dict[str, Any] = {
    "type": "object",
    "description": "One event; its data is JSON.",
    "required": ["event", "data"],
    "properties": {
        "id": {"type": "string", "description": "Where to resume, of `metrics`."},
        "event": {"enum": ["metrics", "reset", "state", "end"]},
        "data": {"type": "string"},
    },
}
STREAM: dict[str, Any] = {
    "description": "Events without end.",
    "content": {"text/event-stream": {"schema": EVENT, "example": EVENTS}},
}

EventId = Annotated[str, StringConstraints(max_length=64)]

router = APIRouter(tags=["live"])


class LiveParameters(CurrentParameters):
    """Which events."""

    last_event_id: EventId | None = Field(
        None, description="As the header Last-Event-ID, for a page's first connection."
    )


class EventStream(StreamingResponse):
    """A stream of server-sent events; its reader is open from its making to its end, however that comes."""

    media_type = "text/event-stream"

    def __init__(self, request: Request, hub: Hub, reader: Reader) -> None:
        super().__init__(
            _chunks(request, hub, reader), headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )
        self._hub = hub
        self._reader = reader

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, then close the reader."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._hub.close(self._reader)


@router.get(
    "/api/live",
    summary="Metrics as they arrive",
    status_code=200,  # FastAPI would look for it in the response class, whose constructor has none
    response_class=EventStream,
    responses={200: STREAM},
)
async def follow(
    request: Request,
    caller: Annotated[Caller, needs(Permission.READ)],
    context: Annotated[Context, Depends(get_context)],
    query: Annotated[LiveParameters, Query()],
    last_event_id: Annotated[EventId | None, Header(description="Id of the last event seen: goes on after it.")] = None,
) -> EventStream:
    """Answer server-sent events until the client goes.

    `metrics`: the values of one batch by type; where a type has several lines, as a list of labels and value. `reset`:
    something was missed (the id is too old or of another process, or this client was too slow); read the history again.
    `state`: Kafka went away or is back. `end`: the login has ended or the key is revoked, and so the stream ends. A
    comment every 15 seconds shows that the connection is alive.
    """
    types = None if query.type is None else frozenset(known.name for known in chosen(query.type))
    hosts = None if query.host is None else frozenset(query.host)
    wanted = Filter(hosts, types)
    try:
        reader = context.hub.open(wanted, last_event_id or query.last_event_id, caller.id)
    except TooManyReadersError as error:
        raise _too_many(context, error) from None
    return EventStream(request, context.hub, reader)


async def _chunks(request: Request, hub: Hub, reader: Reader) -> AsyncIterator[bytes]:
    clock = get_context(request).clock
    due_s = clock.monotonic_s() + CHECK_S
    while not hub.ended:
        chunk = await reader.take(max(0.0, min(HEARTBEAT_S, due_s - clock.monotonic_s())))
        if clock.monotonic_s() >= due_s:
            if not await still_allowed(request):
                yield END
                return
            due_s = clock.monotonic_s() + CHECK_S
        yield chunk or HEARTBEAT


def _too_many(context: Context, error: TooManyReadersError) -> Problem:
    if not error.of_caller:
        return unavailable("Too many live streams are open; try again in a few seconds.")
    most = context.settings.live_readers_per_caller
    return Problem(
        429,
        f"Too many live streams are open with this login or key: at most {most} at a time. Close some.",
        headers={"Retry-After": str(RETRY_AFTER_S)},
    )
