"""The routes of the inventory."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request

from watchkeeper.api.access import audit
from watchkeeper.api.access.audit import Change, origin_of
from watchkeeper.api.access.permissions import Caller, Permission, needs
from watchkeeper.api.context import Context, get_context
from watchkeeper.api.hosts import dictionary, inventory, schemas
from watchkeeper.common.clock import from_ms

router = APIRouter(tags=["hosts"])

InContext = Annotated[Context, Depends(get_context)]
HostIdInPath = Annotated[
    str, Path(min_length=1, max_length=255, pattern=r"^[^\x00]*$", description="The host's id.", examples=["web-1"])
]


@router.get("/api/hosts", summary="List hosts", dependencies=[needs(Permission.READ)])
async def list_hosts(context: InContext) -> schemas.Hosts:
    """Answer all hosts and applications with their states; expected ones that are silent come first.

    `counts` are of expected hosts only.
    """
    now_ms = context.clock.now_ms()
    async with context.require_store().connection() as connection:
        found = await inventory.hosts(connection, now_ms / 1000)
    return schemas.Hosts.model_validate({"time": from_ms(now_ms), "hosts": found, "counts": inventory.counts(found)})


@router.patch(
    "/api/hosts/{id:path}", summary="Change a host", dependencies=[needs(Permission.OPERATE)], responses={404: {}}
)
async def change_host(
    request: Request,
    id: HostIdInPath,  # noqa: A002 - the name that the address shows
    body: schemas.HostChange,
    context: InContext,
) -> schemas.Host:
    """Say whether a host is expected to report. One that is not expected is listed last and counted nowhere."""
    async with context.require_store().transaction() as connection:
        before = await inventory.expect(connection, id, expected=body.expected)
        if before != body.expected:
            change = Change("host.update", "host", id, {"expected": before}, {"expected": body.expected})
            await audit.record(connection, origin_of(request), change)
        (host,) = await inventory.hosts(connection, context.clock.now_ms() / 1000, id)
    return schemas.Host.model_validate(host)


@router.get("/api/series", summary="List series")
async def list_series(
    context: InContext,
    caller: Annotated[Caller, needs(Permission.READ)],
    query: Annotated[schemas.SeriesParameters, Query()],
) -> schemas.SeriesPage:
    """Answer the series of the dictionary by name, a page at a time."""
    after = None if query.cursor is None else dictionary.place_of(query.cursor)
    wanted = dictionary.Wanted(query.name, query.host, query.text)
    async with context.turns.of(caller.id), context.require_store().connection() as connection:
        found, more = await dictionary.page(connection, wanted, after, query.limit)
    following = None if more is None else dictionary.cursor_of(more)
    return schemas.SeriesPage.model_validate({"series": found, "next": following})
