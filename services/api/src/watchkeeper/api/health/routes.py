"""``GET /api/system/health``: answered from what was found last, so it never hangs on an engine that is away."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Response

from watchkeeper.api.access.permissions import Caller, Permission, public
from watchkeeper.api.context import Context, get_context
from watchkeeper.api.health.report import Status
from watchkeeper.api.health.schemas import SystemHealth

DOWN: dict[str, Any] = {"model": SystemHealth, "description": "The database is away: nothing can be answered."}

router = APIRouter(tags=["system"])


@router.get(
    "/api/system/health", summary="How Watchkeeper is doing", responses={200: {"model": SystemHealth}, 503: DOWN}
)
async def read_health(
    context: Annotated[Context, Depends(get_context)], caller: Annotated[Caller | None, public()]
) -> Response:
    """Answer the status of all, and to callers with the permission to read, of each part.

    200 for ok and degraded, 503 for down: a load balancer needs no more, and no login. Parts are looked at every 5
    seconds.
    """
    now_ms = context.clock.now_ms()
    status = context.board.status(now_ms)
    body: dict[str, Any] = {"status": status}
    if caller is not None and Permission.READ in caller.permissions:
        body = context.board.told(now_ms)
    code = 503 if status is Status.DOWN else 200
    return Response(msgspec.json.encode(body), code, {"Cache-Control": "no-store"}, "application/json")
