"""Users in the database."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from watchkeeper.api.access.permissions import Role
from watchkeeper.api.problems import Problem, field_problem
from watchkeeper.common.store import Connection

SHOWN = "user_id AS id, name, role, must_change_password, disabled, created_at, signed_in_at"
ALL = f"SELECT {SHOWN} FROM users WHERE $1::text IS NULL OR lower(name) > lower($1) ORDER BY lower(name) LIMIT $2"  # noqa: S608 - the columns are a constant
ONE = f"SELECT {SHOWN} FROM users WHERE user_id = $1 FOR UPDATE"  # noqa: S608 - the columns are a constant
BY_NAME = (
    "SELECT user_id, name, role, password_hash, must_change_password, disabled FROM users WHERE lower(name) = lower($1)"
)
BY_ID = "SELECT user_id, name, role, password_hash, must_change_password, disabled FROM users WHERE user_id = $1"
LOCKED = f"{BY_ID} FOR UPDATE"
ANY = "SELECT EXISTS (SELECT FROM users)"
ADD = f"""
    INSERT INTO users (name, role, password_hash, must_change_password) VALUES ($1, $2, $3, $4) RETURNING {SHOWN}
"""  # noqa: S608 - the columns are a constant
UPDATE = f"""
    UPDATE users SET name = $2, role = $3, disabled = $4, password_hash = coalesce($5, password_hash),
        must_change_password = must_change_password OR $5 IS NOT NULL
    WHERE user_id = $1 RETURNING {SHOWN}
"""  # noqa: S608 - the columns are a constant
REMOVE = "DELETE FROM users WHERE user_id = $1"
ADMINS = "SELECT user_id FROM users WHERE role = 'admin' AND NOT disabled ORDER BY user_id FOR UPDATE"
SET_PASSWORD = "UPDATE users SET password_hash = $2, must_change_password = false WHERE user_id = $1"  # noqa: S105 - a statement
SIGNED_IN = "UPDATE users SET signed_in_at = $2, password_hash = coalesce($3, password_hash) WHERE user_id = $1"
LOCK_FIRST = "LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE"


@dataclass(frozen=True)
class Account:
    """What signing in needs of a user."""

    user_id: UUID
    name: str
    role: Role
    password_hash: str
    must_change_password: bool
    disabled: bool


@dataclass(frozen=True)
class NewUser:
    """What a user is to be; ``password_hash`` is the password's Argon2id hash."""

    name: str
    role: Role
    password_hash: str
    must_change_password: bool


async def all_users(connection: Connection, after: str | None, limit: int) -> list[dict[str, Any]]:
    """At most ``limit`` users by name, those behind the name ``after`` only."""
    return [dict(row) for row in await connection.fetch(ALL, after, limit)]


async def account(connection: Connection, name: str) -> Account | None:
    """The user of that name, in whatever case; ``None`` if there is none."""
    row = await connection.fetchrow(BY_NAME, name)
    return None if row is None else _account(row)


async def account_by_id(connection: Connection, user_id: UUID) -> Account | None:
    """The user of that id; ``None`` if there is none."""
    row = await connection.fetchrow(BY_ID, user_id)
    return None if row is None else _account(row)


async def is_as_it_was(connection: Connection, account: Account) -> bool:
    """Whether the user is what ``account`` says, and so may go on; locked until the transaction's end if it is there.

    Ask before writing what was decided by an account read earlier: checking a password takes long enough for an
    administrator to set another one, or to disable or remove the user.
    """
    row = await connection.fetchrow(LOCKED, account.user_id)
    return row is not None and _account(row) == account


async def one(connection: Connection, user_id: UUID) -> dict[str, Any]:
    """What is shown of the user, locked until the transaction's end; raises the 404 problem."""
    row = await connection.fetchrow(ONE, user_id)
    if row is None:
        raise Problem(404, "There is no such user.")
    return dict(row)


async def add(connection: Connection, new: NewUser) -> dict[str, Any]:
    """Add a user; answers what is shown of it. Raises the 409 problem for a name that is taken."""
    try:
        row = await connection.fetchrow(ADD, new.name, new.role.value, new.password_hash, new.must_change_password)
    except asyncpg.UniqueViolationError as error:
        raise field_problem("name", "there is a user of this name", status=409) from error
    return dict(row or {})


async def update(
    connection: Connection, user_id: UUID, wanted: dict[str, Any], password_hash: str | None
) -> dict[str, Any]:
    """Set name, role and ``disabled`` as in ``wanted``, and the password if there is a hash; answers what is shown.

    Raises the 409 problem for a name that is taken.
    """
    try:
        row = await connection.fetchrow(
            UPDATE, user_id, wanted["name"], wanted["role"], wanted["disabled"], password_hash
        )
    except asyncpg.UniqueViolationError as error:
        raise field_problem("name", "there is a user of this name", status=409) from error
    return dict(row or {})


async def remove(connection: Connection, user_id: UUID) -> None:
    """Remove a user and its sessions; the audit log keeps its name."""
    await connection.execute(REMOVE, user_id)


async def lock_admins(connection: Connection) -> set[UUID]:
    """The administrators who can sign in, locked until the transaction's end, in the order of their ids."""
    return {row["user_id"] for row in await connection.fetch(ADMINS)}


def require_other_admin(admins: set[UUID], user_id: UUID) -> None:
    """Raise the 409 problem if the user is the only one of ``admins``."""
    if admins == {user_id}:
        raise Problem(409, "This is the last administrator who can sign in; make another one first.")


async def set_password(connection: Connection, user_id: UUID, password_hash: str) -> None:
    """Set the password that the user chose."""
    await connection.execute(SET_PASSWORD, user_id, password_hash)


async def signed_in(connection: Connection, user_id: UUID, now: Any, password_hash: str | None) -> None:
    """Note a sign-in, and the password's hash where it was made again with today's parameters."""
    await connection.execute(SIGNED_IN, user_id, now, password_hash)


async def first_comer(connection: Connection) -> bool:
    """Whether there is no user yet; until the transaction's end nobody else can add one."""
    await connection.execute(LOCK_FIRST)
    return not await connection.fetchval(ANY)


def _account(row: asyncpg.Record) -> Account:
    return Account(
        user_id=row["user_id"],
        name=row["name"],
        role=Role(row["role"]),
        password_hash=row["password_hash"],
        must_change_password=row["must_change_password"],
        disabled=row["disabled"],
    )
