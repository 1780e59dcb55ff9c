"""What the recorder depends on goes away and comes back; nothing is lost, nothing twice, nothing dead-lettered."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from pydantic import SecretStr

from watchkeeper.common.bus import KafkaSettings, open_producer
from watchkeeper.embedded.engine import running as engine
from watchkeeper.embedded.kafka import Kafka

pytestmark = pytest.mark.store


class Gate:
    """A way to a server that can be shut: connections through it break, and new ones are refused."""

    def __init__(self, host: str, port: int) -> None:
        """Lead to ``host``:``port``."""
        self._target = (host, port)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def open(self) -> None:
        """Let connections through, on the same port as before."""
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def shut(self) -> None:
        """Break what goes through."""
        assert self._server is not None
        self._server.close()
        for writer in self._open:
            writer.transport.abort()
        self._open.clear()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection(*self._target)
            self._open |= {writer, far_writer}
            await asyncio.gather(_pass(reader, far_writer), _pass(far_reader, writer))
            self._open -= {writer, far_writer}


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


@pytest.fixture
async def gate(rig: Any) -> AsyncIterator[Gate]:
    """A gate before the test's database."""
    address = urlsplit(rig.store.settings.url.get_secret_value())
    assert address.hostname
    made = Gate(address.hostname, address.port or 5432)
    await made.open()
    yield made
    made.shut()


def behind(rig: Any, gate: Gate) -> Any:
    """Database settings that lead through ``gate``."""
    address = urlsplit(rig.store.settings.url.get_secret_value())
    there = address._replace(netloc=f"{address.username}:{address.password}@127.0.0.1:{gate.port}")
    return rig.store.settings.model_copy(update={"url": SecretStr(urlunsplit(there))})


async def test_a_database_that_goes_away_is_waited_for(rig: Any, gate: Gate) -> None:
    """Away at the start, and in the middle; what came meanwhile is stored once it is back."""
    batches = [rig.batch({"a": float(n)}, age_s=1_000 - n) for n in range(300)]
    gate.shut()
    async with rig.recorder(database=behind(rig, gate)) as running:
        await rig.until_not_ready(running, "database")
        await rig.send(*batches[:100])
        await gate.open()
        await rig.until_written(100)
        gate.shut()
        await rig.send(*batches[100:200])
        await rig.until_not_ready(running, "database")
        await gate.open()
        await rig.until_written(200)
        await rig.send(*batches[200:])
        await rig.until_written(300)
        await rig.until_ready(running)
    assert await rig.stored() == rig.rows(batches)
    assert await rig.letters() == []


async def test_a_connection_that_breaks_now_and_then_costs_nothing(rig: Any, gate: Gate) -> None:
    """Whether a commit arrived before its connection broke or not: each sample once."""
    batches = [rig.batch({"a": float(n), "b": 1.0}, resource=f"h{n % 7}", age_s=3_000 - n) for n in range(2_000)]
    async with rig.recorder(database=behind(rig, gate), records_max=20):
        sending = asyncio.create_task(rig.send(*batches))
        for _ in range(8):
            await asyncio.sleep(0.15)
            gate.shut()
            await gate.open()
        await sending
        await rig.until_written(len(batches))
    assert await rig.stored() == rig.rows(batches)


async def test_a_partition_waits_until_the_database_says_where_it_begins(rig: Any) -> None:
    """The group has assigned it, the offsets cannot be read yet: nothing is skipped, nothing is read twice."""
    batches = [rig.batch({"a": float(n)}, age_s=100 - n) for n in range(10)]
    await rig.send(*batches)
    impatient = rig.store.settings.model_copy(update={"statement_timeout_s": 0.3})
    async with rig.store.transaction() as connection:
        await connection.execute("LOCK TABLE consumer_offsets IN ACCESS EXCLUSIVE MODE")
        recorder = rig.recorder(database=impatient)
        running = await recorder.__aenter__()
        await rig.until_not_ready(running, "database")
    await rig.until_written(10)
    await recorder.__aexit__(None, None, None)
    assert await rig.stored() == rig.rows(batches)


async def test_another_who_stands_in_the_way_for_long_shows_in_the_readiness(
    rig: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Room cannot be made while another changes the table: recording and retention say so until it is over."""
    if rig.store.kind == "timescale":
        pytest.skip("the extension makes its chunks itself")
    monkeypatch.setattr("watchkeeper.common.store.partitions.LOCK_TIMEOUT", "50ms")
    batch = rig.batch({"a": 1.0})
    await rig.send(batch)
    async with rig.store.transaction() as connection:
        await connection.execute("LOCK TABLE samples IN SHARE UPDATE EXCLUSIVE MODE")
        recorder = rig.recorder(retention_every_s=0.2)
        running = await recorder.__aenter__()
        await rig.until_not_ready(running, "recording", "LockNotAvailable")
        await rig.until_not_ready(running, "retention", "LockNotAvailable")
    await rig.until_written(1)
    await rig.until_ready(running)
    await recorder.__aexit__(None, None, None)
    assert await rig.stored() == rig.rows([batch])


async def test_a_stop_while_the_database_is_away_is_quick(rig: Any, gate: Gate) -> None:
    """The recorder holds nothing that a stop would lose: the offset is in the database."""
    async with rig.recorder(database=behind(rig, gate)) as running:
        await rig.until_ready(running)
        gate.shut()
        await rig.send(rig.batch({"a": 1.0}))
        await rig.until_not_ready(running, "database")
        loop = asyncio.get_running_loop()
        stopped_s = loop.time()
    assert loop.time() - stopped_s < 5
    assert await rig.stored() == []


async def test_kafka_that_goes_away_is_waited_for(rig: Any, tmp_path: Path) -> None:
    """Away at the start, stopped in the middle: the recorder says so, and goes on by itself."""
    own = Kafka(tmp_path)
    batches = [rig.batch({"a": float(n)}, age_s=100 - n) for n in range(20)]
    own.prepare()
    rig.kafka = KafkaSettings(servers=own.servers, partitions=4)
    async with open_producer(rig.kafka, "test") as rig.producer, rig.recorder() as running:
        await rig.until_not_ready(running, "kafka")
        with engine(own):
            await rig.until_ready(running)
            await rig.send(*batches[:10])
            await rig.until_written(10)
        await rig.until_not_ready(running, "kafka")
        with engine(own):
            await rig.until_ready(running)
            await rig.send(*batches[10:])
            await rig.until_written(20)
        await rig.until_not_ready(running, "kafka")
        stopped_s = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - stopped_s < 5, "a stop while Kafka is away is quick as well"
    assert await rig.stored() == rig.rows(batches)
