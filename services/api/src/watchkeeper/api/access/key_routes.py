"""API keys, for administrators."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from watchkeeper.api.access import audit, keys
from watchkeeper.api.access.audit import Change, origin_of
from watchkeeper.api.access.permissions import Caller, Permission, needs
from watchkeeper.api.access.schemas import KEY_ID, AddedApiKey, ApiKey, ApiKeys, NewApiKey
from watchkeeper.api.access.secrets import draw_key
from watchkeeper.api.context import Context, get_context
from watchkeeper.api.problems import Problem, field_problem
from watchkeeper.common.clock import from_ms

router = APIRouter(prefix="/api/keys", tags=["keys"])

InContext = Annotated[Context, Depends(get_context)]
Administrator = Annotated[Caller, needs(Permission.ADMIN)]


@router.get("", summary="List API keys", dependencies=[needs(Permission.ADMIN)])
async def list_keys(
    context: InContext,
    limit: Annotated[int, Query(ge=1, le=1000, description="Keys on a page at most.")] = 100,
    cursor: Annotated[UUID | None, Query(description="`next` of the page before.", examples=[KEY_ID])] = None,
) -> ApiKeys:
    """Answer the keys, oldest first, revoked ones too, without what they open."""
    async with context.require_store().connection() as connection:
        found = await keys.all_keys(connection, cursor, limit + 1)
    page = [ApiKey.model_validate(row) for row in found[:limit]]
    return ApiKeys(keys=page, next=page[-1].id if len(found) > limit else None)


@router.post("", summary="Make an API key", status_code=201)
async def add_key(
    request: Request, response: Response, body: NewApiKey, caller: Administrator, context: InContext
) -> AddedApiKey:
    """Make a key. The answer shows it, and nothing ever will again: only its hash is kept."""
    now = from_ms(context.clock.now_ms())
    if body.expires_at is not None and body.expires_at <= now:
        raise field_problem("expires_at", "this is past")
    key = draw_key()
    new = keys.NewKey(body.name, body.scopes, caller.name, body.expires_at)
    async with context.require_store().transaction() as connection:
        added = await keys.add(connection, new, key, now)
        after = {name: added[name] for name in ("name", "scopes", "hint", "expires_at")}
        await audit.record(connection, origin_of(request), Change("key.add", "key", str(added["id"]), None, after))
    response.headers["Location"] = f"/api/keys/{added['id']}"
    return AddedApiKey.model_validate(added | {"key": key.text})


@router.delete(
    "/{key_id}",
    summary="Revoke an API key",
    status_code=204,
    dependencies=[needs(Permission.ADMIN)],
    responses={404: {}},
)
async def revoke_key(
    request: Request,
    key_id: Annotated[UUID, Path(description="The key's id.", examples=[KEY_ID])],
    context: InContext,
) -> None:
    """Revoke a key: from the next request on it opens nothing. It stays in the list."""
    async with context.require_store().transaction() as connection:
        before = await keys.revoke(connection, key_id, from_ms(context.clock.now_ms()))
        if before is None:
            raise Problem(404, "There is no such key, or it is revoked already.")
        await audit.record(connection, origin_of(request), Change("key.revoke", "key", str(key_id), before, None))
