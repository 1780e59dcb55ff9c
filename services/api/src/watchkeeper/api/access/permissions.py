"""Permissions, roles and scopes, and how a route declares which it needs.

Every route declares ``needs(Permission.X)`` or ``public()``; the application does not start with one that does not.
The guard (``watchkeeper.api.guard``) enforces the declaration before the request's body is read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from fastapi import Depends, Request

CALLER = "watchkeeper.caller"
"""Key of the ASGI scope under which the guard leaves the caller."""


class Permission(StrEnum):
    """What a route may ask for."""

    READ = "read"
    INGEST = "ingest"
    OPERATE = "operate"
    ADMIN = "admin"


class Role(StrEnum):
    """What a user is."""

    ADMIN = "admin"
    OPERATOR = "operator"
    VIEWER = "viewer"


class Scope(StrEnum):
    """What an API key is for."""

    ADMIN = "admin"
    READ = "read"
    INGEST = "ingest"


ROLE_PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.ADMIN: frozenset(Permission),
    Role.OPERATOR: frozenset({Permission.READ, Permission.OPERATE}),
    Role.VIEWER: frozenset({Permission.READ}),
}
SCOPE_PERMISSIONS: Mapping[Scope, frozenset[Permission]] = {
    Scope.ADMIN: frozenset(Permission),
    Scope.READ: frozenset({Permission.READ}),
    Scope.INGEST: frozenset({Permission.INGEST}),
}


@dataclass(frozen=True)
class Caller:
    """Who asks: a user in a session, or a key. ``id`` is the user's or the key's (a UUID's text)."""

    id: str
    name: str
    kind: Literal["session", "key"]
    permissions: frozenset[Permission]
    role: Role | None = None
    session_id: str | None = None
    must_change_password: bool = False


class Access:
    """A route's declaration; as a dependency it answers the caller that the guard has let in."""

    def __init__(self, permission: Permission | None = None, *, session: bool = False) -> None:
        """``session`` asks for a user's session, whatever its role; without it and a permission the route is public."""
        self.permission = permission
        self.session = session

    def __call__(self, request: Request) -> Caller | None:
        """The caller; ``None`` only on a public route without (usable) credentials."""
        caller: Caller | None = request.scope.get(CALLER)
        return caller


def needs(permission: Permission) -> Any:
    """Declare that a route needs ``permission``.

    Use as ``dependencies=[needs(Permission.READ)]``, or as ``caller: Annotated[Caller, needs(Permission.READ)]`` where
    the route wants to know who asks.
    """
    return Depends(Access(permission))


def needs_session() -> Any:
    """Declare that a route is for signed-in users of any role, not for keys."""
    return Depends(Access(session=True))


def public() -> Any:
    """Declare that a route answers everybody.

    As ``Annotated[Caller | None, public()]`` it tells who asks, where that is known.
    """
    return Depends(Access())
