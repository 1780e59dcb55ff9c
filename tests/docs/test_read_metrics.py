"""Somebody else's program reads ``metrics`` by the published schema alone."""

import asyncio
import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

from watchkeeper.common.bus import KafkaSettings, Record, Topic, end_offsets, open_producer
from watchkeeper.common.bus.errors import BusError
from watchkeeper.common.events import METRICS_TOPIC, MetricsBatch, Resource, encode
from watchkeeper.common.series import series_text

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLE = DOCS / "examples" / "read_metrics.py"


def batch(number: int, host: str) -> MetricsBatch:
    """A batch as the collector makes them."""
    return MetricsBatch(
        batch_id=f"{host}-{number}",
        time_ms=1_764_000_000_000 + number * 10_000,
        interval_s=10,
        source="cpu",
        resource=Resource(id=host, name="web-1", labels={"rack": "7"}),
        series=["system.cpu.utilization", series_text("system.cpu.time", {"cpu.mode": "user", "cpu": str(number)})],
        units=["1", "s"],
        kinds=["gauge", "counter"],
        values=[number / 1000, float(number)],
    )


def run_example(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The example as its reader runs it: without a way to Watchkeeper's own code."""
    return subprocess.run(
        [sys.executable, str(EXAMPLE), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ,
    )


async def test_every_message_validates(kafka: KafkaSettings, topics: tuple[Topic, ...]) -> None:
    host = f"host-{secrets.token_hex(4)}"
    async with open_producer(kafka, "test-example") as producer:
        records = [Record(METRICS_TOPIC, host, encode(batch(number, host))) for number in range(200)]
        assert not [answer for answer in await producer.send_all(records) if isinstance(answer, BusError)]
    count = sum((await end_offsets(kafka, METRICS_TOPIC)).values())
    done = await asyncio.to_thread(
        run_example, kafka.servers, str(DOCS / "schemas" / "metrics.schema.json"), str(count)
    )
    mine = [line for line in done.stdout.splitlines() if f" {host} " in line]
    assert len(mine) == 200, done.stderr
    assert all(line.endswith(f" {host} cpu 2 samples") for line in mine)


def test_the_example_imports_nothing_of_ours() -> None:
    assert "import watchkeeper" not in EXAMPLE.read_text(encoding="utf-8")
    assert "from watchkeeper" not in EXAMPLE.read_text(encoding="utf-8")


def test_the_example_tells_what_breaks_the_schema() -> None:
    space: dict[str, object] = {"__name__": "example"}
    exec(compile(EXAMPLE.read_text(encoding="utf-8"), str(EXAMPLE), "exec"), space)
    validator = space["Draft202012Validator"](json.loads((DOCS / "schemas" / "metrics.schema.json").read_text()))  # type: ignore[operator]
    good = json.loads((DOCS / "schemas" / "golden" / "metrics" / "host.json").read_text(encoding="utf-8"))
    complaint = space["complaint"]
    told = [
        complaint(validator, json.dumps(value).encode() if value is not None else b"\xff")  # type: ignore[operator]
        for value in (good, {**good, "values": ["1", 2, 3]}, {**good, "values": [1]}, None)
    ]
    assert told[0] is None
    assert told[1].startswith("$.values[0]: ")
    assert told[2] == "lists of different lengths: [1, 3]"
    assert told[3].startswith("not JSON: ")


def test_the_example_explains_itself() -> None:
    done = run_example()
    assert done.returncode == 1
    assert "python read_metrics.py" in done.stderr
