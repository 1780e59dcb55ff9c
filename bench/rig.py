"""Real engines in a temporary folder and real services on them, for the benchmarks."""

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from watchkeeper.common.bus import BusError, KafkaSettings, Producer, Record, ensure_topics, open_producer
from watchkeeper.embedded.engine import running
from watchkeeper.embedded.kafka import Kafka
from watchkeeper.embedded.ports import free_port
from watchkeeper.embedded.postgres import Postgres

READY_S = 60.0
STOP_S = 15.0
SENT_AT_ONCE = 4_000


@dataclass(frozen=True)
class Rig:
    """Running engines; ``environment`` is what a service needs to find them."""

    folder: Path
    kafka: KafkaSettings
    database_url: str

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a service on these engines."""
        return {
            **os.environ,
            "WK_KAFKA_SERVERS": self.kafka.servers,
            "WK_DATABASE_URL": self.database_url,
            "WK_LOG_LEVEL": "warning",
        }


@dataclass(frozen=True)
class Service:
    """A running service: its process and its health server's address."""

    process: subprocess.Popen[bytes]
    health: str


@contextlib.contextmanager
def engines() -> Iterator[Rig]:
    """Embedded Kafka and PostgreSQL, as durable as ``wk up`` runs them, gone with the block."""
    with tempfile.TemporaryDirectory(prefix="watchkeeper-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with running(Kafka(folder / "kafka")) as kafka, running(Postgres(folder / "postgres")) as postgres:
            rig = Rig(folder, KafkaSettings(servers=kafka.servers), postgres.url)
            asyncio.run(_topics(rig.kafka))
            yield rig


@contextlib.contextmanager
def service(
    rig: Rig, name: str, environment: Mapping[str, str] | None = None, python: str = sys.executable
) -> Iterator[Service]:
    """The service ``name`` on the rig's engines, ready; raises ``TimeoutError`` with the tail of its log."""
    port = free_port()
    log = rig.folder / f"{name}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [python, "-m", f"watchkeeper.{name}"],
            env=rig.environment | {"WK_HEALTH_PORT": str(port)} | dict(environment or {}),
            stdout=output,
            stderr=output,
        )
    try:
        health = f"http://127.0.0.1:{port}"

        def complaint() -> str:
            return f"{name} is not ready: {log.read_text()[-2000:]}"

        wait_until(lambda: process.poll() is not None or _ready(f"{health}/readyz"), READY_S, complaint)
        if process.poll() is not None:
            raise TimeoutError(complaint())
        yield Service(process, health)
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_S)


def wait_until(holds: Callable[[], bool], timeout_s: float, complaint: Callable[[], str], pause_s: float = 0.1) -> None:
    """Return as soon as ``holds``; raises ``TimeoutError`` with ``complaint`` after ``timeout_s``."""
    deadline_s = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > deadline_s:
            raise TimeoutError(complaint())
        time.sleep(pause_s)


async def publish(kafka: KafkaSettings, records: Iterable[Record]) -> int:
    """Send ``records`` and wait for all acknowledgements; answers how many. Raises ``BusError`` for one refused."""
    sent = 0
    async with open_producer(kafka, "bench", retry_backoff_ms=5) as producer:
        chunk: list[Record] = []
        for record in records:
            chunk.append(record)
            if len(chunk) == SENT_AT_ONCE:
                sent += await _send(producer, chunk)
                chunk = []
        sent += await _send(producer, chunk)
    return sent


async def _send(producer: Producer, records: list[Record]) -> int:
    for answer in await producer.send_all(records):
        if isinstance(answer, BusError):
            raise answer
    return len(records)


async def _topics(kafka: KafkaSettings) -> None:
    await ensure_topics(kafka)


def _ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
