"""API keys."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY

from watchkeeper.api.access.secrets import digest

pytestmark = pytest.mark.store


async def made(api: Any, **body: object) -> dict[str, Any]:
    """A key made by the administrator."""
    answer = await api.admin.post("/api/keys", json={"name": "grafana", "scopes": ["admin"], **body})
    assert answer.status_code == 201, answer.text
    key: dict[str, Any] = answer.json()
    return key


async def works(api: Any, key: str) -> bool:
    """Whether the key opens the list of users."""
    async with api.client(key) as client:
        answer = await client.get("/api/users")
    assert answer.status_code in {200, 401}
    return bool(answer.status_code == 200)


async def test_a_key_is_shown_once_works_and_is_revoked(api: Any) -> None:
    """Its whole life; the list and the audit log know only its hint."""
    key = await made(api)
    assert key["key"].startswith("wk_")
    assert key["key"].startswith(key["hint"])
    assert await works(api, key["key"])
    listed = await api.admin.get("/api/keys")
    assert key["key"] not in listed.text
    (found,) = [one for one in listed.json()["keys"] if one["id"] == key["id"]]
    assert found["used_at"] is not None
    assert found["created_by"] == "admin"
    assert (await api.admin.delete(f"/api/keys/{key['id']}")).status_code == 204
    assert not await works(api, key["key"])
    assert (await api.admin.delete(f"/api/keys/{key['id']}")).status_code == 404
    audit = await api.admin.get("/api/audit", params={"object_kind": "key"})
    assert [entry["action"] for entry in audit.json()["entries"]] == ["key.revoke", "key.add"]
    assert key["key"] not in audit.text


async def test_the_database_holds_only_the_hash(api: Any) -> None:
    """A stolen copy opens nothing."""
    key = (await made(api))["key"]
    async with api.store.connection() as connection:
        rows = await connection.fetch("SELECT key_hash, row_to_json(api_keys)::text AS whole FROM api_keys")
    assert digest(key) in [row["key_hash"] for row in rows]
    assert not any(key in row["whole"] for row in rows)


async def test_a_key_expires(api: Any) -> None:
    """At its time, by itself."""
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    key = await made(api, expires_at=soon)
    assert await works(api, key["key"])
    async with api.store.connection() as connection:
        await connection.execute("UPDATE api_keys SET expires_at = now() WHERE key_hash = $1", digest(key["key"]))
    assert not await works(api, key["key"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at", id="past"),
        pytest.param({"expires_at": "2030-01-01T00:00:00"}, "expires_at", id="without a zone"),
        pytest.param({"expires_at": 1893456000}, "expires_at", id="a number"),
        pytest.param({"scopes": []}, "scopes", id="no scope"),
        pytest.param({"scopes": ["root"]}, "scopes[0]", id="an unknown scope"),
        pytest.param({"name": "a\nb"}, "name", id="two lines"),
        pytest.param({"name": ""}, "name", id="no name"),
    ],
)
async def test_a_key_that_will_not_do_is_refused_by_field(shared_api: Any, body: dict[str, Any], field: str) -> None:
    """The field at fault is named."""
    answer = await shared_api.admin.post("/api/keys", json={"name": "x", "scopes": ["read"], **body})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


async def test_scopes_add_up_and_count_once(api: Any) -> None:
    """A key may have several."""
    key = await made(api, scopes=["read", "ingest", "read"])
    assert key["scopes"] == ["ingest", "read"]


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer wk_short", "Bearer wk_" + "A" * 43, "Basic YWRtaW46YWRtaW4=", "wk_" + "A" * 43],
)
async def test_what_is_no_key_opens_nothing(shared_api: Any, header: str) -> None:
    """401, how one signs in, and a count."""
    before = REGISTRY.get_sample_value("watchkeeper_threats_blocked_total", {"kind": "credentials"}) or 0
    answer = await shared_api.anonymous.get("/api/users", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert REGISTRY.get_sample_value("watchkeeper_threats_blocked_total", {"kind": "credentials"}) == before + 1


async def test_a_wrong_key_is_not_helped_by_a_right_cookie(shared_api: Any) -> None:
    """Who shows a key means it."""
    answer = await shared_api.admin.get("/api/users", headers={"Authorization": "Bearer wk_" + "A" * 43})
    assert answer.status_code == 401


async def test_keys_are_listed_a_page_at_a_time(api: Any) -> None:
    """Oldest first; every key once."""
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await api.admin.get("/api/keys", params={"limit": 2, **cursor})).json()
        seen += [key["id"] for key in page["keys"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert sorted(seen) == sorted(api.ids[who] for who in ("read_key", "ingest_key", "admin_key"))
    assert len(seen) == 3
