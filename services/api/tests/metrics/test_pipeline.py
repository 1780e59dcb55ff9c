"""From a push through Kafka and the real recorder into the store, and out again."""

import asyncio
import os
import secrets
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from watchkeeper.common.bus import KafkaSettings, end_offsets
from watchkeeper.common.events import METRICS_TOPIC

pytestmark = pytest.mark.store

WAIT_S = 60.0
FROM_HERE = "INSERT INTO consumer_offsets (consumer, topic, partition, next_offset) VALUES ('recorder', $1, $2, $3)"


@pytest.fixture
async def recorder(api: Any, kafka: KafkaSettings, topics: Any, database_url: str) -> AsyncIterator[None]:
    """The recorder as a process on the api's own database, beginning at the topic's end."""
    async with api.store.connection() as connection:
        for partition, offset in (await end_offsets(kafka, METRICS_TOPIC)).items():
            await connection.execute(FROM_HERE, METRICS_TOPIC, partition, offset)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "watchkeeper.recorder",
        env={
            **os.environ,
            "WK_KAFKA_SERVERS": kafka.servers,
            "WK_DATABASE_URL": database_url,
            "WK_RECORDER_ROLLUP_EVERY_S": "0.5",
            "WK_RECORDER_CONSUMER": "recorder",
        },
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


async def test_what_is_pushed_comes_out_of_every_door(api: Any, recorder: Any) -> None:
    shop, now_s = f"shop-{secrets.token_hex(4)}", int(time.time())
    times = [now_s - 300 + 10 * k for k in range(30)]
    samples = [
        {"name": name, "value": value, "kind": kind, "unit": unit, "time": at}
        for k, at in enumerate(times)
        for name, value, kind, unit in (
            ("app.users.active", k, "gauge", "{user}"),
            ("http.server.requests", 20 * k, "counter", "{request}"),
        )
    ]
    pushed = {"resource": {"id": shop, "name": "Shop", "environment": "test"}, "samples": samples}
    for _ in range(2):  # the second time changes nothing
        answer = await api.clients["ingest_key"].post("/api/metrics", json=pushed)
        assert answer.json() == {"accepted": 60, "refused": []}
    reader = api.clients["read_key"]
    await stored(reader, shop)

    (host,) = (await reader.get("/api/metrics/current", params={"host": shop, "type": "active_users"})).json()["hosts"]
    assert (host["kind"], host["name"], host["metrics"]["active_users"]["value"]) == ("application", "Shop", 29)
    params = {"host": shop, "from": times[0], "to": times[-1] + 10, "step": 10}
    users = (await reader.get("/api/metrics/history/active_users", params=params)).json()
    start = (times[0] - users["times_s"][0]) // 10
    assert users["lines"][0]["values"][start : start + 29] == list(range(29))
    requests = (await reader.get("/api/metrics/history/throughput", params=params)).json()
    known = [value for value in requests["lines"][0]["values"] if value is not None]
    assert known == [pytest.approx(2.0)] * 29
    exported = await reader.get("/api/export/metrics.csv", params={"series": "app.users.active", "range": "1h"})
    assert len(exported.text.splitlines()) == 31
    listed = (await reader.get("/api/series", params={"host": shop})).json()["series"]
    assert [(one["name"], one["kind"]) for one in listed] == [
        ("app.users.active", "gauge"),
        ("http.server.requests", "counter"),
    ]


async def stored(reader: Any, shop: str) -> None:
    """Wait until the newest sample is stored."""
    async with asyncio.timeout(WAIT_S):
        while True:
            answer = await reader.get("/api/metrics/current", params={"host": shop, "type": "active_users"})
            if answer.status_code == 200 and answer.json()["hosts"][0]["metrics"]["active_users"]["value"] == 29:
                return
            await asyncio.sleep(0.2)
