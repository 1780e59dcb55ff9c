"""Limits on real requests."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from watchkeeper.api.access.authenticate import look_up
from watchkeeper.api.web import guard
from watchkeeper.common.bus import KafkaSettings

pytestmark = pytest.mark.store

PASSWORD = "kx7rn-3m2pv-9sd4h-tq6wz"


@pytest.fixture
async def strict(kafka: KafkaSettings, database_url: str, start_api: Any) -> AsyncIterator[Any]:
    """A gateway with small limits, and a proxy's address trusted, so that a test can come from several addresses."""
    limits = {
        "sign_ins_per_minute": 4,
        "sign_ins_per_user_per_minute": 2,
        "sign_ins_per_user_in_all_per_minute": 6,
        "requests_per_minute": 10,
        "anonymous_per_minute": 10,
        "trusted_proxies": "127.0.0.1",
    }
    async with start_api(kafka, database_url, **limits) as api:
        yield api


async def attempt(api: Any, address: str, user: str, password: str = "wrong") -> Any:
    """Try to sign in from an address."""
    async with api.client() as client:
        body = {"user": user, "password": password}
        return await client.post("/api/session", json=body, headers={"X-Forwarded-For": address})


async def test_one_address_may_guess_only_so_often(strict: Any) -> None:
    """Whatever names it tries; another address is not held up."""
    statuses = [(await attempt(strict, "192.0.2.1", f"user{n}")).status_code for n in range(5)]
    assert statuses == [401, 401, 401, 401, 429]
    assert (await attempt(strict, "192.0.2.2", "user0")).status_code == 401


async def test_one_user_may_be_guessed_at_only_so_often_from_one_address(strict: Any) -> None:
    """In whatever case; the refusal says when to come back. From elsewhere the user gets in: nobody locks him out."""
    statuses = [(await attempt(strict, "192.0.2.1", name)).status_code for name in ("viewer", "VIEWER", "Viewer")]
    assert statuses == [401, 401, 429]
    refused = await attempt(strict, "192.0.2.1", "viewer", PASSWORD)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) in range(1, 31)
    assert refused.headers["ratelimit-policy"] == '"sign-ins of this user";q=2;w=60'
    assert (await attempt(strict, "192.0.2.2", "viewer", PASSWORD)).status_code == 200


async def test_one_user_may_be_guessed_at_more_often_from_all_addresses(strict: Any) -> None:
    """What is refused to one address costs the others nothing."""
    for _ in range(3):
        await attempt(strict, "192.0.2.1", "viewer")
    statuses = [(await attempt(strict, f"192.0.2.{n}", "viewer")).status_code for n in range(2, 7)]
    assert statuses == [401, 401, 401, 401, 429]
    refused = await attempt(strict, "192.0.2.9", "viewer", PASSWORD)
    assert refused.headers["ratelimit-policy"] == '"sign-ins of this user from everywhere";q=6;w=60'


async def test_the_addresses_of_one_ipv6_network_are_one(strict: Any) -> None:
    """Who has one has 2^64."""
    statuses = [(await attempt(strict, f"2001:db8:0:1::{n}", f"user{n}")).status_code for n in range(5)]
    assert statuses == [401, 401, 401, 401, 429]
    assert (await attempt(strict, "2001:db8:0:2::1", "user0")).status_code == 401
    asked = [
        (await strict.anonymous.get("/api/openapi.json", headers={"X-Forwarded-For": f"2001:db8:0:3::{n}"})).status_code
        for n in range(12)
    ]
    assert asked.count(429) >= 1


async def test_who_signs_in_rightly_is_not_limited(strict: Any) -> None:
    """Only refusals cost."""
    statuses = {(await attempt(strict, "192.0.2.1", "viewer", PASSWORD)).status_code for _ in range(6)}
    assert statuses == {200}


async def test_each_caller_has_a_limit_of_its_own(strict: Any) -> None:
    """A key that floods stops nobody else on the same address."""
    reader, admin = strict.clients["read_key"], strict.clients["admin_key"]
    statuses = [(await reader.get("/api/users")).status_code for _ in range(12)]
    assert statuses.count(429) >= 1
    assert (await admin.get("/api/users")).status_code == 200


async def test_strangers_share_their_addresss_limit(strict: Any) -> None:
    """Public routes too."""
    statuses = [(await strict.anonymous.get("/api/openapi.json")).status_code for _ in range(12)]
    assert statuses.count(429) >= 1


async def test_wrong_keys_use_up_their_address_but_lock_out_no_known_key(strict: Any) -> None:
    """Guessing costs the database nothing after a while; who came in before still does."""
    known = strict.clients["admin_key"]
    assert (await known.get("/api/users")).status_code == 200
    async with strict.client("wk_" + "A" * 43) as guesser:
        statuses = [
            (await guesser.get("/api/users", headers={"X-Forwarded-For": "127.0.0.1"})).status_code for _ in range(30)
        ]
    assert statuses[0] == 401
    assert statuses[-1] == 429
    assert (await known.get("/api/users")).status_code == 200


async def test_false_cookies_cost_the_database_nothing_after_a_while(
    strict: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their address's limit is asked first; a session known from before goes on from there all the same."""
    known = strict.clients["viewer"]
    assert (await known.get("/api/session")).status_code == 200
    asked = []

    async def counted(*arguments: Any, **options: Any) -> Any:
        asked.append(1)
        return await look_up(*arguments, **options)

    monkeypatch.setattr(guard, "look_up", counted)
    async with strict.client("A" * 43) as forger:
        statuses = [(await forger.get("/api/session")).status_code for _ in range(30)]
    assert statuses[0] == 401
    assert statuses[-1] == 429
    assert len(asked) == statuses.count(401)
    assert (await known.get("/api/session")).status_code == 200
