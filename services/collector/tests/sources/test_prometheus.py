"""The Prometheus source, against a server that exposes with prometheus_client."""

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import choose_encoder

from watchkeeper.collector.probing.dialling import ProbeError
from watchkeeper.collector.reading import Reading
from watchkeeper.collector.source import Tools
from watchkeeper.collector.sources.prometheus import Prometheus, Settings, open_source
from watchkeeper.collector.tally import Tally

Values = Callable[[Sequence[Reading]], dict[str, float]]
Web = Callable[..., AbstractAsyncContextManager[Any]]


def endpoint(tools: Tools, port: int, **given: Any) -> Prometheus:
    """A source for the server on ``port``."""
    given = {"name": "shop", "url": f"http://127.0.0.1:{port}/metrics", "interval_s": 10, "timeout_s": 2, **given}
    return open_source(Settings(**given), tools)


def answer(body: bytes, kind: str = "text/plain; version=0.0.4", status: str = "200 OK") -> bytes:
    """A whole answer."""
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.fixture
def registry() -> CollectorRegistry:
    """What the server exposes."""
    found = CollectorRegistry()
    Counter("requests", "R.", ["job"], registry=found).labels("inner").inc(3)
    Gauge("queue", "Q.", registry=found).set(7)
    Gauge("unknown", "U.", registry=found).set(math.nan)
    Gauge("python_gc_generation", "G.", registry=found).set(1)
    Histogram("wait_seconds", "W.", buckets=(1,), registry=found).observe(0.5)
    return found


@pytest.mark.parametrize("accept", [True, False], ids=["OpenMetrics", "text"])
async def test_an_endpoint(
    web: Web, tools: Tools, values: Values, registry: CollectorRegistry, tally: Tally, *, accept: bool
) -> None:
    """Names as exposed, the label job, counters as counters, NaN left out and counted, in either format."""

    def respond(_: str, headers: dict[str, str]) -> bytes:
        encoder, kind = choose_encoder(headers["accept"] if accept else "text/plain")
        return answer(encoder(registry), kind)

    async with web(respond) as server:
        readings = await endpoint(tools, server.port).read()
    found = values(readings)
    assert found == {
        'requests_total{exported_job="inner",job="shop"}': 3,
        'queue{job="shop"}': 7,
        'wait_seconds_bucket{job="shop",le="1.0"}': 1,
        'wait_seconds_bucket{job="shop",le="+Inf"}': 1,
        'wait_seconds_count{job="shop"}': 1,
        'wait_seconds_sum{job="shop"}': 0.5,
    }
    kinds = {reading.name: reading.kind for reading in readings}
    assert kinds == {
        "requests_total": "counter", "queue": "gauge", "wait_seconds_bucket": "counter",
        "wait_seconds_count": "counter", "wait_seconds_sum": "counter",
    }  # fmt: skip
    assert tally.left_out == {"not_finite": 1}


async def test_what_is_taken(web: Web, tools: Tools, values: Values) -> None:
    """Included and not excluded, by the whole name."""
    async with web(lambda *_: answer(b"a_one 1\na_two 2\nb_one 3\nxa_one 4\n")) as server:
        found = values(await endpoint(tools, server.port, include="a_.*", exclude=".*_two").read())
    assert found == {'a_one{job="shop"}': 1}


@pytest.mark.parametrize(
    ("response", "given", "problem"),
    [
        pytest.param(answer(b"", status="500 Oops"), {}, "status 500", id="a bad status"),
        pytest.param(answer(b"a 1\n" * 600), {"body_bytes_max": 1024}, "more than 1024 bytes", id="too long"),
        pytest.param(answer(b"a 1\nb 2\nc 3\n"), {"samples_max": 2}, "more than 2 samples", id="too many samples"),
        pytest.param(answer(b'a{l="\xff"} 1\n'), {}, "not UTF-8", id="no text"),
        pytest.param(answer(b"<html>"), {}, "line 1: not a sample", id="a page"),
        pytest.param(answer(b"a 1\n", "application/openmetrics-text"), {}, "cut short", id="cut short"),
    ],
)
async def test_half_a_scrape_is_none(
    web: Web, tools: Tools, response: bytes, given: dict[str, Any], problem: str
) -> None:
    """The reading fails as a whole, and the error says why."""
    async with web(lambda *_: response) as server:
        with pytest.raises((ProbeError, ValueError), match=problem):
            await endpoint(tools, server.port, **given).read()


async def test_series_that_come_and_go_do_not_pile_up(web: Web, tools: Tools) -> None:
    """What is remembered of the texts is bounded."""
    calls: list[int] = []

    def respond(*_: object) -> bytes:
        calls.append(1)
        return answer("".join(f'a{{n="{len(calls)}-{number}"}} 1\n' for number in range(10)).encode())

    async with web(respond) as server:
        source = endpoint(tools, server.port, samples_max=10)
        for _ in range(12):
            assert len(await source.read()) == 10
    assert len(source._known) <= 40
