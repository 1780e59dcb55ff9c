"""The audit log: every change, by whom, from where, before and after, in the transaction of the change itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from starlette.requests import HTTPConnection

from watchkeeper.api.access.permissions import CALLER, Caller
from watchkeeper.api.web.scope import REQUEST_ID
from watchkeeper.common.store import Connection

ActorKind = Literal["user", "key", "system", "anonymous"]

RECORD = """
    INSERT INTO audit_log
        (actor_kind, actor_id, actor_name, action, object_kind, object_id, before, after, address, request_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
FORGET = """
    DELETE FROM audit_log WHERE audit_id IN (SELECT audit_id FROM audit_log WHERE at < $1 ORDER BY at LIMIT $2)
"""
FORGET_AT_ONCE = 5_000
"""Entries that one statement removes, so that it stays short."""
ENTRIES = """
    SELECT audit_id, at, actor_kind, actor_id, actor_name, action, object_kind, object_id, before, after,
           address, request_id
    FROM audit_log
    WHERE ($1::bigint IS NULL OR audit_id < $1)
      AND ($2::text IS NULL OR actor_id = $2 OR actor_name = $2)
      AND ($3::text IS NULL OR action = $3)
      AND ($4::text IS NULL OR object_kind = $4)
      AND ($5::text IS NULL OR object_id = $5)
      AND ($6::timestamptz IS NULL OR at >= $6)
      AND ($7::timestamptz IS NULL OR at < $7)
    ORDER BY audit_id DESC
    LIMIT $8
"""


@dataclass(frozen=True)
class Origin:
    """Who did it, and from where."""

    actor_kind: ActorKind
    actor_id: str = ""
    actor_name: str = ""
    address: str = ""
    request_id: str = ""


SYSTEM = Origin("system", actor_name="watchkeeper")
"""Watchkeeper itself, for what no person asked for."""


@dataclass(frozen=True)
class Change:
    """What was done: ``action`` (``user.update``) to an object. ``before`` and ``after`` hold no secrets."""

    action: str
    object_kind: str
    object_id: str = ""
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Filters:
    """Which entries are asked for; ``None`` asks for all."""

    below: int | None = None
    actor: str | None = None
    action: str | None = None
    object_kind: str | None = None
    object_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def origin_of(request: HTTPConnection, caller: Caller | None = None) -> Origin:
    """Who sent ``request``: ``caller``, else whom the guard let in, else nobody known."""
    caller = caller or request.scope.get(CALLER)
    address = request.client.host if request.client else ""
    request_id = str(request.scope.get(REQUEST_ID, ""))
    if caller is None:
        return Origin("anonymous", address=address, request_id=request_id)
    kind: ActorKind = "key" if caller.kind == "key" else "user"
    return Origin(kind, caller.id, caller.name, address, request_id)


async def record(connection: Connection, origin: Origin, change: Change) -> None:
    """Write one entry; call it inside the transaction of the change."""
    await connection.execute(
        RECORD,
        origin.actor_kind,
        origin.actor_id,
        origin.actor_name,
        change.action,
        change.object_kind,
        change.object_id,
        None if change.before is None else dict(change.before),
        None if change.after is None else dict(change.after),
        origin.address,
        origin.request_id,
    )


async def forget(connection: Connection, before: datetime) -> None:
    """Remove the entries from before that time, some thousands in a statement."""
    while await connection.execute(FORGET, before, FORGET_AT_ONCE) == f"DELETE {FORGET_AT_ONCE}":
        pass


async def entries(connection: Connection, filters: Filters, limit: int) -> list[dict[str, Any]]:
    """At most ``limit`` entries, newest first, those below ``filters.below`` only."""
    rows = await connection.fetch(
        ENTRIES,
        filters.below,
        filters.actor,
        filters.action,
        filters.object_kind,
        filters.object_id,
        filters.since,
        filters.until,
        limit,
    )
    return [dict(row) for row in rows]
