"""What becomes of batches when Kafka or the disk do not take them."""

import asyncio
import errno
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from watchkeeper.collector import publisher as publishing
from watchkeeper.collector.publisher import Publisher
from watchkeeper.collector.spool import Kept, Spool
from watchkeeper.collector.tally import Tally
from watchkeeper.common.bus import KafkaSettings, Producer
from watchkeeper.embedded.ports import free_port

BATCH = Kept("host", b"x" * 1000)


class Said(dict[str, bool]):
    """What the publisher said of the parts, the last of each."""

    def __call__(self, part: str, ok: bool, detail: str) -> None:  # noqa: FBT001 - a readiness
        """Remember."""
        assert ok or detail
        self[part] = ok


@pytest.fixture
def said() -> Said:
    """What was said."""
    return Said()


@pytest.fixture
async def away(tmp_path: Path, tally: Tally, said: Said) -> AsyncIterator[tuple[Publisher, Spool]]:
    """A publisher whose Kafka is not there, and its spool."""
    spool = Spool(tmp_path, 1_000_000)
    producer = Producer(KafkaSettings(servers=f"127.0.0.1:{free_port()}", request_timeout_s=0.2), "test", 50)
    yield Publisher(producer, spool, tally, said), spool
    await producer.close()
    spool.close()


async def until(condition: Any) -> None:
    """Wait for ``condition``."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - it looks at a file
            await asyncio.sleep(0.02)


def fill_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every further write of the spool."""

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)


async def test_kafka_away_and_the_disk_full(
    away: tuple[Publisher, Spool], tally: Tally, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Said, not fatal: batches wait in memory, and are spooled once there is room again."""
    publisher, spool = away
    monkeypatch.setattr(publishing, "RETRY_S_MIN", 0.05)
    with monkeypatch.context() as patch:
        fill_the_disk(patch)
        running = asyncio.create_task(publisher.run())
        publisher.offer(BATCH)
        await until(lambda: said.get("spool") is False and said.get("kafka") is False)
        assert spool.empty
        publisher.offer(BATCH)
    await until(lambda: tally.spooled == 2)
    assert said["spool"] is True
    await publisher.finish(0.5)
    running.cancel()


async def test_memory_is_bounded(away: tuple[Publisher, Spool], tally: Tally, monkeypatch: pytest.MonkeyPatch) -> None:
    """While nothing takes them, the oldest go, and are counted; the newest is always kept."""
    publisher, spool = away
    monkeypatch.setattr(publishing, "QUEUE_BYTES_MAX", 5000)
    for number in range(20):
        publisher.offer(Kept("host", f"{number}".encode().ljust(1000)))
    assert tally.dropped_from_queue == 15
    assert tally.queue_bytes == 5000
    await publisher.finish(0.5)
    chunk = spool.oldest(100, 1_000_000)
    assert chunk is not None
    assert [int(kept.value) for kept in chunk.kept] == list(range(15, 20))


async def test_memory_is_bounded_while_disk_and_kafka_refuse(
    away: tuple[Publisher, Spool], tally: Tally, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trying again keeps nothing beyond the bound: the oldest go, counted, and the newest are kept in order."""
    publisher, spool = away
    monkeypatch.setattr(publishing, "QUEUE_BYTES_MAX", 5000)
    monkeypatch.setattr(publishing, "IN_HAND_BYTES_MAX", 1000)
    monkeypatch.setattr(publishing, "RETRY_S_MIN", 0.02)
    with monkeypatch.context() as patch:
        fill_the_disk(patch)
        running = asyncio.create_task(publisher.run())
        for number in range(20):
            publisher.offer(Kept("host", f"{number}".encode().ljust(1000)))
            if number % 3 == 0:
                said.pop("spool", None)
                await until(lambda: "spool" in said)
            assert len(publisher._in_hand) + len(publisher._queue) <= 5
        assert tally.queue_bytes == 5000
        assert tally.dropped_from_queue == 15
    await until(lambda: tally.spooled == 5)
    assert tally.queue_bytes == 0
    chunk = spool.oldest(100, 1_000_000)
    assert chunk is not None
    kept = [int(each.value) for each in chunk.kept]
    assert kept == sorted(kept)
    assert kept[-4:] == [16, 17, 18, 19]
    await publisher.finish(0.5)
    running.cancel()


@pytest.mark.usefixtures("topics")
async def test_a_position_that_cannot_be_written_does_not_slow_the_sending(
    tmp_path: Path, kafka: KafkaSettings, tally: Tally, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kafka is back and the position cannot be written: the rest goes out without a pause, each batch once."""
    spool = Spool(tmp_path, 1_000_000)
    spool.add([BATCH] * 20)
    (tmp_path / "position.new").mkdir()
    monkeypatch.setattr(publishing, "CHUNK_COUNT_MAX", 5)
    monkeypatch.setattr(publishing, "RETRY_S_MIN", 3600)
    producer = Producer(kafka, "test", 50)
    publisher = Publisher(producer, spool, tally, said)
    running = asyncio.create_task(publisher.run())
    await until(lambda: spool.empty)
    assert tally.sent == 20
    assert said == {"kafka": True}
    await publisher.finish(0.5)
    running.cancel()
    await producer.close()
    spool.close()


async def test_an_end_with_a_full_disk_and_no_kafka_says_what_is_lost(
    away: tuple[Publisher, Spool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends in time all the same."""
    publisher, spool = away
    publisher.offer(BATCH)
    fill_the_disk(monkeypatch)
    with capture_logs() as logs:
        await publisher.finish(0.5)
    assert spool.empty
    assert [line["event"] for line in logs] == ["batches lost at the end"]


async def test_a_spool_that_cannot_be_read_is_said_and_tried_again(
    away: tuple[Publisher, Spool], said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk error while draining ends nothing."""
    publisher, spool = away
    spool.add([BATCH])
    publisher = Publisher(publisher._sender, spool, Tally(), said)
    monkeypatch.setattr(publishing, "RETRY_S_MIN", 0.02)
    with monkeypatch.context() as patch:

        def broken(*_: object) -> None:
            raise OSError(errno.EIO, "Input/output error")

        patch.setattr(spool, "oldest", broken)
        running = asyncio.create_task(publisher.run())
        await until(lambda: said.get("spool") is False)
    await until(lambda: said.get("kafka") is False)
    await publisher.finish(0.5)
    running.cancel()
    assert not spool.empty
