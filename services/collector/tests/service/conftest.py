"""The collector as a process of its own."""

import asyncio
import json
import os
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from watchkeeper.common.bus import KafkaSettings, Received, tail
from watchkeeper.common.events import METRICS_TOPIC, MetricsBatch, check_series, decode_metrics
from watchkeeper.embedded.ports import free_port

WAIT_S = 60.0
QUIET = 6
"""So many looks in a row that find nothing (a second and a half) are the topic's end."""
MODULE = (sys.executable, "-m", "watchkeeper.collector")


class Collector:
    """A running collector."""

    def __init__(self, process: asyncio.subprocess.Process, health_port: int, log: Path) -> None:
        """Keep the process and where it answers."""
        self.process, self.health_port, self._log = process, health_port, log

    def get(self, path: str) -> str:
        """What its health server answers, whatever the status."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.health_port}{path}", timeout=5) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return str(error.read().decode())
        except OSError:
            return "{}"

    def part(self, name: str) -> bool | None:
        """Whether a part of it works, None where it has not said so."""
        parts = json.loads(self.get("/readyz")).get("parts", {})
        return parts[name]["ok"] if name in parts else None

    def count(self, fate: str) -> int:
        """How many batches became of this."""
        for line in self.get("/metrics").splitlines():
            if line.startswith(f'watchkeeper_collector_batches_total{{fate="{fate}"}}'):
                return int(float(line.rsplit(" ", 1)[1]))
        return 0

    def log(self) -> str:
        """All that it has logged."""
        return self._log.read_text()

    async def until(self, condition: Callable[[], Any]) -> None:
        """Wait until ``condition`` holds; fails with the log after a minute."""
        for _ in range(int(WAIT_S / 0.1)):
            if await asyncio.to_thread(condition):
                return
            assert self.process.returncode is None, self.log()
            await asyncio.sleep(0.1)
        raise AssertionError(f"waited in vain; its log:\n{self.log()}")

    async def stop(self) -> int:
        """Ask it to end; answers its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), 15)

    async def kill(self) -> None:
        """End it without a chance to do anything."""
        self.process.kill()
        await self.process.wait()


StartCollector = Callable[..., AbstractAsyncContextManager[Collector]]


@pytest.fixture
def start_collector(tmp_path: Path) -> StartCollector:
    """Start a collector with a configuration file and a Kafka; several starts share the spool."""
    starts: list[int] = []

    @asynccontextmanager
    async def start(configuration: str, servers: str, **environment: str) -> AsyncIterator[Collector]:
        starts.append(1)
        (tmp_path / "collector.toml").write_text(configuration)
        log, port = tmp_path / f"collector-{len(starts)}.log", free_port()
        own = {
            "WK_COLLECTOR_CONFIG": str(tmp_path / "collector.toml"),
            "WK_COLLECTOR_SPOOL_DIR": str(tmp_path / "spool"),
            "WK_KAFKA_SERVERS": servers,
            "WK_KAFKA_REQUEST_TIMEOUT_S": "2",
            "WK_HEALTH_PORT": str(port),
            **environment,
        }
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(*MODULE, env=os.environ | own, stderr=output)
        try:
            yield Collector(process, port, log)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    return start


async def published(kafka: KafkaSettings, host: str, since_ms: int) -> list[MetricsBatch]:
    """All batches of ``host`` on the topic, in order; each has been decoded and its series have been checked."""
    found: list[MetricsBatch] = []
    quiet = 0
    arriving = cast("AsyncGenerator[list[Received]]", tail(kafka, METRICS_TOPIC, since_ms=since_ms))
    async with aclosing(arriving):
        async for records in arriving:
            for record in records:
                if record.key == host.encode() and record.value is not None:
                    batch = decode_metrics(record.value)
                    check_series(batch)
                    found.append(batch)
            quiet = 0 if records else quiet + 1
            if quiet > QUIET:
                break
    return found


@pytest.fixture
def batches_of() -> Callable[..., Any]:
    """What is on the topic; call it with a Kafka, a host and a time in milliseconds."""
    return published
