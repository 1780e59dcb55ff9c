"""The recorder as a process: its settings, its start, its end."""

import asyncio
import os
import signal
import socket
import sys
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.store

START_S = 20.0
END_S = 5.0


def environment(rig: Any, **more: str) -> dict[str, str]:
    """What a recorder on the test's engines needs."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WK_")}
    return kept | {
        "WK_KAFKA_SERVERS": rig.kafka.servers,
        "WK_DATABASE_URL": rig.store.settings.url.get_secret_value(),
        "WK_RECORDER_TOPIC": rig.topic,
        "WK_RECORDER_CONSUMER": rig.topic,
    } | more  # fmt: skip


async def start(variables: dict[str, str]) -> asyncio.subprocess.Process:
    """Start ``python -m watchkeeper.recorder``."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "watchkeeper.recorder", env=variables,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def ended(process: asyncio.subprocess.Process, within_s: float) -> tuple[int | None, str]:
    """Its exit code and what it wrote."""
    async with asyncio.timeout(within_s):
        _, output = await process.communicate()
    return process.returncode, output.decode()


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        ({"WK_RECORDER_RECORDS_MAX": "none"}, "WK_RECORDER_RECORDS_MAX"),
        ({"WK_RECORDER_MINUTE_DAYS": "1"}, "WK_RECORDER_RAW_HOURS"),
        ({"WK_KAFKA_SERVERS": ""}, "SERVERS"),
    ],
)
async def test_wrong_settings_end_the_start_with_one_line(rig: Any, variables: dict[str, str], line: str) -> None:
    """Exit code 2, and the variable's name."""
    code, output = await ended(await start(environment(rig, **variables)), START_S)
    assert code == 2
    assert line in output
    assert len(output.strip().splitlines()) == 1


async def test_a_database_of_a_newer_version_ends_it_with_one_clear_line(rig: Any) -> None:
    """Nothing is changed, and the last line says why."""
    await rig.query("INSERT INTO schema_migrations (number, name) VALUES (9999, 'future')")
    code, output = await ended(await start(environment(rig)), START_S)
    assert code == 1
    assert output.strip().splitlines()[-1] == (
        "recorder: the database was made by a newer Watchkeeper: it has migration 9999, unknown here"
    )
    assert "Traceback" not in output


async def test_it_gets_ready_tells_its_figures_and_ends_in_time(rig: Any) -> None:
    """Ready once it can record; its own metrics count; SIGTERM ends it cleanly within five seconds."""
    await rig.send(*(rig.batch({"a": 1.0, "b": 2.0}, age_s=100 - n) for n in range(50)))
    port = _free_port()
    process = await start(environment(rig, WK_HEALTH_PORT=str(port)))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=5) as client:

        async def ready() -> bool:
            try:
                return (await client.get("/readyz")).status_code == 200
            except httpx.TransportError:
                return False

        await rig.until(ready)
        await rig.until_written(50)

        async def told() -> bool:
            text = (await client.get("/metrics")).text
            return (
                "watchkeeper_recorder_samples_stored_total 100.0" in text and 'lag_records{partition="0"} 0.0' in text
            )

        await rig.until(told)
        parts = (await client.get("/readyz")).json()["parts"]
    assert set(parts) == {"database", "kafka", "topics"}
    process.send_signal(signal.SIGTERM)
    code, output = await ended(process, END_S)
    assert code == 0, output


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
