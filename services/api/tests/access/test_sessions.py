"""Signing in and out."""

from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.store

PASSWORD = "a password for tests"


async def test_a_user_signs_in_is_known_and_signs_out(api: Any) -> None:
    """The whole way of a session: cookie, CSRF token, end."""
    client: httpx.AsyncClient = api.anonymous
    answer = await client.post("/api/session", json={"user": "Viewer", "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    session = answer.json()
    assert session["user"]["name"] == "viewer"
    assert session["user"]["role"] == "viewer"
    assert (await client.get("/api/session")).json() == session
    refused = await client.delete("/api/session")
    assert refused.status_code == 403
    ended = await client.delete("/api/session", headers={"X-CSRF-Token": session["csrf"]})
    assert ended.status_code == 204
    assert (await client.get("/api/session")).status_code == 401
