"""The guard: finds the route, who asks, and whether they may, before anything of the body is read. Deny by default."""

import asyncio
from datetime import timedelta

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from watchkeeper.api.access.authenticate import Credentials, credentials_of, look_up
from watchkeeper.api.access.permissions import CALLER, Caller
from watchkeeper.api.access.secrets import csrf_fits
from watchkeeper.api.context import Context, get_context
from watchkeeper.api.instruments import THREATS
from watchkeeper.api.problems import Problem, problem_of
from watchkeeper.api.web.body_limit import check_length, limited
from watchkeeper.api.web.client import prefix_of
from watchkeeper.api.web.origin import SAFE_METHODS, is_foreign
from watchkeeper.api.web.rules import RouteTable, Rule
from watchkeeper.api.web.scope import ROUTE, RULE

PUBLIC_LOOK_UP_S = 1.0
"""A route that needs no login waits so long for a database that may be frozen; others wait for its own time-outs."""


class Guard:
    """ASGI middleware in front of the routes; raises ``Problem`` for whatever is not let through."""

    def __init__(self, app: ASGIApp, table: RouteTable, context: Context) -> None:
        """``table`` is that of ``app``'s routes."""
        self._app = app
        self._table = table
        self._context = context
        self._idle = timedelta(seconds=context.settings.session_idle_s)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through to its route, or raise why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        rule = self._table.find(scope["method"], scope["path"])
        scope[ROUTE], scope[RULE] = rule.template, rule
        request = HTTPConnection(scope)
        caller, credentials = await self._caller(request, rule)
        check_allowed(rule, caller)
        if scope["method"] not in SAFE_METHODS:
            check_not_forged(request, rule, credentials)
            check_content(request, rule)
        scope[CALLER] = caller
        await self._app(scope, limited(receive, rule.body_bytes_max, rule.body_timeout_s), send)

    async def _caller(self, request: HTTPConnection, rule: Rule) -> tuple[Caller | None, Credentials | None]:
        """Who asks, with a token of their rate limit taken."""
        credentials = credentials_of(request)
        caller = None if credentials is None else await self._identify(request, credentials, rule)
        now_s = self._context.clock.monotonic_s()
        if caller is None:
            self._context.limits.strangers.spend(_address(request), now_s)
            return None, credentials
        self._context.limits.callers.spend(caller.id, now_s)
        if caller.kind == "session":
            self._context.active_users.saw(caller.id, now_s)
        return caller, credentials

    async def _identify(self, request: HTTPConnection, credentials: Credentials, rule: Rule) -> Caller | None:
        """Look the credentials up; wrong ones are ``None`` and cost their address a token of ``failures``."""
        context, address = self._context, _address(request)
        now_s = context.clock.monotonic_s()
        remembered = context.remembered.find(credentials, now_s)
        if remembered is None:  # whoever floods with false credentials is refused before the database is asked
            context.limits.strangers.check(address, now_s)
            if credentials.kind == "key":
                context.limits.failures.check(address, now_s)
        try:
            caller = await self._look_up(credentials, rule)
        except Exception as error:
            if rule.public and problem_of(error).status_code == 503:
                return remembered
            raise
        if caller is not None:
            context.remembered.keep(credentials, caller, now_s)
            return caller
        context.remembered.forget(credentials)
        if credentials.kind == "key":
            THREATS.labels("credentials").inc()
            context.limits.failures.take(address, now_s)
        return None

    async def _look_up(self, credentials: Credentials, rule: Rule) -> Caller | None:
        """Ask the database; raises ``TimeoutError`` where a public route has waited long enough.

        The look-up itself then goes on to its own time-outs: a connection that is cancelled in the middle of a
        statement would have to wait for the same database.
        """
        context = self._context
        looking = look_up(context.require_access_store(), credentials, context.clock, self._idle)
        if not rule.public:
            return await looking
        asking = asyncio.ensure_future(looking)
        asking.add_done_callback(_read)
        done, _ = await asyncio.wait({asking}, timeout=PUBLIC_LOOK_UP_S)
        if not done:
            raise TimeoutError(f"the database did not say within {PUBLIC_LOOK_UP_S:g} s whose credentials these are")
        return asking.result()


async def still_allowed(request: HTTPConnection) -> bool:
    """Whether the guard would let ``request`` in again: for an answer without end, to be asked every 15 to 60 seconds.

    False once its session has ended or expired, its user is disabled, removed or has lost the permission, or its key
    is revoked or expired. Asking is no use of the session: an open stream alone does not keep it from ending. While
    the database is away, nobody can be shut out and nothing is known, so the answer is true.
    """
    context, rule, credentials = get_context(request), request.scope[RULE], credentials_of(request)
    if credentials is None:
        return bool(rule.public)
    idle = timedelta(seconds=context.settings.session_idle_s)
    try:
        caller = await look_up(context.require_access_store(), credentials, context.clock, idle, note=False)
    except Exception as error:
        if problem_of(error).status_code == 503:
            return True
        raise
    return bool(rule.public) or (caller is not None and rule.permissions <= caller.permissions)


def check_allowed(rule: Rule, caller: Caller | None) -> None:
    """Raise the 401 problem for a stranger, the 403 problem for a caller without the permission."""
    if rule.public:
        return
    if caller is None:
        raise Problem(
            401,
            "Sign in, or send a valid API key as Authorization: Bearer wk_….",
            headers={"WWW-Authenticate": 'Bearer realm="watchkeeper"'},
        )
    if rule.session and caller.kind != "session":
        raise Problem(403, "This is for signed-in users; an API key has no session.")
    missing = rule.permissions - caller.permissions
    if missing:
        raise Problem(
            403, f"This needs the permission {', '.join(sorted(missing))}, which {caller.name} does not have."
        )


def check_not_forged(request: HTTPConnection, rule: Rule, credentials: Credentials | None) -> None:
    """Raise the 403 problem for a change that another site's page may have sent in a user's name."""
    if credentials is not None and credentials.kind == "key":
        return  # a page of another site cannot send this header
    headers = request.headers
    if is_foreign(headers.get("sec-fetch-site"), headers.get("origin"), headers.get("host")):
        THREATS.labels("origin").inc()
        raise Problem(403, "This change was sent by a page of another site.")
    if rule.public or credentials is None:
        return
    if not csrf_fits(credentials.secret, headers.get("x-csrf-token", "")):
        THREATS.labels("csrf").inc()
        raise Problem(403, "The header X-CSRF-Token is missing or does not fit the session; GET /api/session tells it.")


def check_content(request: HTTPConnection, rule: Rule) -> None:
    """Raise the 413 problem for an announced length over the limit, the 415 problem for a body that is not JSON."""
    headers = request.headers
    check_length(headers.get("content-length"), rule.body_bytes_max)
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if rule.json_body and media_type != "application/json":
        raise Problem(415, "Send the body as JSON, with Content-Type: application/json.")


def _read(asking: "asyncio.Future[Caller | None]") -> None:
    """Nobody waits for the answer any more; an error that nobody read would be logged as forgotten."""
    if not asking.cancelled():
        asking.exception()


def _address(request: HTTPConnection) -> str:
    return prefix_of(request.client.host) if request.client else ""
