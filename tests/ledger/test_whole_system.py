"""A ledger of samples pushed at a whole running Watchkeeper while its parts are killed, one after the other."""

import http.client
import itertools
import json
import random
import threading
import time
import urllib.error
import urllib.request
from typing import Any, NamedTuple

import psutil
import pytest

from tests.up.running_up import Up, wait_until, wk

SEED = 20261124
PARTS = ("api", "recorder", "collector", "kafka", "postgres")
ROUNDS = 2
REQUESTS_MIN = 120
SERIES = 10
INSTANTS = 100
"""A request has 10 · 100 samples, so the ledger 120,000 and more: it is written until the last part was killed."""
HISTORY_S = 24 * 3600
ACKNOWLEDGED_S = 120.0
STORED_S = 120.0
BETWEEN_KILLS_S = (1.0, 4.0)

STORED = """
    COPY (
        SELECT s.resource_id, s.labels ->> 'line', extract(epoch FROM x.ts)::bigint, x.value
        FROM samples x JOIN series s USING (series_id) WHERE s.name = 'ledger.value'
    ) TO STDOUT
"""


class Row(NamedTuple):
    """One sample of the ledger; ``time_s`` is unix time."""

    resource: str
    line: str
    time_s: int
    value: float


def rows_of(request: int, base_s: int) -> list[Row]:
    """What request number ``request`` pushes: every value tells which sample it is."""
    resource, first_s = f"ledger-{request % 8}", base_s + request * INSTANTS
    return [
        Row(resource, str(line), first_s + instant, float((request * SERIES + line) * INSTANTS + instant))
        for line in range(SERIES)
        for instant in range(INSTANTS)
    ]


def body_of(rows: list[Row]) -> bytes:
    """The request that pushes ``rows``."""
    samples = [
        {"name": "ledger.value", "labels": {"line": row.line}, "value": row.value, "time": row.time_s} for row in rows
    ]
    return json.dumps({"resource": {"id": rows[0].resource}, "samples": samples}).encode()


def push(up: Up, body: bytes) -> dict[str, Any]:
    """Push until it is acknowledged, the same request every time; fails after ``ACKNOWLEDGED_S``."""
    request = urllib.request.Request(
        up.told["url"] + "/api/metrics",
        data=body,
        headers={"Authorization": f"Bearer {up.told['ingest_key']}", "Content-Type": "application/json"},
    )
    deadline_s = time.monotonic() + ACKNOWLEDGED_S
    while True:
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                found: dict[str, Any] = json.load(answer)
                return found
        except urllib.error.HTTPError as error:
            if error.code < 500 and error.code != 429:
                raise
        except (OSError, ValueError, http.client.HTTPException):
            pass  # the api was killed, before or in the middle of its answer
        assert time.monotonic() < deadline_s, f"not acknowledged within {ACKNOWLEDGED_S:g} s"
        time.sleep(0.2)


def kill_parts(up: Up, draw: random.Random, killed: list[str]) -> None:
    """Kill each part ``ROUNDS`` times in a drawn order at drawn moments, whatever it is doing then."""
    order = [part for _ in range(ROUNDS) for part in draw.sample(PARTS, len(PARTS))]
    for part in order:
        time.sleep(draw.uniform(*BETWEEN_KILLS_S))
        wait_until(lambda part=part: _kill(up, part), f"{part} to be running", 60)  # type: ignore[misc]  # a default binds it
        killed.append(part)


def _kill(up: Up, part: str) -> bool:
    process = up.parts()[part]
    try:
        if process is None or process.status() == psutil.STATUS_ZOMBIE:
            return False
        process.kill()
    except psutil.NoSuchProcess:
        return False
    return True


def stored(up: Up) -> list[Row]:
    """All samples of the ledger that the store has."""
    done = wk("sql", "--data", str(up.data), "-c", STORED)
    assert done.returncode == 0, done.stderr
    cells = [line.split("\t") for line in done.stdout.splitlines() if line.count("\t") == 3]
    return [Row(resource, line, int(time_s), float(value)) for resource, line, time_s, value in cells]


def lag(up: Up) -> int | None:
    """Records that the recorder has not written yet; None while the api does not answer."""
    try:
        found: int | None = up.get("/api/system/health")["lag"]["metrics"]["records"]
    except (OSError, http.client.HTTPException, KeyError):
        return None
    return found


@pytest.mark.ledger
@pytest.mark.timeout(600)
def test_every_acknowledged_sample_is_stored_exactly_once_whatever_is_killed(up: Up) -> None:
    base_s = int(time.time()) - HISTORY_S
    killed: list[str] = []
    killer = threading.Thread(target=kill_parts, args=(up, random.Random(SEED), killed), daemon=True)
    killer.start()
    expected: set[Row] = set()
    for request in itertools.count():
        rows = rows_of(request, base_s)
        assert push(up, body_of(rows)) == {"accepted": len(rows), "refused": []}
        expected.update(rows)
        if request + 1 >= REQUESTS_MIN and not killer.is_alive():
            break
        time.sleep(0.1)
    assert sorted(killed) == sorted(PARTS * ROUNDS)
    assert len(expected) >= 100_000

    wait_until(lambda: lag(up) == 0, "the recorder to catch up", STORED_S)
    found = stored(up)
    assert len(found) == len(set(found)), "a sample is stored twice"
    assert set(found) == expected


def test_the_ledger_knows_each_sample_by_its_value() -> None:
    rows = [row for request in range(REQUESTS_MIN) for row in rows_of(request, 0)]
    assert len({row.value for row in rows}) == len({row[:3] for row in rows}) == len(rows) == 120_000
