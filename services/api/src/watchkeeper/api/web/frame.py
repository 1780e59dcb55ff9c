"""The frame around every request: its id, its client, its log line, its metrics, and the answer to any error."""

import re
import time
import uuid

import structlog
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watchkeeper.api.access.permissions import CALLER
from watchkeeper.api.instruments import THREATS, observe
from watchkeeper.api.problems import problem_of
from watchkeeper.api.settings import ApiSettings
from watchkeeper.api.web.client import client_address, is_trusted
from watchkeeper.api.web.headers import completed, security_headers
from watchkeeper.api.web.scope import REQUEST_ID, ROUTE
from watchkeeper.common.logging import get_logger

THREAT_OF_STATUS = {429: "rate_limit", 413: "body_size"}

_SANE_ID = re.compile(r"[A-Za-z0-9._-]{8,128}")

log = get_logger(__name__)


class Frame:
    """Outermost ASGI middleware; lets no exception out unless the answer has begun."""

    def __init__(self, app: ASGIApp, settings: ApiSettings) -> None:
        """Make the headers once."""
        self._app = app
        self._trusted = settings.trusted_proxies
        self._headers = {page: security_headers(page=page, secure=settings.secure_cookies) for page in (False, True)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self._note_client(scope)
        exchange = Exchange(scope, send, self._headers[not is_api(scope["path"])])
        with structlog.contextvars.bound_contextvars(request_id=exchange.request_id):
            try:
                await self._app(scope, receive, exchange.send)
            except ClientDisconnect:
                pass  # nobody is left to answer
            except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer and the log its line
                await exchange.fail(error, receive)
            finally:
                exchange.end()

    def _note_client(self, scope: Scope) -> None:
        """Put the client's own address and scheme into the scope, in place of the trusted proxy's."""
        peer, port = scope.get("client") or ("", 0)
        if not self._trusted or not is_trusted(peer, self._trusted):
            return
        headers = Headers(scope=scope)
        scope["client"] = (client_address(peer, headers.getlist("x-forwarded-for"), self._trusted), port)
        scheme = headers.get("x-forwarded-proto", "").rpartition(",")[2].strip().lower()
        if scheme in {"http", "https"}:
            scope["scheme"] = scheme


class Exchange:
    """One request and its answer, as far as it has gone."""

    def __init__(self, scope: Scope, send: Send, headers: list[tuple[bytes, bytes]]) -> None:
        """Give the request its id; ``headers`` go onto the answer unless it has its own of that name."""
        given = Headers(scope=scope).get("x-request-id", "")
        self.request_id = given if _SANE_ID.fullmatch(given) else uuid.uuid4().hex
        scope[REQUEST_ID] = self.request_id
        self._scope = scope
        self._send = send
        self._headers = [*headers, (b"x-request-id", self.request_id.encode())]
        self._began_s = time.perf_counter()
        self._answered_s = 0.0
        self._stream = False
        self._status = 0

    async def send(self, message: Message) -> None:
        """Send ``message``, with our headers on the first one."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            given = list(message.get("headers", ()))
            self._stream = any(n == b"content-type" and v.startswith(b"text/event-stream") for n, v in given)
            self._answered_s = time.perf_counter()
            message = {**message, "headers": completed(given, self._headers)}
        await self._send(message)
        if not self._stream:
            self._answered_s = time.perf_counter()

    async def fail(self, error: Exception, receive: Receive) -> None:
        """Answer with the problem of ``error``; if the answer has begun, end the connection by raising it."""
        problem = problem_of(error)
        if problem.status_code == 500:
            log.error("unexpected error", exc_info=error, path=self._scope["path"])
        if self._status:
            raise error
        await problem.response(self.request_id)(self._scope, receive, self.send)

    def end(self) -> None:
        """Write the log line and count the request."""
        scope = self._scope
        status = self._status or 499  # the client went before there was an answer
        duration_s = (self._answered_s or time.perf_counter()) - self._began_s
        if status in THREAT_OF_STATUS:
            THREATS.labels(THREAT_OF_STATUS[status]).inc()
        route = scope.get(ROUTE, "")
        observe(scope["method"], route, status, duration_s)
        caller = scope.get(CALLER)
        log.info(
            "request",
            method=scope["method"],
            path=scope["path"],
            route=route,
            status=status,
            duration_ms=round(duration_s * 1000, 2),
            client=(scope.get("client") or ("",))[0],
            caller=caller.name if caller else None,
        )


def is_api(path: str) -> bool:
    """Whether ``path`` belongs to the API; everything else is a page's."""
    return path == "/api" or path.startswith("/api/")
