"""Users, for administrators."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from watchkeeper.api.access import audit, sessions, users
from watchkeeper.api.access.audit import Change, origin_of
from watchkeeper.api.access.permissions import Permission, Role, needs
from watchkeeper.api.access.schemas import USER_ID, AddedUser, NewUser, User, UserChange, Users
from watchkeeper.api.access.secrets import draw_password
from watchkeeper.api.access.session_routes import check_new_password
from watchkeeper.api.context import Context, get_context
from watchkeeper.api.fields import Text
from watchkeeper.common.store import Connection, Store

router = APIRouter(prefix="/api/users", tags=["users"], dependencies=[needs(Permission.ADMIN)])

AUDITED = ("name", "role", "disabled", "must_change_password")

InContext = Annotated[Context, Depends(get_context)]
UserId = Annotated[UUID, Path(description="The user's id.", examples=[USER_ID])]


@router.get("", summary="List users")
async def list_users(
    context: InContext,
    limit: Annotated[int, Query(ge=1, le=1000, description="Users on a page at most.")] = 100,
    cursor: Annotated[Text | None, Query(description="`next` of the page before.", examples=["grace"])] = None,
) -> Users:
    """Answer the users by name, a page at a time."""
    async with context.require_store().connection() as connection:
        found = await users.all_users(connection, cursor, limit + 1)
    page = [User.model_validate(row) for row in found[:limit]]
    return Users(users=page, next=page[-1].name if len(found) > limit else None)


@router.post("", summary="Add a user", status_code=201, responses={409: {}})
async def add_user(request: Request, response: Response, body: NewUser, context: InContext) -> AddedUser:
    """Add a user with a first password, given or drawn; the user is asked to change it after signing in."""
    if body.password is not None:
        check_new_password("password", body.password, body.name)
    drawn = draw_password() if body.password is None else None
    password_hash = await context.passwords.hash(body.password or drawn or "")
    new = users.NewUser(body.name, body.role, password_hash, must_change_password=True)
    async with context.require_store().transaction() as connection:
        added = await users.add(connection, new)
        change = Change("user.add", "user", str(added["id"]), None, _audited(added))
        await audit.record(connection, origin_of(request), change)
    response.headers["Location"] = f"/api/users/{added['id']}"
    return AddedUser.model_validate(added | {"password": drawn})


@router.patch("/{user_id}", summary="Change a user", responses={404: {}, 409: {}})
async def change_user(request: Request, user_id: UserId, body: UserChange, context: InContext) -> User:
    """Change a user's name, role, password, or whether it may sign in.

    A new role counts from the next request on. The last administrator who can sign in stays one.
    """
    wanted = {name: value for name, value in body.model_dump(exclude={"password"}).items() if value is not None}
    password_hash = await _hash(context, user_id, body)
    async with context.require_store().transaction() as connection:
        before = await _locked(connection, user_id, wanted)
        after = await users.update(connection, user_id, before | wanted, password_hash)
        if after["disabled"] or password_hash is not None:
            await sessions.end_all(connection, user_id)
        change = change_of(before, after, password_hash)
        if change is not None:
            await audit.record(connection, origin_of(request), change)
    return User.model_validate(after)


@router.delete("/{user_id}", summary="Remove a user", status_code=204, responses={404: {}, 409: {}})
async def remove_user(request: Request, user_id: UserId, context: InContext) -> None:
    """Remove a user and end its sessions; its API keys stay. The last administrator cannot be removed."""
    async with context.require_store().transaction() as connection:
        before = await _locked(connection, user_id, {"disabled": True})
        await users.remove(connection, user_id)
        change = Change("user.remove", "user", str(user_id), _audited(before), None)
        await audit.record(connection, origin_of(request), change)


def change_of(before: dict[str, Any], after: dict[str, Any], password_hash: str | None) -> Change | None:
    """What to write down: the fields that differ, and that there is a new password; ``None`` for nothing."""
    changed = [name for name in AUDITED if before[name] != after[name]]
    was = {name: before[name] for name in changed}
    now: dict[str, Any] = {name: after[name] for name in changed}
    if password_hash is not None:
        now["password"] = "set"  # noqa: S105 - says that there is a new one
    return Change("user.update", "user", str(after["id"]), was, now) if now else None


async def _locked(connection: Connection, user_id: UUID, wanted: dict[str, Any]) -> dict[str, Any]:
    """The user as it is, locked; if ``wanted`` takes an administrator away, there must be another one.

    All administrators are locked before the user, in one order, so that two such changes wait instead of deadlocking.
    """
    if wanted.get("disabled") or wanted.get("role", Role.ADMIN) != Role.ADMIN:
        admins = await users.lock_admins(connection)
        before = await users.one(connection, user_id)
        users.require_other_admin(admins, user_id)
        return before
    return await users.one(connection, user_id)


async def _hash(context: Context, user_id: UUID, body: UserChange) -> str | None:
    if body.password is None:
        return None
    name = body.name or await _name(context.require_store(), user_id)
    check_new_password("password", body.password, name)
    return await context.passwords.hash(body.password)


async def _name(store: Store, user_id: UUID) -> str:
    async with store.connection() as connection:
        account = await users.account_by_id(connection, user_id)
    return account.name if account else ""


def _audited(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in AUDITED}
