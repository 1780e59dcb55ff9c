"""Users, for administrators."""

import asyncio
from typing import Any

import pytest

pytestmark = pytest.mark.store

NOBODY = "00000000-0000-4000-8000-000000000000"
PASSWORD = "kx7rn-3m2pv-9sd4h-tq6wz"


async def audited(api: Any, action: str) -> list[dict[str, Any]]:
    """The entries of that action, newest first."""
    entries: list[dict[str, Any]] = (await api.admin.get("/api/audit", params={"action": action})).json()["entries"]
    return entries


async def signs_in(api: Any, user: str, password: str) -> Any:
    """The answer to a sign-in from elsewhere."""
    async with api.client() as client:
        return await client.post("/api/session", json={"user": user, "password": password})


async def test_a_user_is_added_with_a_drawn_password_and_asked_to_change_it(api: Any) -> None:
    """The password is shown once, and is not in the audit log."""
    answer = await api.admin.post("/api/users", json={"name": "grace", "role": "operator"})
    assert answer.status_code == 201
    added = answer.json()
    assert answer.headers["location"] == f"/api/users/{added['id']}"
    session = await signs_in(api, "Grace", added["password"])
    assert session.json()["must_change_password"] is True
    (entry,) = await audited(api, "user.add")
    assert entry["before"] is None
    assert entry["after"] == {"name": "grace", "role": "operator", "disabled": False, "must_change_password": True}
    assert entry["actor_name"] == "admin"
    assert entry["address"] == "127.0.0.1"
    assert entry["request_id"] == answer.headers["x-request-id"]
    assert added["password"] not in (await api.admin.get("/api/audit")).text


async def test_a_given_password_is_not_told_back(api: Any) -> None:
    """Who gave it knows it."""
    body = {"name": "alan", "role": "viewer", "password": "one two three four"}
    assert (await api.admin.post("/api/users", json=body)).json()["password"] is None
    assert (await signs_in(api, "alan", "one two three four")).status_code == 200


@pytest.mark.parametrize(
    ("body", "field", "status"),
    [
        pytest.param({"name": "VIEWER", "role": "viewer"}, "name", 409, id="taken, in another case"),
        pytest.param({"name": "a b", "role": "viewer"}, "name", 422, id="a space"),
        pytest.param({"name": "", "role": "viewer"}, "name", 422, id="no name"),
        pytest.param({"name": "x", "role": "root"}, "role", 422, id="no such role"),
        pytest.param({"name": "x", "role": "viewer", "admin": True}, "admin", 422, id="an unknown field"),
        pytest.param({"name": "x", "role": "viewer", "password": "short"}, "password", 422, id="a short password"),
        pytest.param({"name": "grace", "role": "viewer", "password": "Grace-and-more"}, "password", 422, id="its name"),
    ],
)
async def test_a_user_that_will_not_do_is_refused_by_field(
    shared_api: Any, body: dict[str, Any], field: str, status: int
) -> None:
    """The field at fault is named."""
    answer = await shared_api.admin.post("/api/users", json=body)
    assert answer.status_code == status
    assert answer.json()["errors"][0]["field"] == field


async def test_a_new_role_counts_from_the_next_request_on(api: Any) -> None:
    """In sessions under way too."""
    viewer = api.clients["viewer"]
    assert (await viewer.get("/api/users")).status_code == 403
    answer = await api.admin.patch(f"/api/users/{api.ids['viewer']}", json={"role": "admin"})
    assert answer.json()["role"] == "admin"
    assert (await viewer.get("/api/users")).status_code == 200
    (entry,) = await audited(api, "user.update")
    assert (entry["before"], entry["after"]) == ({"role": "viewer"}, {"role": "admin"})


async def test_a_disabled_user_is_out_at_once_and_may_come_back(api: Any) -> None:
    """Sessions end, and the right password signs nobody in."""
    address = f"/api/users/{api.ids['viewer']}"
    assert (await api.admin.patch(address, json={"disabled": True})).json()["disabled"] is True
    assert (await api.clients["viewer"].get("/api/session")).status_code == 401
    assert (await signs_in(api, "viewer", PASSWORD)).status_code == 401
    await api.admin.patch(address, json={"disabled": False})
    assert (await api.clients["viewer"].get("/api/session")).status_code == 401
    assert (await signs_in(api, "viewer", PASSWORD)).status_code == 200


async def test_a_password_set_by_an_administrator_ends_the_users_sessions(api: Any) -> None:
    """And is to be changed; the audit log tells that, not the password."""
    address = f"/api/users/{api.ids['viewer']}"
    answer = await api.admin.patch(address, json={"password": "one two three four"})
    assert answer.json()["must_change_password"] is True
    assert (await api.clients["viewer"].get("/api/session")).status_code == 401
    assert (await signs_in(api, "viewer", PASSWORD)).status_code == 401
    assert (await signs_in(api, "viewer", "one two three four")).json()["must_change_password"] is True
    (entry,) = await audited(api, "user.update")
    assert entry["after"] == {"must_change_password": True, "password": "set"}


async def test_a_change_to_what_is_there_already_is_none(api: Any) -> None:
    """Nothing is written down."""
    answer = await api.admin.patch(f"/api/users/{api.ids['viewer']}", json={"role": "viewer"})
    assert answer.status_code == 200
    assert await audited(api, "user.update") == []


async def test_a_name_given_to_two_is_refused(api: Any) -> None:
    """409, and the field."""
    answer = await api.admin.patch(f"/api/users/{api.ids['viewer']}", json={"name": "Operator"})
    assert answer.status_code == 409
    assert answer.json()["errors"][0]["field"] == "name"


async def test_a_removed_user_is_gone_with_its_sessions(api: Any) -> None:
    """The audit log keeps what it was."""
    address = f"/api/users/{api.ids['viewer']}"
    assert (await api.admin.delete(address)).status_code == 204
    assert (await api.clients["viewer"].get("/api/session")).status_code == 401
    assert (await api.admin.delete(address)).status_code == 404
    (entry,) = await audited(api, "user.remove")
    assert entry["before"]["name"] == "viewer"
    assert entry["after"] is None


async def test_users_are_listed_a_page_at_a_time(api: Any) -> None:
    """By name, and without anything of their passwords."""
    first = (await api.admin.get("/api/users", params={"limit": 2})).json()
    assert [user["name"] for user in first["users"]] == ["admin", "operator"]
    second = (await api.admin.get("/api/users", params={"limit": 2, "cursor": first["next"]})).json()
    assert [user["name"] for user in second["users"]] == ["viewer"]
    assert second["next"] is None
    assert "argon2" not in str(first)


@pytest.mark.parametrize("body", [{"role": "viewer"}, {"disabled": True}, None], ids=["demote", "disable", "remove"])
async def test_the_last_administrator_stays(api: Any, body: dict[str, Any] | None) -> None:
    """Nobody locks everybody out; a disabled administrator is none."""
    other = (await api.admin.post("/api/users", json={"name": "second", "role": "admin"})).json()
    await api.admin.patch(f"/api/users/{other['id']}", json={"disabled": True})
    address = f"/api/users/{api.ids['admin']}"
    answer = await (api.admin.delete(address) if body is None else api.admin.patch(address, json=body))
    assert answer.status_code == 409
    assert (await api.admin.get("/api/users")).status_code == 200


async def test_two_administrators_who_demote_each_other_leave_one(api: Any) -> None:
    """At the same time, many times over."""
    key = api.clients["admin_key"]
    mine = api.ids["admin"]
    for attempt in range(5):
        other = (await key.post("/api/users", json={"name": f"second{attempt}", "role": "admin"})).json()["id"]
        answers = await asyncio.gather(
            key.patch(f"/api/users/{mine}", json={"role": "viewer"}),
            key.patch(f"/api/users/{other}", json={"role": "viewer"}),
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        await key.patch(f"/api/users/{mine}", json={"role": "admin"})
        await key.patch(f"/api/users/{other}", json={"role": "viewer"})


async def test_what_is_not_there_is_not_found(shared_api: Any) -> None:
    """404 for an id that nobody has, 422 for what is no id."""
    assert (await shared_api.admin.patch(f"/api/users/{NOBODY}", json={"role": "viewer"})).status_code == 404
    assert (await shared_api.admin.patch(f"/api/users/{NOBODY}", json={"password": "x" * 12})).status_code == 404
    assert (await shared_api.admin.delete(f"/api/users/{NOBODY}")).status_code == 404
    assert (await shared_api.admin.delete("/api/users/7")).status_code == 422
