"""API keys: found by their hash, shown once, revoked but never removed."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from watchkeeper.api.access.permissions import SCOPE_PERMISSIONS, Caller, Scope
from watchkeeper.api.access.secrets import Key
from watchkeeper.common.store import Connection

USED_EVERY = timedelta(minutes=1)

FIND = """
    SELECT key_id, name, scopes, used_at FROM api_keys
    WHERE key_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)
"""
USED = "UPDATE api_keys SET used_at = $2 WHERE key_id = $1"
SHOWN = "key_id AS id, name, scopes, hint, created_by, created_at, expires_at, revoked_at, used_at"
ALL = f"""
    SELECT {SHOWN} FROM api_keys
    WHERE $1::uuid IS NULL
       OR (created_at, key_id) > (SELECT created_at, key_id FROM api_keys WHERE key_id = $1)
    ORDER BY created_at, key_id LIMIT $2
"""  # noqa: S608 - the columns are a constant
ADD = f"""
    INSERT INTO api_keys (name, scopes, key_hash, hint, created_by, created_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING {SHOWN}
"""  # noqa: S608 - the columns are a constant
REVOKE = """
    UPDATE api_keys SET revoked_at = $2 WHERE key_id = $1 AND revoked_at IS NULL
    RETURNING name, scopes, hint
"""


@dataclass(frozen=True)
class NewKey:
    """What a key is to be."""

    name: str
    scopes: Collection[Scope]
    created_by: str
    expires_at: datetime | None = None


async def find(connection: Connection, key_hash: bytes, now: datetime, *, note: bool = True) -> Caller | None:
    """The live key with that hash, ``None`` if there is none; with ``note``, note its use (to the minute)."""
    row = await connection.fetchrow(FIND, key_hash, now)
    if row is None:
        return None
    if note and (row["used_at"] is None or now - row["used_at"] >= USED_EVERY):
        await connection.execute(USED, row["key_id"], now)
    permissions = frozenset[Any]().union(*(SCOPE_PERMISSIONS[Scope(scope)] for scope in row["scopes"]))
    return Caller(id=str(row["key_id"]), name=row["name"], kind="key", permissions=permissions)


async def all_keys(connection: Connection, after: UUID | None, limit: int) -> list[dict[str, Any]]:
    """At most ``limit`` keys, oldest first, revoked ones too; those behind the key ``after`` only."""
    return [dict(row) for row in await connection.fetch(ALL, after, limit)]


async def add(connection: Connection, new: NewKey, key: Key, now: datetime) -> dict[str, Any]:
    """Store ``key``; answers what is shown of it."""
    row = await connection.fetchrow(
        ADD,
        new.name,
        sorted({scope.value for scope in new.scopes}),
        key.hash,
        key.hint,
        new.created_by,
        now,
        new.expires_at,
    )
    return dict(row or {})


async def revoke(connection: Connection, key_id: UUID, now: datetime) -> dict[str, Any] | None:
    """Revoke a key; answers its name, scopes and hint, or ``None`` if there is no such live key."""
    row = await connection.fetchrow(REVOKE, key_id, now)
    return None if row is None else dict(row)
