"""Sessions: kept in the database, found by the hash of the cookie's token."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from watchkeeper.api.access.permissions import ROLE_PERMISSIONS, Caller, Role
from watchkeeper.api.access.secrets import digest, draw_token
from watchkeeper.common.store import Connection

SEEN_EVERY = timedelta(minutes=1)
USER_AGENT_MAX = 300

FIND = """
    SELECT s.session_id, s.seen_at, u.user_id, u.name, u.role, u.must_change_password
    FROM sessions s JOIN users u USING (user_id)
    WHERE s.token_hash = $1 AND s.expires_at > $2 AND s.seen_at > $3 AND NOT u.disabled
"""
SEEN = "UPDATE sessions SET seen_at = $2 WHERE session_id = $1"
BEGIN = """
    INSERT INTO sessions (token_hash, user_id, created_at, seen_at, expires_at, address, user_agent)
    VALUES ($1, $2, $3, $3, $4, $5, $6)
"""
END = "DELETE FROM sessions WHERE session_id = $1"
END_BY_TOKEN = "DELETE FROM sessions WHERE token_hash = $1"  # noqa: S105 - a statement
END_ALL = "DELETE FROM sessions WHERE user_id = $1"
END_OLD = "DELETE FROM sessions WHERE expires_at <= $1 OR seen_at <= $2"


@dataclass(frozen=True)
class Lifetime:
    """How long a session lasts: without a request, and in any case."""

    idle: timedelta
    absolute: timedelta


@dataclass(frozen=True)
class Client:
    """Where a session was begun."""

    address: str
    user_agent: str


async def find(
    connection: Connection, token_hash: bytes, now: datetime, idle: timedelta, *, note: bool = True
) -> Caller | None:
    """The user whose live session has that token, ``None`` if there is none; with ``note``, note that it was seen."""
    row = await connection.fetchrow(FIND, token_hash, now, now - idle)
    if row is None:
        return None
    if note and now - row["seen_at"] >= SEEN_EVERY:
        await connection.execute(SEEN, row["session_id"], now)
    role = Role(row["role"])
    return Caller(
        id=str(row["user_id"]),
        name=row["name"],
        kind="session",
        permissions=ROLE_PERMISSIONS[role],
        role=role,
        session_id=str(row["session_id"]),
        must_change_password=row["must_change_password"],
    )


async def begin(connection: Connection, user_id: UUID, client: Client, now: datetime, lifetime: Lifetime) -> str:
    """Begin a session of the user; answers its token, which is nowhere stored."""
    token = draw_token()
    await connection.execute(
        BEGIN,
        digest(token),
        user_id,
        now,
        now + lifetime.absolute,
        client.address,
        client.user_agent[:USER_AGENT_MAX].replace("\x00", ""),
    )
    return token


async def end(connection: Connection, session_id: str) -> None:
    """End one session."""
    await connection.execute(END, UUID(session_id))


async def end_by_token(connection: Connection, token: str) -> None:
    """End the session of ``token``, if there is one."""
    await connection.execute(END_BY_TOKEN, digest(token))


async def end_all(connection: Connection, user_id: UUID) -> None:
    """End every session of the user."""
    await connection.execute(END_ALL, user_id)


async def end_old(connection: Connection, now: datetime, idle: timedelta) -> None:
    """Remove the sessions that have expired; they let nobody in before that either."""
    await connection.execute(END_OLD, now, now - idle)
