"""The ledger: whatever is killed, every acknowledged sample is stored exactly once.

Real engines of the test's own, a recorder as a process, and a producer that keeps the books: what Kafka has
acknowledged is owed. Meanwhile the recorder, Kafka and PostgreSQL are killed (SIGKILL) in a seeded order, at seeded
moments.
"""

import asyncio
import contextlib
import os
import random
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Protocol

import asyncpg
import pytest
from pydantic import SecretStr

from watchkeeper.common.bus import BusError, KafkaSettings, Record, end_offsets, ensure_topics, open_producer
from watchkeeper.common.events import DEAD_LETTERS_TOPIC, METRICS_TOPIC, MetricsBatch, Resource, encode
from watchkeeper.common.ids import batch_id
from watchkeeper.common.store import DatabaseSettings, open_store
from watchkeeper.embedded.engine import Engine, log_file
from watchkeeper.embedded.kafka import Kafka
from watchkeeper.embedded.postgres import Postgres
from watchkeeper.embedded.process import PID_FILE, Child

pytestmark = [pytest.mark.ledger, pytest.mark.timeout(300)]

HOSTS = 20
SERIES = 40
BATCHES_MIN = 3_000
BURST = 50
STEP_MS = 1_000
READY_S = 60.0
SETTLED_S = 90.0

TEXTS = [f'ledger.value{{n="{number:02}"}}' for number in range(SERIES)]

SAMPLES = """
    SELECT resource_id, text, (extract(epoch FROM ts) * 1000)::bigint AS ms, value
    FROM samples JOIN series USING (series_id)
"""
WRITTEN = "SELECT partition, next_offset FROM consumer_offsets"
ROLLED = "SELECT coalesce(sum(count), 0)::bigint FROM samples_minute"


class Killable(Protocol):
    """Something that is started and killed."""

    async def start(self) -> None:
        """Start it and wait until it serves."""
        ...

    def kill(self) -> None:
        """SIGKILL."""
        ...


class EngineRun:
    """An engine that may be killed and started again."""

    def __init__(self, engine: Engine) -> None:
        """Not started yet."""
        self._engine = engine
        self._child: Child | None = None

    async def start(self) -> None:
        """Start it as the supervisor does: what a killed run left may make the first try fail."""
        deadline_s = time.monotonic() + READY_S
        while True:
            self._engine.prepare()
            self._child = Child(self._engine.command(), log_file(self._engine), self._engine.folder / PID_FILE)
            while self._child.exit_code() is None:
                if await asyncio.to_thread(self._engine.is_ready):
                    return
                assert time.monotonic() < deadline_s, f"{self._engine.name} is not ready"
                await asyncio.sleep(0.05)
            await asyncio.sleep(0.2)

    def kill(self) -> None:
        """End it at once."""
        assert self._child is not None
        assert self._child.exit_code() is None, f"{self._engine.name} ended by itself"
        self._child.kill()
        self._child.wait()

    def stop(self) -> None:
        """End it in good order."""
        if self._child is not None:
            self._child.stop()


class RecorderRun:
    """A recorder process."""

    def __init__(self, variables: dict[str, str], log: Path) -> None:
        """Not started yet."""
        self._variables = variables
        self._log = log
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it; it waits for its engines by itself."""
        with self._log.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "watchkeeper.recorder", env=self._variables, stdout=output, stderr=output
            )

    def kill(self) -> None:
        """End it at once; it must not have ended by itself."""
        assert self._process is not None
        assert self._process.returncode is None, f"the recorder ended by itself: {self._log.read_text()[-3000:]}"
        self._process.kill()

    async def stop(self) -> int:
        """End it in good order; answers its exit code."""
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        return await self._process.wait()


def value_of(host: int, number: int, step: int) -> float:
    """The value that this sample must have."""
    return host * 1e6 + step * 100.0 + number


def batch_of(host: int, step: int, start_ms: int) -> MetricsBatch:
    """The batch of ``host`` at ``step``."""
    time_ms, name = start_ms + step * STEP_MS, f"host-{host:02}"
    return MetricsBatch(
        batch_id=batch_id(name, "ledger", time_ms), time_ms=time_ms, source="ledger", resource=Resource(id=name),
        series=TEXTS, units=["1"] * SERIES, kinds=["gauge"] * SERIES,
        values=[value_of(host, number, step) for number in range(SERIES)],
    )  # fmt: skip


async def produce(kafka: KafkaSettings, start_ms: int, go_on: Callable[[], bool]) -> int:
    """Send batch after batch until acknowledged, each as often as that takes; answers how many are owed."""
    sent = 0
    async with open_producer(kafka, "ledger") as producer:
        while sent < BATCHES_MIN or go_on():
            burst = [batch_of(n % HOSTS, n // HOSTS, start_ms) for n in range(sent, sent + BURST)]
            waiting = [Record(METRICS_TOPIC, batch.resource.id, encode(batch)) for batch in burst]
            while waiting:
                answers = await producer.send_all(waiting)
                waiting = [r for r, answer in zip(waiting, answers, strict=True) if isinstance(answer, BusError)]
                await asyncio.sleep(0.1)
            sent += BURST
    return sent


async def havoc(draw: random.Random, victims: list[Killable]) -> None:
    """Kill each of ``victims`` in a drawn order, after drawn pauses, and start it again."""
    draw.shuffle(victims)
    for victim in victims:
        await asyncio.sleep(draw.uniform(0.5, 3))
        victim.kill()
        await asyncio.sleep(draw.uniform(0, 1.5))
        await victim.start()


@contextlib.asynccontextmanager
async def engines(folder: Path) -> AsyncIterator[tuple[Kafka, EngineRun, Postgres, EngineRun]]:
    """Kafka and a PostgreSQL that keeps its word when it is killed, both running."""
    kafka, postgres = Kafka(folder / "kafka"), Postgres(folder / "postgres", durable=True)
    runs = EngineRun(kafka), EngineRun(postgres)
    try:
        await asyncio.gather(*(run.start() for run in runs))
        await asyncio.to_thread(postgres.complete)
        yield kafka, runs[0], postgres, runs[1]
    finally:
        for run in runs:
            await asyncio.to_thread(run.stop)


async def until(check: Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait until ``check`` is true."""
    deadline_s = time.monotonic() + SETTLED_S
    while not await check():
        assert time.monotonic() < deadline_s, f"{what}: not within {SETTLED_S:g} s"
        await asyncio.sleep(0.2)


@pytest.mark.parametrize("seed", [20261124])
async def test_every_acknowledged_sample_is_stored_exactly_once(tmp_path: Path, seed: int) -> None:
    """At least 100,000 samples with known values; eight kills, of the recorder, Kafka and PostgreSQL."""
    start_ms = time.time_ns() // 1_000_000 // 60_000 * 60_000 - 3 * 3_600_000
    async with engines(tmp_path) as (kafka, kafka_run, postgres, postgres_run):
        bus = KafkaSettings(servers=kafka.servers, partitions=4, request_timeout_s=5)
        await ensure_topics(bus)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("WK_")}
        variables = {
            "WK_KAFKA_SERVERS": kafka.servers,
            "WK_DATABASE_URL": postgres.url,
            "WK_RECORDER_RECORDS_MAX": "100",
            "WK_RECORDER_ROLLUP_EVERY_S": "1",
            "WK_RECORDER_INSTANCE": "ledger",
        }
        recorder = RecorderRun(kept | variables, tmp_path / "recorder.log")
        await recorder.start()
        victims: list[Killable] = [recorder, postgres_run, kafka_run] * 2
        victims += [recorder, postgres_run]
        wreck = asyncio.create_task(havoc(random.Random(seed), victims))
        owed = await produce(bus, start_ms, lambda: not wreck.done())
        await wreck
        await settle(bus, postgres.url, owed)
        assert await recorder.stop() == 0
        await check_books(bus, postgres.url, owed, start_ms)


async def settle(bus: KafkaSettings, url: str, owed: int) -> None:
    """Wait until everything in Kafka is behind the recorder, and rolled up."""
    ends = await end_offsets(bus, METRICS_TOPIC)
    assert sum(ends.values()) >= owed
    async with open_store(DatabaseSettings(url=SecretStr(url))) as store:

        async def written() -> bool:
            async with store.connection() as connection:
                return {row["partition"]: row["next_offset"] for row in await connection.fetch(WRITTEN)} == ends

        async def rolled() -> bool:
            async with store.connection() as connection:
                return bool(await connection.fetchval(ROLLED) == owed * SERIES)

        await until(written, "everything behind the recorder")
        await until(rolled, "every sample in its minute, once")


async def check_books(bus: KafkaSettings, url: str, owed: int, start_ms: int) -> None:
    """Compare every row with what is owed: none missing, none twice, each with its value; no dead letter."""
    expected = {
        (f"host-{n % HOSTS:02}", TEXTS[number], start_ms + n // HOSTS * STEP_MS): value_of(
            n % HOSTS, number, n // HOSTS
        )
        for n in range(owed)
        for number in range(SERIES)
    }
    assert len(expected) >= 100_000
    connection = await asyncpg.connect(url, timeout=10, command_timeout=60)
    try:
        rows = await connection.fetch(SAMPLES)
    finally:
        await connection.close()
    assert len(rows) == len(expected)
    assert {(row["resource_id"], row["text"], row["ms"]): row["value"] for row in rows} == expected
    assert set((await end_offsets(bus, DEAD_LETTERS_TOPIC)).values()) == {0}
