"""Request ids, headers, metrics, compression."""

import ipaddress
from typing import Any

import httpx
import pytest
from prometheus_client import REGISTRY
from starlette.types import Receive, Scope, Send

from watchkeeper.api.offline import offline_app
from watchkeeper.api.web.frame import Frame
from watchkeeper.api.web.headers import completed, security_headers


def count(route: str, status: str, method: str = "GET") -> float:
    """How many requests were counted."""
    labels = {"http_request_method": method, "http_route": route, "http_response_status_code": status}
    return REGISTRY.get_sample_value("http_server_request_duration_seconds_count", labels) or 0.0


async def test_a_sane_request_id_is_kept_and_another_drawn(shared_api: Any) -> None:
    """So that a proxy's id leads through our logs, and nobody writes into them."""
    kept = await shared_api.anonymous.get("/api/openapi.json", headers={"X-Request-ID": "proxy-0123456789"})
    assert kept.headers["x-request-id"] == "proxy-0123456789"
    for bad in ("short", "x" * 200, "with space in it", "semi;colon;s"):
        drawn = await shared_api.anonymous.get("/api/openapi.json", headers={"X-Request-ID": bad})
        assert drawn.headers["x-request-id"] != bad
        assert len(drawn.headers["x-request-id"]) == 32


async def test_metrics_name_the_template_and_never_the_path(shared_api: Any) -> None:
    """One series for each route, not one for each user."""
    nobody = "00000000-0000-4000-8000-000000000000"
    before = count("/api/users/{user_id}", "404", "DELETE")
    await shared_api.admin.delete(f"/api/users/{nobody}")
    assert count("/api/users/{user_id}", "404", "DELETE") == before + 1
    before = count("unmatched", "404")
    await shared_api.admin.get(f"/api/{nobody}")
    assert count("unmatched", "404") == before + 1
    routes = {sample.labels.get("http_route") for metric in REGISTRY.collect() for sample in metric.samples}
    assert not any(nobody in route for route in routes if route)


async def test_an_unheard_of_method_is_counted_as_other(shared_api: Any) -> None:
    """A stranger cannot make series."""
    before = count("unmatched", "405", "_OTHER")
    await shared_api.anonymous.request("PROPFIND", "/api/users")
    assert count("unmatched", "405", "_OTHER") == before + 1


async def test_people_of_the_last_minutes_are_counted(api: Any) -> None:
    """Keys are no people."""
    assert REGISTRY.get_sample_value("watchkeeper_active_users") == 0
    await api.clients["viewer"].get("/api/session")
    await api.clients["viewer"].get("/api/session")
    await api.admin.get("/api/session")
    await api.clients["admin_key"].get("/api/users")
    assert REGISTRY.get_sample_value("watchkeeper_active_users") == 2


async def test_every_answer_has_the_security_headers(shared_api: Any) -> None:
    """Successes and refusals alike."""
    for answer in (await shared_api.admin.get("/api/users"), await shared_api.anonymous.get("/api/nothing")):
        assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"
        assert "geolocation=()" in answer.headers["permissions-policy"]
        assert "server" not in answer.headers


def test_pages_may_run_nothing_inline_and_be_framed_by_nobody() -> None:
    """The policy that makes injected markup harmless."""
    headers = dict(security_headers(page=True, secure=True))
    policy = headers[b"content-security-policy"].decode()
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers[b"strict-transport-security"].startswith(b"max-age=")


def test_without_tls_there_is_no_promise_of_tls() -> None:
    """HSTS on plain HTTP would be a lie."""
    assert b"strict-transport-security" not in dict(security_headers(page=True, secure=False))


def test_an_answers_own_header_wins() -> None:
    """An asset says itself how long it may be kept."""
    given = [(b"Cache-Control", b"immutable")]
    assert completed(given, [(b"cache-control", b"no-store"), (b"x-a", b"1")]) == [*given, (b"x-a", b"1")]


async def test_large_json_is_compressed_where_the_client_takes_it(shared_api: Any) -> None:
    """The document is some tens of kilobytes."""
    packed = await shared_api.anonymous.get("/api/openapi.json")
    assert packed.headers["content-encoding"] == "gzip"
    plain = await shared_api.anonymous.get("/api/openapi.json", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.json() == packed.json()


@pytest.mark.parametrize("kind", ["sign_in", "credentials", "csrf", "origin", "rate_limit", "body_size"])
def test_the_counters_of_threats_are_there_from_the_start(kind: str) -> None:
    """A rate needs a first value."""
    assert REGISTRY.get_sample_value("watchkeeper_threats_blocked_total", {"kind": kind}) is not None


class Breaks:
    """An application that answers half and fails."""

    def __init__(self) -> None:
        self.scheme = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Begin an answer, and fail."""
        assert receive is not None
        self.scheme = scope["scheme"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ValueError("half way")


async def test_an_answer_that_fails_half_way_is_broken_off() -> None:
    """The client must not take it for whole: the connection ends without the answer's end."""
    app = Breaks()
    offline = offline_app().state.context.settings
    settings = offline.model_copy(update={"trusted_proxies": (ipaddress.ip_network("127.0.0.1/32"),)})
    transport = httpx.ASGITransport(Frame(app, settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://wk.example") as client:
        with pytest.raises(ValueError, match="half way"):
            await client.get("/api/broken", headers={"X-Forwarded-Proto": "https"})
    assert app.scheme == "https"  # as the trusted proxy told it
