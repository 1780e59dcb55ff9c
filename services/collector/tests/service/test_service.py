"""The collector as a process, against a real Kafka."""

import asyncio
import contextlib
import itertools
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from watchkeeper.collector.spool.frames import Kept, frame, frames
from watchkeeper.common.bus import KafkaSettings, Topic, ensure_topics
from watchkeeper.common.events import MetricsBatch, decode_metrics
from watchkeeper.embedded.engine import running
from watchkeeper.embedded.kafka import Kafka
from watchkeeper.embedded.ports import free_port

EVERY_SECOND = """
[identity]
host_id = "{host}"
environment = "test"
[defaults]
interval_s = 1
jitter_s = 0.2
"""


@pytest.fixture
def host() -> str:
    """A host of the test's own."""
    return f"host-{uuid.uuid4().hex[:12]}"


def assert_nothing_is_missing(batches: list[MetricsBatch], source: str) -> None:
    """One batch of ``source`` for each second from the first to the last, in order."""
    times = [batch.time_ms for batch in batches if batch.source == source]
    assert times == sorted(times)
    seconds = sorted({time_ms // 1000 for time_ms in times})
    assert len(seconds) == len(times) == len({batch.batch_id for batch in batches if batch.source == source})
    missing = set(range(seconds[0], seconds[-1] + 1)) - set(seconds)
    assert not missing


async def test_a_host_is_published_and_the_end_loses_nothing(
    kafka: KafkaSettings,
    topics: tuple[Topic, ...],
    start_collector: Callable[..., Any],
    batches_of: Callable[..., Any],
    host: str,
) -> None:
    """Every source of the host each second, readable by anyone with the schema; SIGTERM ends it with code 0."""
    since_ms = int(time.time() * 1000)
    async with start_collector(EVERY_SECOND.format(host=host), kafka.servers) as collector:
        await collector.until(lambda: collector.count("sent") > 60)
        assert collector.part("kafka") is True
        assert await collector.stop() == 0
    batches = await batches_of(kafka, host, since_ms)
    assert len(batches) > 60
    by_source = {batch.source for batch in batches}
    assert {"cpu", "memory", "load", "filesystem", "network", "uptime", "collector"} <= by_source
    assert_nothing_is_missing(batches, "uptime")
    names = set(itertools.chain.from_iterable(batch.series for batch in batches))
    assert {"system.cpu.utilization", "system.memory.utilization", "watchkeeper.spool.size"} <= names
    assert all(batch.resource.environment == "test" for batch in batches)


def spooled_ids(folder: Path) -> list[str]:
    """The ids of all batches in the spool, oldest first."""
    segments = sorted(folder.glob("*.spool"))
    return [decode_metrics(each.kept.value).batch_id for path in segments for each in frames(path.read_bytes())]


async def test_kafka_away_and_back_loses_nothing(
    tmp_path: Path, start_collector: Callable[..., Any], batches_of: Callable[..., Any], host: str
) -> None:
    """Sent; spooled while Kafka is stopped, through a kill -9 of the collector; sent in order once Kafka is back."""
    broker, since_ms = Kafka(tmp_path / "kafka"), int(time.time() * 1000)
    configuration, spool = EVERY_SECOND.format(host=host), tmp_path / "spool"
    async with contextlib.AsyncExitStack() as stack:
        with running(broker):
            settings = KafkaSettings(servers=broker.servers)
            await ensure_topics(settings)
            first = await stack.enter_async_context(start_collector(configuration, broker.servers))
            await first.until(lambda: first.count("sent") > 20)
        await first.until(lambda: first.count("spooled") > 20 and first.part("kafka") is False)
        await first.kill()
    kept = spooled_ids(spool)
    assert len(kept) > 20
    async with start_collector(configuration, broker.servers) as second:
        await second.until(lambda: second.count("spooled") > 10 and second.part("kafka") is False)
        assert spooled_ids(spool)[: len(kept)] == kept
        with running(broker):
            await second.until(lambda: second.count("sent") > len(kept) + 20 and not spooled_ids(spool))
            assert second.part("kafka") is True
            assert await second.stop() == 0
            batches = await batches_of(settings, host, since_ms)
    ids = [batch.batch_id for batch in batches]
    assert not set(kept) - set(ids)
    assert second.count("dropped_from_spool") == 0
    times = [batch.time_ms for batch in batches if batch.source == "uptime"]
    assert times == sorted(times)


async def test_an_end_while_kafka_is_away_spools_what_was_read(
    tmp_path: Path, start_collector: Callable[..., Any], host: str
) -> None:
    """SIGTERM before Kafka was ever there: code 0 within five seconds, and the batches are on disk."""
    async with start_collector(EVERY_SECOND.format(host=host), f"127.0.0.1:{free_port()}") as collector:
        await collector.until(lambda: "collecting" in collector.log())
        await asyncio.sleep(2.5)
        began = time.monotonic()
        assert await collector.stop() == 0
        assert time.monotonic() - began < 5.5
    assert spooled_ids(tmp_path / "spool")


def fill(folder: Path, host: str) -> None:
    """Leave a spool of about a megabyte behind."""
    folder.mkdir()
    filler = b"".join(frame(Kept(host, b"x" * 10_000)) for _ in range(6))
    for number in range(1, 18):
        (folder / f"{number:020d}.spool").write_bytes(filler)


def size_of(folder: Path) -> int:
    """Bytes in the spool."""
    return sum(path.stat().st_size for path in folder.glob("*.spool"))


async def test_a_full_spool_drops_the_oldest_and_says_so(
    tmp_path: Path, start_collector: Callable[..., Any], host: str
) -> None:
    """What cannot be kept is counted and logged; the bound holds."""
    configuration = EVERY_SECOND.format(host=host) + "[sources.cpu]\nper_core = true\n"
    environment = {"WK_COLLECTOR_SPOOL_BYTES_MAX": str(1024 * 1024)}
    fill(tmp_path / "spool", host)
    async with start_collector(configuration, f"127.0.0.1:{free_port()}", **environment) as collector:
        await collector.until(lambda: collector.count("dropped_from_spool") > 0)
        assert "spool is full" in collector.log()
        await collector.stop()
    assert size_of(tmp_path / "spool") <= 1024 * 1024


async def test_a_second_collector_on_the_same_spool_is_refused(start_collector: Callable[..., Any], host: str) -> None:
    """Exit code 2 and one line; the first one is not disturbed."""
    servers = f"127.0.0.1:{free_port()}"
    async with start_collector(EVERY_SECOND.format(host=host), servers) as first:
        await first.until(lambda: "collecting" in first.log())
        async with start_collector(EVERY_SECOND.format(host=host), servers) as second:
            assert await asyncio.wait_for(second.process.wait(), 30) == 2
            assert second.log().startswith("settings: WK_COLLECTOR_SPOOL_DIR: another collector uses")
            assert second.log().count("\n") == 1
        assert first.process.returncode is None


@pytest.mark.parametrize(
    ("configuration", "environment", "line"),
    [
        ("[defaults]\ninterval_s = 'x'", {}, "defaults.interval_s"),
        ("", {"WK_KAFKA_SERVERS": ""}, "WK_KAFKA_SERVERS"),
        ("", {"WK_COLLECTOR_SPOOL_BYTES_MAX": "5"}, "WK_COLLECTOR_SPOOL_BYTES_MAX"),
        ("", {"WK_COLLECTOR_SPOOL_DIR": "/dev/null"}, "WK_COLLECTOR_SPOOL_DIR"),
    ],
)
async def test_wrong_settings_end_the_start(
    start_collector: Callable[..., Any], configuration: str, environment: dict[str, str], line: str
) -> None:
    """Exit code 2 and one line that names the key."""
    async with start_collector(configuration, "127.0.0.1:1", **environment) as collector:
        assert await asyncio.wait_for(collector.process.wait(), 30) == 2
        assert line in collector.log()
        assert collector.log().count("\n") == 1


async def test_once_prints_what_would_be_sent(tmp_path: Path) -> None:
    """JSON lines by the published schema, shares included, without any setting of Kafka's."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "watchkeeper.collector", "--once",
        env={**os.environ, "WK_COLLECTOR_SPOOL_DIR": str(tmp_path)}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0
    batches = [decode_metrics(line) for line in output.splitlines()]
    values = {text: value for batch in batches for text, value in zip(batch.series, batch.values, strict=True)}
    assert 0 <= values["system.cpu.utilization"] <= 1
    assert values["system.uptime"] > 0
    assert any(text.startswith("process.cpu.utilization{") for text in values)
    assert values['watchkeeper.source.success{source="filesystem"}'] == 1
    assert size_of(tmp_path) == 0


@pytest.mark.parametrize("module", ["prometheus_client", "aiokafka.admin"])
def test_what_most_hosts_do_not_need_is_not_imported(module: str) -> None:
    """Memory of every host, for what is used where somebody scrapes it, or makes topics."""
    look = f"import sys, watchkeeper.collector.__main__; sys.exit({module!r} in sys.modules)"
    subprocess.run([sys.executable, "-c", look], check=True, timeout=60)
