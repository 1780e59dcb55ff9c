"""The HTTP probe, against real servers."""

import asyncio
import base64
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from watchkeeper.collector.reading import Reading
from watchkeeper.collector.source import Tools
from watchkeeper.collector.sources.http_probe import HttpProbe, Settings, open_source
from watchkeeper.embedded.ports import free_port

Values = Callable[[Sequence[Reading]], dict[str, float]]
Web = Callable[..., AbstractAsyncContextManager[Any]]


def answer(status: str = "200 OK", body: bytes = b"hello", **headers: str) -> bytes:
    """A whole answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def probe(tools: Tools, url: str, **given: Any) -> HttpProbe:
    """A probe of ``url``."""
    return open_source(Settings(**{"name": "p", "url": url, "interval_s": 10, "timeout_s": 2, **given}), tools)


def success(found: dict[str, float]) -> float:
    """The probe's result."""
    return found['watchkeeper.probe.success{kind="http",probe="p"}']


def phases(found: dict[str, float]) -> set[str]:
    """The phases that were reached."""
    return {text.split('phase="')[1].split('"')[0] for text in found if text.startswith("watchkeeper.probe.duration{")}


def status(found: dict[str, float]) -> float | None:
    """The status code."""
    return found.get('watchkeeper.probe.http.status_code{kind="http",probe="p"}')


DAYS = 'watchkeeper.probe.tls.days_left{kind="http",probe="p"}'


async def test_an_answer_is_timed_by_phase(web: Web, tools: Tools, values: Values) -> None:
    """Each phase is part of the whole; no TLS, no such phase."""
    async with web(lambda *_: answer()) as server:
        found = values(await probe(tools, f"http://localhost:{server.port}/x?y=1").read())
        assert server.requests[0][0] == "/x?y=1"
        assert server.requests[0][1]["host"] == f"localhost:{server.port}"
    assert success(found) == 1
    assert status(found) == 200
    assert phases(found) == {"dns", "connect", "wait", "transfer", "total"}
    durations = {text: value for text, value in found.items() if "duration" in text}
    total = durations.pop('watchkeeper.probe.duration{kind="http",phase="total",probe="p"}')
    assert 0 < sum(durations.values()) <= total
    assert DAYS not in found


@pytest.mark.parametrize(
    ("settings", "response", "expected"),
    [
        pytest.param({}, answer("503 Service Unavailable"), 0, id="a bad status"),
        pytest.param({"status": "503"}, answer("503 Service Unavailable"), 1, id="a status that is expected"),
        pytest.param({"body": r"hel+o"}, answer(), 1, id="a body that matches"),
        pytest.param({"body": "absent"}, answer(), 0, id="a body that does not"),
        pytest.param(
            {"body": "end", "body_bytes_max": 100}, answer(body=b"x" * 1000 + b"end"), 0, id="beyond the bound"
        ),
        pytest.param({"body_bytes_max": 10}, answer(body=b"x" * 100_000), 1, id="a long body nobody asked about"),
        pytest.param({}, b"HTTP/1.1 204 No Content\r\n\r\n", 1, id="no body at all"),
        pytest.param({}, b"HTTP/1.1 100 Continue\r\n\r\n" + answer(), 1, id="an interim answer first"),
        pytest.param({}, b"SSH-2.0-OpenSSH_9.2\r\n", 0, id="not HTTP"),
        pytest.param({}, b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut", 0, id="cut short"),
        pytest.param({}, b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000, 0, id="headers without an end"),
        pytest.param({"timeout_s": 0.2}, b"", 0, id="no answer in time"),
    ],
)
async def test_what_is_a_success(
    web: Web, tools: Tools, values: Values, *, settings: dict[str, Any], response: bytes, expected: int
) -> None:
    """What the settings expect, and nothing else; a failing probe is a reading, too."""
    async with web(lambda *_: response) as server:
        found = values(await probe(tools, f"http://127.0.0.1:{server.port}/", **settings).read())
    assert success(found) == expected
    assert "total" in phases(found)


async def test_nobody_there(tools: Tools, values: Values) -> None:
    """A refused connection, and a name that has no address: no later phase is reported."""
    found = values(await probe(tools, f"http://127.0.0.1:{free_port()}/").read())
    assert (success(found), phases(found)) == (0, {"dns", "connect", "total"})
    found = values(await probe(tools, "http://no-such-host.invalid/", timeout_s=9).read())
    assert (success(found), phases(found)) == (0, {"dns", "total"})


async def test_redirects_are_followed_as_far_as_allowed(web: Web, tools: Tools, values: Values) -> None:
    """The last answer is judged; too many, or none allowed, is told apart."""

    def respond(path: str, _: dict[str, str]) -> bytes:
        left = int(path.strip("/"))
        return answer() if left == 0 else answer("302 Found", Location=str(left - 1))

    async with web(respond) as server:
        address = f"http://127.0.0.1:{server.port}"
        assert success(values(await probe(tools, f"{address}/3", redirects_max=3).read())) == 1
        assert success(values(await probe(tools, f"{address}/4", redirects_max=3).read())) == 0
        found = values(await probe(tools, f"{address}/1", redirects_max=0, status="302").read())
        assert (success(found), status(found)) == (1, 302)


async def test_credentials_stay_with_their_origin(web: Web, tools: Tools, values: Values, tmp_path: Path) -> None:
    """The file's password goes to the address that it is for, not along with a redirect; not into logs."""
    (tmp_path / "password").write_text("s3cret\n")
    settings = {"user": "u", "password_file": tmp_path / "password", "headers": {"X-Key": "k3y"}}
    async with web(lambda *_: answer()) as other:
        elsewhere = f"http://127.0.0.1:{other.port}/"
        async with web(lambda *_: answer("307 Temporary Redirect", Location=elsewhere)) as server:
            source = probe(tools, f"http://127.0.0.1:{server.port}/", **settings)
            assert success(values(await source.read())) == 1
    expected = "Basic " + base64.b64encode(b"u:s3cret").decode()
    assert (server.requests[0][1]["authorization"], server.requests[0][1]["x-key"]) == (expected, "k3y")
    assert not {"authorization", "x-key"} & other.requests[0][1].keys()
    assert "s3cret" not in repr(source.settings)
    assert "k3y" not in repr(source.settings)


async def test_a_token_is_read_anew(web: Web, tools: Tools, tmp_path: Path, values: Values) -> None:
    """A token that is renewed on disk is used from the next probe on; a missing one fails the probe."""
    path = tmp_path / "token"
    async with web(lambda *_: answer()) as server:
        source = probe(tools, f"http://127.0.0.1:{server.port}/", bearer_token_file=path)
        assert success(values(await source.read())) == 0
        for token in ("one", "two"):
            path.write_text(token)
            await source.read()
    assert [headers["authorization"] for _, headers in server.requests] == ["Bearer one", "Bearer two"]


async def test_a_secured_answer(web: Web, tools: Tools, values: Values, certificate: Path) -> None:
    """Checked against the authority given; the certificate's days are told, the handshake is a phase."""
    async with web(lambda *_: answer(), certificate) as server:
        found = values(await probe(tools, f"https://localhost:{server.port}/", ca_file=certificate).read())
    assert success(found) == 1
    assert found[DAYS] == pytest.approx(30, abs=0.01)
    assert "tls" in phases(found)


async def test_a_certificate_that_does_not_hold(
    web: Web, tools: Tools, values: Values, certificate: Path, expired: Path
) -> None:
    """An unknown authority or an expired certificate is a failure; its days are told all the same, negative if over."""
    async with web(lambda *_: answer(), certificate) as server:
        found = values(await probe(tools, f"https://localhost:{server.port}/").read())
        assert success(found) == 0
        assert found[DAYS] == pytest.approx(30, abs=0.01)
        assert success(values(await probe(tools, f"https://localhost:{server.port}/", tls_verify=False).read())) == 1
    async with web(lambda *_: answer(), expired) as server:
        found = values(await probe(tools, f"https://localhost:{server.port}/", ca_file=expired).read())
    assert success(found) == 0
    assert -0.1 < found[DAYS] < 0


async def test_no_way_back_to_plain_http(web: Web, tools: Tools, values: Values, certificate: Path) -> None:
    """A redirect from https to http, or to something else, is not followed."""
    for location in ("http://127.0.0.1:1/", "file:///etc/passwd"):
        redirect = answer("302 Found", Location=location)
        async with web(lambda *_, response=redirect: response, certificate) as server:
            found = values(await probe(tools, f"https://localhost:{server.port}/", ca_file=certificate).read())
        assert (success(found), status(found)) == (0, 302)


async def test_a_slow_probe_holds_up_no_other(web: Web, tools: Tools, values: Values) -> None:
    """Two probes at once: the one that hangs takes its time-out, the other its own time."""
    async with web(lambda path, _: b"" if path == "/slow" else answer()) as server:
        address = f"http://127.0.0.1:{server.port}"
        slow = asyncio.create_task(probe(tools, f"{address}/slow", timeout_s=1).read())
        await asyncio.sleep(0.05)
        assert success(values(await probe(tools, f"{address}/").read())) == 1
        assert not slow.done()
        assert success(values(await slow)) == 0
