"""The health report over HTTP: with everything there, with engines away, with a service that hangs."""

import asyncio
import socket
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from watchkeeper.api.app import create_app
from watchkeeper.api.context import new_context
from watchkeeper.api.health import looks
from watchkeeper.api.health.report import Board, Disk, Status
from watchkeeper.api.settings import ApiSettings
from watchkeeper.common.bus import KafkaSettings, end_offsets, open_producer
from watchkeeper.common.events import METRICS_TOPIC
from watchkeeper.common.health import HealthServer
from watchkeeper.common.service import Running
from watchkeeper.common.settings import HealthSettings
from watchkeeper.common.store import DatabaseSettings

pytestmark = pytest.mark.store

WAIT_S = 30.0


async def settled(client: httpx.AsyncClient, *, parts: int) -> dict[str, Any]:
    """The report once it has that many parts."""
    async with asyncio.timeout(WAIT_S):
        while True:
            told: dict[str, Any] = (await client.get("/api/system/health")).json()
            if len(told.get("parts", ())) >= parts:
                return told
            await asyncio.sleep(0.05)


async def test_engines_lag_and_delay_are_told_to_readers(api: Any, seed_api: Any, topics: Any) -> None:
    now_s = time.time()
    await seed_api.series("a", "system.cpu.utilization", [(now_s - 12, 0.2), (now_s - 2, 0.4)])
    async with asyncio.timeout(WAIT_S):
        while True:
            told = await settled(api.clients["viewer"], parts=3)
            if told["delay_s"] is not None and told["lag"]:
                break
            await asyncio.sleep(0.1)
    assert {(part["name"], part["kind"], part["status"]) for part in told["parts"]} == {
        ("api", "service", "ok"),
        ("kafka", "engine", "ok"),
        ("database", "engine", "ok"),
    }
    assert all(part["latency_s"] > 0 for part in told["parts"] if part["kind"] == "engine")
    assert [part["detail"] for part in told["parts"] if part["name"] == "api"] == ["up 0 min"]
    assert 2 <= told["delay_s"] < WAIT_S
    assert told["lag"][METRICS_TOPIC]["records"] >= 0
    assert told["status"] == "ok"


async def test_strangers_and_keys_without_reading_are_told_the_status_alone(api: Any) -> None:
    async with asyncio.timeout(WAIT_S):
        while (await settled(api.admin, parts=3))["status"] != "ok":  # noqa: ASYNC110 - no event to wait for
            await asyncio.sleep(0.1)
    for who in ("anonymous", "ingest_key"):
        answer = await api.clients[who].get("/api/system/health")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_a_collector_that_keeps_samples_on_disk_is_told(api: Any, seed_api: Any) -> None:
    now_s = time.time()
    await seed_api.series("web", "watchkeeper.spool.size", [(now_s - 12, 5e6), (now_s - 2, 4.5e6)], unit="By")
    told = await settled(api.admin, parts=4)
    (collector,) = [part for part in told["parts"] if part["name"] == "collector"]
    assert (collector["status"], told["status"]) == ("degraded", "degraded")
    assert "name of web (4.5 MB)" in collector["detail"]


async def test_with_both_engines_away_and_a_service_that_hangs_it_still_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(looks, "DEADLINE_S", 0.5)
    monkeypatch.setattr(looks, "CONNECT_S", 0.3)
    recorder = Running("recorder")
    recorder.ready("database", ok=False, detail="waits for it")
    server = HealthServer(HealthSettings(port=0), recorder)
    server.start()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        closed = free_port()
        hanging = silent.getsockname()[1]
        settings = ApiSettings(
            kafka=KafkaSettings(servers=f"127.0.0.1:{closed}", request_timeout_s=1),
            database=DatabaseSettings(url=SecretStr(f"postgresql://u:p@127.0.0.1:{closed}/d"), connect_timeout_s=1),
            services={
                "recorder": f"http://127.0.0.1:{server.port}",
                "hangs": f"http://127.0.0.1:{hanging}",
                "gone": f"http://127.0.0.1:{closed}/",
            },
        )
        async with open_producer(settings.kafka, "test") as producer:
            context = new_context(settings, producer, Running("api"))
            task = asyncio.create_task(looks.run(context))
            transport = httpx.ASGITransport(create_app(context))
            try:
                async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
                    async with asyncio.timeout(WAIT_S):
                        while len(context.board.parts) < 6:  # noqa: ASYNC110 - what is looked at has no event
                            await asyncio.sleep(0.05)
                    answer = await client.get("/api/system/health")
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                await asyncio.to_thread(server.stop)
    assert (answer.status_code, answer.json()) == (503, {"status": "down"})
    found = {name: (part.finding.status, part.finding.detail) for name, part in context.board.parts.items()}
    assert found["recorder"] == ("degraded", "database: waits for it")
    assert {found[name][0] for name in ("hangs", "gone", "kafka", "database")} == {"down"}
    assert "keep their samples on disk" in found["kafka"][1]
    assert found["kafka"][1][-1] not in ": ."


async def test_the_disk_and_a_collector_that_keeps_samples_are_told(api: Any, seed_api: Any, tmp_path: Path) -> None:
    now_s = time.time()
    await seed_api.series("web", "watchkeeper.spool.size", [(now_s - 12, 5e6), (now_s - 2, 4.5e6)], unit="By")
    collector = Running("collector")
    collector.ready("kafka", ok=True)
    server = HealthServer(HealthSettings(port=0), collector)
    server.start()
    shared = api.context.settings
    settings = ApiSettings(
        kafka=shared.kafka,
        database=shared.database,
        data_dir=tmp_path,
        services={"collector": f"http://127.0.0.1:{server.port}"},
    )
    context = new_context(settings, api.context.producer, Running("api"))
    context.store = api.store
    task = asyncio.create_task(looks.run(context))
    try:
        async with asyncio.timeout(WAIT_S):
            while "web" not in detail(context.board, "collector") or context.board.disk is None:  # noqa: ASYNC110 - no event to wait for
                await asyncio.sleep(0.02)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.to_thread(server.stop)
    told = context.board.told(context.clock.now_ms())
    assert told["disk"]["total_bytes"] >= told["disk"]["free_bytes"] > 0
    assert told["status"] == "degraded"
    assert detail(context.board, "collector") == "samples wait on disk at name of web (4.5 MB)"


def detail(board: Board, name: str) -> str:
    """What was found last of a part; empty for nothing."""
    return board.parts[name].finding.detail if name in board.parts else ""


async def test_kafkas_latency_is_that_of_an_answer_not_of_reading_the_ends(
    api: Any, topics: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client with which the ends are read waits when it is closed; here it waits for longer, to be told apart."""

    async def late(settings: KafkaSettings, topic: str) -> dict[int, int]:
        await asyncio.sleep(1.2)
        return await end_offsets(settings, topic)

    monkeypatch.setattr(looks, "end_offsets", late)
    board = Board()
    assert await looks._kafka(api.context, board)() is Status.OK
    latency_s = board.parts["kafka"].finding.latency_s
    assert latency_s is not None
    assert latency_s < 1.0
    assert board.ends


async def test_a_folder_that_is_not_there_leaves_the_disk_unknown(tmp_path: Path) -> None:
    board = Board(disk=Disk(1, 2))
    assert await looks._disk(board, tmp_path / "gone")() is Status.OK
    assert board.disk is None


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
