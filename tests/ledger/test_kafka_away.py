"""Kafka frozen for two minutes under a whole Watchkeeper: the collector spools, loses nothing, and stays small."""

import http.client
import itertools
import time
from typing import Any

import psutil
import pytest

from tests.up.running_up import Up, wait_until, wk

AWAY_S = 120
INTERVAL_S = 5
"""The collector's interval under ``wk up``."""
TOLD_S = 40.0
BACK_S = 120.0
GROWN_BYTES_MAX = 8_000_000

INSTANTS = """
    COPY (
        SELECT extract(epoch FROM x.ts)::bigint FROM samples x JOIN series s USING (series_id)
        WHERE s.name = 'system.memory.utilization' AND s.labels = '{}' ORDER BY x.ts
    ) TO STDOUT
"""


def health(up: Up) -> dict[str, dict[str, Any]]:
    """What the api says of each part; nothing while it does not answer."""
    try:
        return {part["name"]: part for part in up.get("/api/system/health")["parts"]}
    except (OSError, http.client.HTTPException):
        return {}


def instants(up: Up) -> list[int]:
    """The times (unix seconds) for which the store has this machine's memory."""
    done = wk("sql", "--data", str(up.data), "-c", INSTANTS)
    assert done.returncode == 0, done.stderr
    return [int(line) for line in done.stdout.split() if line.isdigit()]


def part(up: Up, name: str) -> psutil.Process:
    """The running process of a part."""
    found = up.parts()[name]
    assert found is not None
    return found


@pytest.mark.ledger
@pytest.mark.timeout(600)
def test_kafka_away_for_two_minutes_is_told_and_nothing_is_lost(up: Up) -> None:
    wait_until(lambda: len(instants(up)) >= 3, "the first samples", 60)
    kafka, collector = part(up, "kafka"), part(up, "collector")
    before = collector.memory_info().rss
    kafka.suspend()
    try:
        ends_s = time.monotonic() + AWAY_S
        wait_until(lambda: health(up).get("kafka", {}).get("status") == "down", "health to tell of Kafka", TOLD_S)
        wait_until(
            lambda: "spool" in health(up).get("collector", {}).get("detail", ""), "health to tell of the spool", TOLD_S
        )
        time.sleep(max(0.0, ends_s - time.monotonic()))
        grown = collector.memory_info().rss - before
        frozen = instants(up)
    finally:
        kafka.resume()
    assert grown < GROWN_BYTES_MAX

    went_on_s = int(time.time())
    wait_until(lambda: instants(up)[-1] > went_on_s, "new samples in the store", BACK_S)
    found = instants(up)
    assert len(found) > len(frozen) + AWAY_S // INTERVAL_S - 2
    gaps = {after - before for before, after in itertools.pairwise(found)}
    assert gaps == {INTERVAL_S}, "an instant is missing, or stands twice"
    wait_until(lambda: health(up).get("kafka", {}).get("status") == "ok", "health to tell that Kafka is back", TOLD_S)
