"""Every route for every kind of caller. A route without a row here fails, and so does a row without a route."""

import re
from typing import Any, Literal

import pytest

from watchkeeper.api.offline import offline_app

pytestmark = pytest.mark.store

Need = Literal["public", "session", "read", "ingest", "operate", "admin"]

ROWS: dict[tuple[str, str], Need] = {
    ("GET", "/api/openapi.json"): "public",
    ("POST", "/api/session"): "public",
    ("GET", "/api/session"): "session",
    ("DELETE", "/api/session"): "session",
    ("POST", "/api/session/password"): "session",
    ("GET", "/api/users"): "admin",
    ("POST", "/api/users"): "admin",
    ("PATCH", "/api/users/{user_id}"): "admin",
    ("DELETE", "/api/users/{user_id}"): "admin",
    ("GET", "/api/keys"): "admin",
    ("POST", "/api/keys"): "admin",
    ("DELETE", "/api/keys/{key_id}"): "admin",
    ("GET", "/api/audit"): "admin",
    ("GET", "/api/metrics/current"): "read",
    ("GET", "/api/metrics/history/{type}"): "read",
    ("GET", "/api/metrics/summary"): "read",
    ("POST", "/api/metrics"): "ingest",
    ("GET", "/api/hosts"): "read",
    ("PATCH", "/api/hosts/{id}"): "operate",
    ("GET", "/api/series"): "read",
    ("GET", "/api/live"): "read",
    ("GET", "/api/system/health"): "public",
    ("GET", "/api/export/metrics.csv"): "read",
    ("GET", "/api/export/metrics.json"): "read",
}
SESSIONS = ("viewer", "operator", "admin")
MAY: dict[Need, set[str]] = {
    "public": {"anonymous", *SESSIONS, "read_key", "ingest_key", "admin_key"},
    "session": {*SESSIONS},
    "read": {*SESSIONS, "read_key", "admin_key"},
    "ingest": {"admin", "ingest_key", "admin_key"},
    "operate": {"operator", "admin", "admin_key"},
    "admin": {"admin", "admin_key"},
}
CALLERS = ("anonymous", *SESSIONS, "read_key", "ingest_key", "admin_key")
NOBODY = "00000000-0000-4000-8000-000000000000"
ROUTES = sorted((method, rule.template) for rule in offline_app().table.rules for method in rule.methods)


async def secret_of(api: Any, caller: str) -> str:
    """The caller's key, or the token of a new session: some routes end the one that they are called in."""
    if caller in SESSIONS:
        return str(await api.begin_session(caller))
    return str(api.secrets.get(caller, ""))


def test_each_route_has_a_row_and_each_row_a_route() -> None:
    """Whoever adds a route says here who may use it."""
    assert sorted(ROWS) == ROUTES


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize(("method", "template"), ROUTES)
async def test_a_route_lets_in_whom_its_row_names(shared_api: Any, method: str, template: str, caller: str) -> None:
    """Strangers get 401, callers without the permission 403; all others get past the guard, to whatever answer."""
    path = re.sub(r"\{[^}]+\}", NOBODY, template)
    body: dict[str, Any] = {"json": {}} if method in {"POST", "PATCH", "PUT"} else {}
    async with (
        shared_api.client(await secret_of(shared_api, caller)) as client,
        client.stream(method, path, **body) as answer,
    ):
        status = answer.status_code
    need = ROWS[method, template]
    if caller in MAY[need]:
        assert status not in {401, 403}
    elif caller == "anonymous":
        assert status == 401
    else:
        assert status == 403
