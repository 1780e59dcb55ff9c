"""Signing in and out, cookies, CSRF, and one's own password."""

import asyncio
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any

import httpx
import pytest
from prometheus_client import REGISTRY

from watchkeeper.api.access import sessions
from watchkeeper.api.access.secrets import csrf_token, digest
from watchkeeper.common.clock import from_ms

pytestmark = pytest.mark.store

PASSWORD = "kx7rn-3m2pv-9sd4h-tq6wz"
NEW_PASSWORD = "correct horse battery staple"


def sign_in(client: httpx.AsyncClient, user: str = "viewer", password: str = PASSWORD) -> Any:
    """Try to sign in."""
    return client.post("/api/session", json={"user": user, "password": password})


def threats(kind: str) -> float:
    """How many threats of that kind were counted."""
    return REGISTRY.get_sample_value("watchkeeper_threats_blocked_total", {"kind": kind}) or 0.0


async def audited(api: Any, action: str) -> list[dict[str, Any]]:
    """The entries of that action, newest first."""
    entries: list[dict[str, Any]] = (await api.admin.get("/api/audit", params={"action": action})).json()["entries"]
    return entries


async def test_a_user_signs_in_is_known_and_signs_out(api: Any) -> None:
    """The whole way of a session: cookie, CSRF token, end."""
    client = api.anonymous
    answer = await sign_in(client, "Viewer")
    assert answer.status_code == 200, answer.text
    session = answer.json()
    assert session["user"] == {"id": api.ids["viewer"], "name": "viewer", "role": "viewer"}
    assert session["must_change_password"] is False
    assert (await client.get("/api/session")).json() == session
    ended = await client.delete("/api/session", headers={"X-CSRF-Token": session["csrf"]})
    assert ended.status_code == 204
    assert SimpleCookie(ended.headers["set-cookie"])["wk_session"].value == ""
    assert (await client.get("/api/session")).status_code == 401
    assert [entry["actor_name"] for entry in await audited(api, "session.begin")] == ["viewer"]
    assert [entry["actor_name"] for entry in await audited(api, "session.end")] == ["viewer"]


async def test_a_session_ended_is_ended_for_its_cookie_too(api: Any) -> None:
    """The end is on the server, not only in the browser."""
    token = await api.begin_session("viewer")
    async with api.client(token) as client, api.client(token) as thief:
        assert (await thief.get("/api/session")).status_code == 200
        await client.delete("/api/session")
        assert (await thief.get("/api/session")).status_code == 401


async def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(api: Any) -> None:
    """HttpOnly, SameSite=Strict, for the whole address."""
    cookie = SimpleCookie((await sign_in(api.anonymous)).headers["set-cookie"])["wk_session"]
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "strict"
    assert cookie["path"] == "/"
    assert cookie["secure"] == ""  # these tests speak plain HTTP


async def test_the_database_holds_neither_token_nor_password(api: Any) -> None:
    """A stolen copy signs nobody in."""
    await sign_in(api.anonymous)
    token = api.anonymous.cookies["wk_session"]
    async with api.store.connection() as connection:
        hashes = [row["token_hash"] for row in await connection.fetch("SELECT token_hash FROM sessions")]
        stored = await connection.fetchval("SELECT password_hash FROM users WHERE name = 'viewer'")
    assert digest(token) in hashes
    assert token.encode() not in hashes
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


async def test_signing_in_makes_an_old_hash_again(api: Any) -> None:
    """The tests' users begin with weak parameters; today's replace them."""
    async with api.store.connection() as connection:
        before = await connection.fetchval("SELECT password_hash FROM users WHERE name = 'viewer'")
        assert "m=8," in before
        assert (await sign_in(api.anonymous)).status_code == 200
        assert "m=65536," in await connection.fetchval("SELECT password_hash FROM users WHERE name = 'viewer'")
    assert (await sign_in(api.anonymous)).status_code == 200


async def test_signing_in_again_ends_the_session_before(api: Any) -> None:
    """A token that was planted, or left behind, is worth nothing afterwards."""
    await sign_in(api.anonymous)
    before = api.anonymous.cookies["wk_session"]
    await sign_in(api.anonymous)
    assert api.anonymous.cookies["wk_session"] != before
    async with api.client(before) as old:
        assert (await old.get("/api/session")).status_code == 401


async def test_wrong_names_and_wrong_passwords_look_the_same(api: Any) -> None:
    """Nobody learns who has an account; each refusal is written down and counted."""
    before = threats("sign_in")
    answers = [
        await sign_in(api.anonymous, "viewer", "wrong"),
        await sign_in(api.anonymous, "nobody", "wrong"),
        await sign_in(api.anonymous, "nobody", PASSWORD),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.json()["detail"] for answer in answers}) == 1
    assert threats("sign_in") == before + 3
    refused = await audited(api, "session.refused")
    assert [entry["object_id"] for entry in refused] == ["", "", api.ids["viewer"]]
    assert {entry["actor_kind"] for entry in refused} == {"anonymous"}
    assert "nobody" not in str(refused)  # it may have been a password


async def test_a_name_of_any_kind_is_only_wrong(api: Any) -> None:
    """Quotes and other alphabets are nothing special."""
    for name in ("' OR 1=1 --", "админ", "a" * 200):
        assert (await sign_in(api.anonymous, name)).status_code == 401
    assert (await sign_in(api.anonymous, "a\x00b")).status_code == 422


async def test_a_session_expires_by_the_clock(api: Any) -> None:
    """After its time it lets nobody in, used or not."""
    token = await api.begin_session("viewer", lasting=timedelta(seconds=-1))
    async with api.client(token) as client:
        assert (await client.get("/api/session")).status_code == 401


async def test_an_idle_session_expires_and_a_used_one_is_noted(api: Any) -> None:
    """Twelve hours without a request end it; a request is noted once a minute."""
    async with api.store.connection() as connection:
        for age, expected in (("11 hours", 200), ("13 hours", 401)):
            token = await api.begin_session("viewer", lasting=timedelta(days=2))
            await connection.execute(
                "UPDATE sessions SET seen_at = now() - $2::text::interval WHERE token_hash = $1", digest(token), age
            )
            async with api.client(token) as client:
                assert (await client.get("/api/session")).status_code == expected
            seen = await connection.fetchval(
                "SELECT now() - seen_at < interval '1 minute' FROM sessions WHERE token_hash = $1", digest(token)
            )
            assert seen is (expected == 200)


async def test_expired_sessions_are_removed(api: Any) -> None:
    """They let nobody in before that either; they only take space."""
    await api.begin_session("viewer", lasting=timedelta(seconds=-1))
    async with api.store.connection() as connection:
        before = await connection.fetchval("SELECT count(*) FROM sessions")
        await sessions.end_old(connection, from_ms(api.context.clock.now_ms()), timedelta(hours=1))
        assert await connection.fetchval("SELECT count(*) FROM sessions") == before - 1


async def test_a_change_needs_the_sessions_own_token(api: Any) -> None:
    """Without it, with another session's, or with nonsense: refused and counted."""
    other = csrf_token(await api.begin_session("admin"))
    before = threats("csrf")
    for wrong in ("", other, "nonsense", b"\xe4"):
        answer = await api.admin.post("/api/keys", json={}, headers={"X-CSRF-Token": wrong})
        assert answer.status_code == 403
    assert threats("csrf") == before + 4
    assert (await api.admin.post("/api/keys", json={})).status_code == 422


async def test_a_read_needs_no_token(api: Any) -> None:
    """GET changes nothing."""
    answer = await api.admin.get("/api/users", headers={"X-CSRF-Token": "wrong"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}],
    ids=str,
)
async def test_a_page_of_another_site_changes_nothing_even_with_the_token(api: Any, headers: dict[str, str]) -> None:
    """Neither in a session, nor by signing somebody in (login CSRF)."""
    before = threats("origin")
    assert (await api.admin.post("/api/keys", json={}, headers=headers)).status_code == 403
    signing_in = {"user": "viewer", "password": PASSWORD}
    assert (await api.anonymous.post("/api/session", json=signing_in, headers=headers)).status_code == 403
    assert threats("origin") == before + 2


async def test_a_key_needs_no_token(api: Any) -> None:
    """A browser does not send it by itself, so another site's page cannot use it."""
    assert (await api.clients["admin_key"].post("/api/keys", json={})).status_code == 422


async def test_a_new_password_ends_all_sessions_but_goes_on_in_this_one(api: Any) -> None:
    """Under a new cookie, with a new CSRF token; the old password signs nobody in."""
    other = await api.begin_session("viewer")
    client = api.anonymous
    csrf = (await sign_in(client)).json()["csrf"]
    before = client.cookies["wk_session"]
    body = {"current": PASSWORD, "new": NEW_PASSWORD}
    changed = await client.post("/api/session/password", json=body, headers={"X-CSRF-Token": csrf})
    assert changed.status_code == 204, changed.text
    for ended in (other, before):
        async with api.client(ended) as old:
            assert (await old.get("/api/session")).status_code == 401
    session = await client.get("/api/session")
    assert session.status_code == 200
    assert session.json()["csrf"] == changed.headers["x-csrf-token"]
    async with api.client() as stranger:
        assert (await sign_in(stranger, "viewer", PASSWORD)).status_code == 401
        assert (await sign_in(stranger, "viewer", NEW_PASSWORD)).status_code == 200
    (entry,) = await audited(api, "user.password")
    assert entry["actor_name"] == "viewer"
    assert NEW_PASSWORD not in str(entry)


@pytest.mark.parametrize(
    ("current", "new", "field"),
    [
        pytest.param("wrong", NEW_PASSWORD, "current", id="not the current one"),
        pytest.param(PASSWORD, PASSWORD, "new", id="the same again"),
        pytest.param(PASSWORD, "too short", "new", id="too short"),
        pytest.param(PASSWORD, "the VIEWER's own password", "new", id="holds the name"),
    ],
)
async def test_a_password_that_will_not_do_is_refused_by_name(api: Any, current: str, new: str, field: str) -> None:
    """The field at fault is named, and nothing changes."""
    answer = await api.clients["viewer"].post("/api/session/password", json={"current": current, "new": new})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
    assert (await sign_in(api.anonymous)).status_code == 200


async def test_who_is_disabled_while_the_password_is_checked_does_not_get_in(
    api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The account is looked at again in the transaction that begins the session."""
    check = api.context.passwords.check

    async def check_and_disable(password: str, stored: str | None) -> bool:
        right = bool(await check(password, stored))
        async with api.store.connection() as connection:
            await connection.execute("UPDATE users SET disabled = true WHERE name = 'viewer'")
        return right

    monkeypatch.setattr(api.context.passwords, "check", check_and_disable)
    answer = await sign_in(api.anonymous)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("method", "body"),
    [
        pytest.param("PATCH", {"password": "a password that the admin set"}, id="reset"),
        pytest.param("PATCH", {"disabled": True}, id="disabled"),
        pytest.param("PATCH", {"role": "operator"}, id="another role"),
        pytest.param("DELETE", None, id="removed"),
    ],
)
async def test_an_administrators_change_wins_over_a_new_password_under_way(
    api: Any, monkeypatch: pytest.MonkeyPatch, method: str, body: dict[str, Any] | None
) -> None:
    """The new password is hashed while the administrator acts: 409, nothing is written, and no session begins."""
    hash_it, entered, done = api.context.passwords.hash, asyncio.Event(), asyncio.Event()

    async def hash_and_wait(password: str) -> str:
        if password == NEW_PASSWORD:
            entered.set()
            await done.wait()
        return str(await hash_it(password))

    monkeypatch.setattr(api.context.passwords, "hash", hash_and_wait)
    changing = asyncio.create_task(
        api.clients["viewer"].post("/api/session/password", json={"current": PASSWORD, "new": NEW_PASSWORD})
    )
    async with asyncio.timeout(20):
        await entered.wait()
    acted = await api.admin.request(method, f"/api/users/{api.ids['viewer']}", json=body)
    assert acted.is_success, acted.text
    done.set()
    answer = await changing
    assert answer.status_code == 409, answer.text
    assert "set-cookie" not in answer.headers
    assert await audited(api, "user.password") == []
    async with api.client() as stranger:
        assert (await sign_in(stranger, "viewer", NEW_PASSWORD)).status_code == 401


async def test_of_two_new_passwords_at_a_time_one_wins(api: Any) -> None:
    """The other is told, and its session has ended."""
    first, second = [api.client(await api.begin_session("viewer")) for _ in range(2)]
    async with first, second:
        answers = await asyncio.gather(
            *(
                client.post("/api/session/password", json={"current": PASSWORD, "new": f"{NEW_PASSWORD} {n}"})
                for n, client in enumerate((first, second))
            )
        )
    assert sorted(answer.status_code for answer in answers) == [204, 409]


async def test_refusals_of_unknown_names_do_not_fill_the_audit_log(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many a minute are written down, and every one of a user's; all are counted."""
    monkeypatch.setattr(api.context.limits.unknown_names, "per_minute", 2)
    before = threats("sign_in")
    for n in range(4):
        await sign_in(api.anonymous, f"nobody{n}", "wrong")
    await sign_in(api.anonymous, "viewer", "wrong")
    assert threats("sign_in") == before + 5
    assert [entry["object_id"] for entry in await audited(api, "session.refused")] == [api.ids["viewer"], "", ""]
