"""Signing in and out, and one's own password."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from watchkeeper.api.access import audit, sessions, users
from watchkeeper.api.access.audit import Change, Origin, origin_of
from watchkeeper.api.access.authenticate import COOKIE
from watchkeeper.api.access.permissions import Caller, needs_session, public
from watchkeeper.api.access.schemas import PasswordChange, Session, SessionUser, SignIn
from watchkeeper.api.access.secrets import csrf_token
from watchkeeper.api.access.users import Account
from watchkeeper.api.context import Context, get_context
from watchkeeper.api.instruments import THREATS
from watchkeeper.api.problems import Problem, field_problem
from watchkeeper.common.clock import from_ms
from watchkeeper.common.store import Connection

router = APIRouter(prefix="/api/session", tags=["session"])

InContext = Annotated[Context, Depends(get_context)]
SignedIn = Annotated[Caller, needs_session()]


@router.post("", summary="Sign in", dependencies=[public()], responses={401: {}, 403: {}})
async def sign_in(request: Request, response: Response, body: SignIn, context: InContext) -> Session:
    """Begin a session: the cookie `wk_session` comes with the answer, and the token `csrf` that changes need.

    A wrong name and a wrong password get the same answer after the same time. Attempts are limited by address and by
    user name; one that succeeds does not count.
    """
    address = request.client.host if request.client else ""
    limits, now_s = context.limits, context.clock.monotonic_s()
    limits.guess(body.user, address, now_s)
    account = await _proven(context, body, origin_of(request))
    limits.guessed_right(body.user, address, now_s)
    rehashed = await _rehashed(context, account, body.password)
    async with context.require_access_store().transaction() as connection:
        token = await _begin(connection, context, request, account)
        await users.signed_in(connection, account.user_id, _now(context), rehashed)
        origin = Origin("user", str(account.user_id), account.name, address, origin_of(request).request_id)
        await audit.record(connection, origin, Change("session.begin", "user", str(account.user_id)))
    _set_cookie(response, context, token)
    return _session(str(account.user_id), account.name, account, token)


@router.get("", summary="Who is signed in")
async def show_session(request: Request, caller: SignedIn) -> Session:
    """Answer the session's user, and the token that its changes need; 401 where nobody is signed in."""
    return _session(caller.id, caller.name, caller, request.cookies[COOKIE])


@router.delete("", summary="Sign out", status_code=204)
async def sign_out(request: Request, response: Response, caller: SignedIn, context: InContext) -> None:
    """End the session; its cookie is worth nothing from now on."""
    async with context.require_access_store().transaction() as connection:
        await sessions.end(connection, caller.session_id or "")
        await audit.record(connection, origin_of(request), Change("session.end", "user", caller.id))
    response.delete_cookie(COOKIE, path="/", secure=context.settings.secure_cookies, httponly=True, samesite="strict")


@router.post("/password", summary="Change one's own password", status_code=204, responses={409: {}})
async def change_password(
    request: Request, response: Response, body: PasswordChange, caller: SignedIn, context: InContext
) -> None:
    """Set a new password. All the user's sessions end; this one goes on under a new cookie.

    The new session's CSRF token comes in the header `X-CSRF-Token` of the answer.
    """
    address, now_s = _client(request).address, context.clock.monotonic_s()
    context.limits.guess(caller.name, address, now_s)
    user_id = UUID(caller.id)
    async with context.require_access_store().connection() as connection:
        account = await users.account_by_id(connection, user_id)
    if account is None or account.disabled or not await context.passwords.check(body.current, account.password_hash):
        raise field_problem("current", "this is not your password")
    context.limits.guessed_right(caller.name, address, now_s)
    check_new_password("new", body.new, account.name)
    if body.new == body.current:
        raise field_problem("new", "this is your password already")
    password_hash = await context.passwords.hash(body.new)
    async with context.require_access_store().transaction() as connection:
        if not await users.is_as_it_was(connection, account):
            raise Problem(409, "This account was changed meanwhile, perhaps by an administrator. Sign in again.")
        await users.set_password(connection, user_id, password_hash)
        await sessions.end_all(connection, user_id)
        token = await sessions.begin(connection, user_id, _client(request), _now(context), _lifetime(context))
        await audit.record(connection, origin_of(request), Change("user.password", "user", caller.id))
    _set_cookie(response, context, token)
    response.headers["X-CSRF-Token"] = csrf_token(token)


def check_new_password(field: str, password: str, name: str) -> None:
    """Raise the 422 problem for a password that its user's name gives away; length is the schema's matter."""
    if name.lower() in password.lower() and len(name) > 3:
        raise field_problem(field, "it must not contain the user's name")


async def _proven(context: Context, body: SignIn, origin: Origin) -> Account:
    """The account that name and password belong to; raises the 401 problem, and writes the refusal down."""
    async with context.require_access_store().connection() as connection:
        account = await users.account(connection, body.user)
    known = account is not None and not account.disabled
    stored = account.password_hash if account is not None and known else None
    if await context.passwords.check(body.password, stored) and account is not None:
        return account
    THREATS.labels("sign_in").inc()
    # An unknown name is not written down: it may be a password, typed into the wrong field. Of those there is no end,
    # so only so many refusals are; all are counted.
    if account is not None or context.limits.unknown_names.taken("", context.clock.monotonic_s()):
        change = Change("session.refused", "user", str(account.user_id) if account else "")
        async with context.require_access_store().connection() as connection:
            await audit.record(connection, origin, change)
    raise Problem(401, "User name or password is wrong.")


async def _begin(connection: Connection, context: Context, request: Request, account: Account) -> str:
    """Begin a session in place of the one whose cookie the request has; the account must be as it was checked."""
    if not await users.is_as_it_was(connection, account):
        raise Problem(401, "User name or password is wrong.")
    before = request.cookies.get(COOKIE)
    if before is not None:
        await sessions.end_by_token(connection, before)
    return await sessions.begin(connection, account.user_id, _client(request), _now(context), _lifetime(context))


async def _rehashed(context: Context, account: Account, password: str) -> str | None:
    return await context.passwords.hash(password) if context.passwords.outdated(account.password_hash) else None


def _session(user_id: str, name: str, who: Account | Caller, token: str) -> Session:
    user = SessionUser.model_validate({"id": user_id, "name": name, "role": who.role})
    return Session(user=user, must_change_password=who.must_change_password, csrf=csrf_token(token))


def _set_cookie(response: Response, context: Context, token: str) -> None:
    response.set_cookie(
        COOKIE,
        token,
        max_age=context.settings.session_max_s,
        path="/",
        secure=context.settings.secure_cookies,
        httponly=True,
        samesite="strict",
    )


def _client(request: Request) -> sessions.Client:
    address = request.client.host if request.client else ""
    return sessions.Client(address, request.headers.get("user-agent", ""))


def _lifetime(context: Context) -> sessions.Lifetime:
    settings = context.settings
    return sessions.Lifetime(timedelta(seconds=settings.session_idle_s), timedelta(seconds=settings.session_max_s))


def _now(context: Context) -> datetime:
    return from_ms(context.clock.now_ms())
