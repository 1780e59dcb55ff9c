"""The live channel over HTTP, from a real Kafka to open streams."""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from watchkeeper.api.health.report import Finding, Status
from watchkeeper.api.live import routes
from watchkeeper.api.web.guard import still_allowed
from watchkeeper.common.events import METRICS_TOPIC, MetricsBatch, Resource, encode

pytestmark = pytest.mark.store

WAIT_S = 20.0


def batch(host: str, value: float, name: str = "system.cpu.utilization") -> bytes:
    return encode(
        MetricsBatch(
            batch_id=secrets.token_hex(8),
            time_ms=time.time_ns() // 1_000_000,
            source="test",
            resource=Resource(id=host),
            series=[name],
            units=["1"],
            kinds=["gauge"],
            values=[value],
        )
    )


async def stream(api: Any, **params: Any) -> AsyncIterator[tuple[str, str, Any]]:
    """(event, id, data) as they come."""
    headers = params.pop("headers", {})
    client = api.clients["read_key"]
    async with client.stream("GET", "/api/live", params=params, headers=headers, timeout=WAIT_S) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        fields: dict[str, str] = {}
        async for line in answer.aiter_lines():
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            else:
                if "data" in fields:
                    yield fields["event"], fields.get("id", ""), json.loads(fields["data"])
                fields = {}


async def first(events: AsyncIterator[tuple[str, str, Any]], kind: str) -> tuple[str, Any]:
    async with asyncio.timeout(WAIT_S):
        async for event, id_, data in events:
            if event == kind:
                return id_, data
    raise AssertionError("the stream ended")


async def test_a_batch_reaches_those_who_want_it(api: Any, topics: Any) -> None:
    host = f"live-{secrets.token_hex(4)}"
    events = stream(api, host=host)
    await first(events, "state")
    await api.context.producer.send(METRICS_TOPIC, f"{host}-other", batch(f"{host}-other", 0.1))
    await api.context.producer.send(METRICS_TOPIC, host, batch(host, 0.5))
    _, data = await first(events, "metrics")
    assert (data["host"], data["source"], data["values"]) == (host, "test", {"cpu": 0.5})
    await events.aclose()  # type: ignore[attr-defined]  # an async generator has it


async def test_a_client_resumes_after_the_last_id_by_header_and_by_parameter(api: Any, topics: Any) -> None:
    host = f"live-{secrets.token_hex(4)}"
    events = stream(api, host=host)
    await first(events, "state")
    await api.context.producer.send(METRICS_TOPIC, host, batch(host, 0.1))
    id_, _ = await first(events, "metrics")
    await events.aclose()  # type: ignore[attr-defined]  # the same
    await api.context.producer.send(METRICS_TOPIC, host, batch(host, 0.2))
    for how in ({"headers": {"Last-Event-ID": id_}}, {"last_event_id": id_}):
        again = stream(api, host=host, **how)
        _, data = await first(again, "metrics")
        assert data["values"] == {"cpu": 0.2}
        await again.aclose()  # type: ignore[attr-defined]  # the same


async def test_an_unknown_id_is_answered_with_a_reset(api: Any) -> None:
    events = stream(api, last_event_id="0-5")
    _, data = await first(events, "reset")
    assert data == {"reason": "unknown"}
    await events.aclose()  # type: ignore[attr-defined]  # an async generator has it


async def _see_it_away(api: Any) -> None:
    """Overrule the looks at Kafka, which find it there."""
    while True:
        api.context.board.put("kafka", "engine", Finding(Status.DOWN, "away"), api.context.clock.now_ms())
        await asyncio.sleep(0.01)


async def _reported(api: Any) -> str:
    parts = (await api.admin.get("/api/system/health")).json()["parts"]
    return next(str(part["status"]) for part in parts if part["name"] == "kafka")


async def test_kafka_away_and_back_is_told_and_the_health_report_says_the_same(api: Any) -> None:
    events = stream(api)
    while (await first(events, "state"))[1]["kafka"] != "up":
        pass
    looking = asyncio.create_task(_see_it_away(api))
    try:
        assert (await first(events, "state"))[1]["kafka"] == "down"
        assert await _reported(api) == "down"
    finally:
        looking.cancel()
    assert (await first(events, "state"))[1]["kafka"] == "up"
    assert await _reported(api) in {"ok", "degraded"}
    await events.aclose()  # type: ignore[attr-defined]  # an async generator has it


async def test_a_client_that_goes_is_forgotten(api: Any) -> None:
    events = stream(api)
    await first(events, "state")
    assert api.context.hub.readers == 1
    await events.aclose()  # type: ignore[attr-defined]  # the same
    async with asyncio.timeout(WAIT_S):
        while api.context.hub.readers:  # noqa: ASYNC110 - what is looked at has no event
            await asyncio.sleep(0.01)


async def test_streams_end_when_the_service_stops(api: Any) -> None:
    events = stream(api)
    await first(events, "state")
    api.context.running.until_stopped.set()
    async with asyncio.timeout(WAIT_S):
        assert [event async for event, _, _ in events if event != "metrics"] == []


async def test_an_unknown_type_is_refused(api: Any) -> None:
    answer = await api.admin.get("/api/live", params={"type": "cpuu"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "type")


async def test_streams_of_one_caller_and_of_all_are_bounded(
    kafka: Any, database_url: str, topics: Any, start_api: Any
) -> None:
    async with start_api(kafka, database_url, live_readers_per_caller=1, live_readers_max=2) as api:
        events = stream(api)
        await first(events, "state")
        answer = await api.clients["read_key"].get("/api/live")
        assert (answer.status_code, "at most 1" in answer.json()["detail"]) == (429, True)
        assert int(answer.headers["retry-after"]) > 0
        async with api.clients["viewer"].stream("GET", "/api/live", timeout=WAIT_S) as other:
            assert other.status_code == 200
            answer = await api.admin.get("/api/live")
            assert (answer.status_code, int(answer.headers["retry-after"]) > 0) == (503, True)
        await events.aclose()  # type: ignore[attr-defined]  # an async generator has it
        async with asyncio.timeout(WAIT_S):
            while api.context.hub.readers:  # noqa: ASYNC110 - what is looked at has no event
                await asyncio.sleep(0.01)
        again = stream(api)
        await first(again, "state")
        await again.aclose()  # type: ignore[attr-defined]  # the same


@pytest.mark.parametrize("busy", [False, True], ids=["silent", "busy"])
async def test_a_stream_ends_once_its_key_is_revoked(api: Any, monkeypatch: pytest.MonkeyPatch, *, busy: bool) -> None:
    monkeypatch.setattr(routes, "CHECK_S", 0.05)
    events = stream(api)
    await first(events, "state")
    assert (await api.admin.delete(f"/api/keys/{api.ids['read_key']}")).status_code == 204
    stop = asyncio.Event()

    async def write() -> None:
        while busy and not stop.is_set():
            api.context.hub.publish([api.context.hub.event("a", 1_000, "test", {"cpu": 1.0})])
            await asyncio.sleep(0)

    writing = asyncio.create_task(write())
    try:
        assert (await first(events, "end"))[1] == {"reason": "access"}
        async with asyncio.timeout(WAIT_S):
            assert [event async for event in events] == []
    finally:
        stop.set()
        await writing


async def test_a_stream_goes_on_while_the_database_is_away(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "CHECK_S", 0.01)
    asked = 0

    async def counted(request: Any) -> bool:
        nonlocal asked
        asked += 1
        return await still_allowed(request)

    monkeypatch.setattr(routes, "still_allowed", counted)
    events = stream(api)
    await first(events, "state")
    store, api.context.store = api.context.store, None
    try:
        async with asyncio.timeout(WAIT_S):
            while asked < 3:  # noqa: ASYNC110 - what is looked at has no event
                await asyncio.sleep(0.01)
        api.context.hub.publish([api.context.hub.event("a", 1_000, "test", {"cpu": 1.0})])
        assert (await first(events, "metrics"))[1]["host"] == "a"
    finally:
        api.context.store = store
    await events.aclose()  # type: ignore[attr-defined]  # an async generator has it
