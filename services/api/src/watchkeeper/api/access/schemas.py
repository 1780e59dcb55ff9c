"""Requests and answers of the access routes."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonValue

from watchkeeper.api.access.permissions import Role, Scope
from watchkeeper.api.fields import Moment, RequestModel, Text, Time

USER_ID = "0b9f7a52-6c57-4f2c-9d3e-1f6f2b8f4a11"
KEY_ID = "7d0a3a3e-55f5-4a0e-8a5b-0a4f5d1f9c22"

UserName = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$"),
    Field(description="Letters, digits and ._@+-, beginning with a letter or digit; case does not tell users apart."),
]
NewPassword = Annotated[
    str, StringConstraints(min_length=12, max_length=256), Field(description="At least 12 characters, of any kind.")
]
KeyName = Annotated[
    str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,100}$"), Field(description="What the key is for.")
]


class SignIn(RequestModel):
    """Who signs in."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"user": "admin", "password": "kx7rn-3m2pv-9sd4h-tq6wz"}]}
    )

    user: Text = Field(description="The user's name, in whatever case.")
    password: str = Field(min_length=1, max_length=256, description="The password.")


class SessionUser(BaseModel):
    """The user of a session."""

    id: UUID = Field(description="The user's id.")
    name: str = Field(description="The user's name.")
    role: Role = Field(description="What the user may do: a viewer reads, an operator acts, an admin does everything.")


class Session(BaseModel):
    """A session under way."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "user": {"id": USER_ID, "name": "admin", "role": "admin"},
                    "must_change_password": True,
                    "csrf": "pS3Zk0m9d6N5b1l2Yw0o4i8Xq7Vt3Jr6Hc5Gf2Ea1Us",
                }
            ]
        }
    )

    user: SessionUser
    must_change_password: bool = Field(description="The password is a one-time one; ask for another.")
    csrf: str = Field(description="Send it as X-CSRF-Token with every POST, PATCH, PUT and DELETE of this session.")


class PasswordChange(RequestModel):
    """A user's own new password."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"current": "kx7rn-3m2pv-9sd4h-tq6wz", "new": "correct horse battery staple"}]}
    )

    current: str = Field(min_length=1, max_length=256, description="The password until now.")
    new: NewPassword


_USER: dict[str, JsonValue] = {
    "id": USER_ID,
    "name": "grace",
    "role": "operator",
    "must_change_password": True,
    "disabled": False,
    "created_at": "2026-11-24T21:54:00.000Z",
    "signed_in_at": None,
}


class User(BaseModel):
    """A user as administrators see it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_USER]})

    id: UUID = Field(description="The user's id.")
    name: str = Field(description="The user's name.")
    role: Role = Field(description="What the user may do.")
    must_change_password: bool = Field(description="The password was set by somebody else.")
    disabled: bool = Field(description="A disabled user cannot sign in.")
    created_at: Time = Field(description="When it was added.")
    signed_in_at: Time | None = Field(description="When it last signed in; null for never.")


class Users(BaseModel):
    """A page of users, by name."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"users": [_USER], "next": None}]})

    users: list[User]
    next: str | None = Field(description="Send it as cursor for the next page; null on the last.")


class NewUser(RequestModel):
    """A user to add."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "grace", "role": "operator"}]})

    name: UserName
    role: Role = Field(description="What the user may do.")
    password: NewPassword | None = Field(
        None, description="A first password, to be changed after signing in; without it one is drawn and answered."
    )


class AddedUser(User):
    """A user just added."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**_USER, "password": "kx7rn-3m2pv-9sd4h-tq6wz"}]})

    password: str | None = Field(description="The drawn one-time password, shown only now; null where you gave one.")


class UserChange(RequestModel):
    """What is to change of a user; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"role": "viewer", "disabled": False}]})

    name: UserName | None = None
    role: Role | None = Field(None, description="What the user may do from now on.")
    disabled: bool | None = Field(None, description="True ends the user's sessions and lets it sign in no more.")
    password: NewPassword | None = Field(
        None, description="A new password, to be changed after signing in; ends the user's sessions."
    )


_KEY: dict[str, JsonValue] = {
    "id": KEY_ID,
    "name": "grafana",
    "scopes": ["read"],
    "hint": "wk_Qx4mT",
    "created_by": "admin",
    "created_at": "2026-11-24T21:54:00.000Z",
    "expires_at": "2027-11-24T00:00:00.000Z",
    "revoked_at": None,
    "used_at": None,
}


class ApiKey(BaseModel):
    """A key as administrators see it; the key itself is shown only once, when it is made."""

    model_config = ConfigDict(json_schema_extra={"examples": [_KEY]})

    id: UUID = Field(description="The key's id.")
    name: str = Field(description="What the key is for.")
    scopes: list[Scope] = Field(description="What the key may do.")
    hint: str = Field(description="Its first characters, to know it again.")
    created_by: str = Field(description="Who made it.")
    created_at: Time = Field(description="When it was made.")
    expires_at: Time | None = Field(description="When it ends by itself; null for never.")
    revoked_at: Time | None = Field(description="When it was revoked; null while it is good.")
    used_at: Time | None = Field(description="When it was last used, to the minute; null for never.")


class ApiKeys(BaseModel):
    """A page of keys, oldest first, revoked ones too."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"keys": [_KEY], "next": None}]})

    keys: list[ApiKey]
    next: UUID | None = Field(description="Send it as cursor for the next page; null on the last.")


class NewApiKey(RequestModel):
    """A key to make."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "grafana", "scopes": ["read"], "expires_at": "2027-11-24T00:00:00Z"}]}
    )

    name: KeyName
    scopes: list[Scope] = Field(
        min_length=1, max_length=3, description="ingest pushes metrics, read reads, admin does everything."
    )
    expires_at: Moment | None = Field(None, description="When it is to end by itself; never, if left out.")


class AddedApiKey(ApiKey):
    """A key just made."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{**_KEY, "key": "wk_Qx4mTt1yV2nKs8Zb0cLr5dHf7gJw3eUa9pXo6iYq4Mk"}]}
    )

    key: str = Field(description="The key, shown only now. Send it as Authorization: Bearer.")


_ENTRY: dict[str, JsonValue] = {
    "id": 4711,
    "at": "2026-11-24T21:54:00.000Z",
    "actor_kind": "user",
    "actor_id": USER_ID,
    "actor_name": "admin",
    "action": "user.update",
    "object_kind": "user",
    "object_id": USER_ID,
    "before": {"role": "operator"},
    "after": {"role": "viewer"},
    "address": "192.0.2.7",
    "request_id": "6f1c2a4be0d94c6c8d1f0a9b7e3d5c21",
}


class AuditEntry(BaseModel):
    """One entry of the audit log."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ENTRY]})

    id: int = Field(description="Entries are numbered upwards.")
    at: Time = Field(description="When.")
    actor_kind: Literal["user", "key", "system", "anonymous"] = Field(description="What kind of actor did it.")
    actor_id: str = Field(description="The user's or key's id; empty for the system and strangers.")
    actor_name: str = Field(description="Its name at that time.")
    action: str = Field(description="What was done, as object.verb: user.update, session.refused…")
    object_kind: str = Field(description="What kind of object it was done to.")
    object_id: str = Field(description="The object's id.")
    before: dict[str, Any] | None = Field(description="What the change replaced; null where there was nothing.")
    after: dict[str, Any] | None = Field(description="What stands there now; null where nothing does.")
    address: str = Field(description="The address that it came from.")
    request_id: str = Field(description="The request's id, as in the logs.")


class AuditEntries(BaseModel):
    """A page of the audit log, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"entries": [_ENTRY], "next": 4711}]})

    entries: list[AuditEntry]
    next: int | None = Field(description="Send it as cursor for the next page; null on the last.")
