"""Who sends a request: a session's cookie or a key, looked up in the database."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from starlette.requests import HTTPConnection

from watchkeeper.api.access import keys, sessions
from watchkeeper.api.access.permissions import Caller
from watchkeeper.api.access.secrets import digest, looks_like_key, looks_like_session
from watchkeeper.common.clock import Clock, from_ms
from watchkeeper.common.store import Store

COOKIE = "wk_session"
REMEMBERED_MAX = 10_000
REMEMBERED_S = 600.0


@dataclass(frozen=True)
class Credentials:
    """What a request shows: ``secret`` is the cookie's token or the key; ``hash`` is ``None`` if its shape is wrong."""

    kind: Literal["session", "key"]
    secret: str
    hash: bytes | None


def credentials_of(request: HTTPConnection) -> Credentials | None:
    """The key of ``Authorization``, else the session's cookie, else ``None``."""
    header = request.headers.get("authorization")
    if header is not None:
        scheme, _, key = header.partition(" ")
        good = scheme.lower() == "bearer" and looks_like_key(key.strip())
        return Credentials("key", key.strip(), digest(key.strip()) if good else None)
    token = request.cookies.get(COOKIE)
    if token is None:
        return None
    return Credentials("session", token, digest(token) if looks_like_session(token) else None)


async def look_up(
    store: Store, credentials: Credentials, clock: Clock, idle: timedelta, *, note: bool = True
) -> Caller | None:
    """The caller that ``credentials`` belong to; ``None`` if they are wrong, ended, expired or revoked.

    With ``note``, their use is written down, and a session's idle time begins anew.
    """
    if credentials.hash is None:
        return None
    now = from_ms(clock.now_ms())
    async with store.connection() as connection:
        if credentials.kind == "key":
            return await keys.find(connection, credentials.hash, now, note=note)
        return await sessions.find(connection, credentials.hash, now, idle, note=note)


class Remembered:
    """Callers let in of late, for the two cases where the database is not asked.

    It is away, and a public route (the health report) wants to know whom it may tell more; or their address has used
    up its wrong credentials, and they are not to be locked out with whoever used them up.
    """

    def __init__(self) -> None:
        """Remember nobody yet."""
        self._callers: OrderedDict[bytes, tuple[Caller, float]] = OrderedDict()

    def keep(self, credentials: Credentials, caller: Caller, now_s: float) -> None:
        """Remember that ``credentials`` let ``caller`` in."""
        if credentials.hash is None:
            return
        self._callers[credentials.hash] = (caller, now_s)
        self._callers.move_to_end(credentials.hash)
        if len(self._callers) > REMEMBERED_MAX:
            self._callers.popitem(last=False)

    def forget(self, credentials: Credentials) -> None:
        """Forget ``credentials``: they let nobody in any more."""
        if credentials.hash is not None:
            self._callers.pop(credentials.hash, None)

    def find(self, credentials: Credentials, now_s: float) -> Caller | None:
        """Who came in by ``credentials`` in the last ten minutes."""
        found = self._callers.get(credentials.hash or b"")
        if found is None or now_s - found[1] > REMEMBERED_S:
            return None
        return found[0]
