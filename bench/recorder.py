"""How many samples a second the recorder stores, de-duplicated: a backlog in Kafka, read to its end.

    ./wk bench recorder [--samples 6000000]

Batches are a host's 20 series, 10 s apart, from 100 hosts. Afterwards every sample is counted in the store.
"""

import argparse
import asyncio
import time

import asyncpg
import fleet
from figures import least, say, say_machine
from rig import engines, publish, service

HOSTS = 100
INTERVAL_S = 10
DEADLINE_S = 1200.0

WRITTEN = "SELECT coalesce(sum(next_offset), 0)::bigint FROM consumer_offsets WHERE topic = 'metrics'"
STORED = "SELECT count(*), count(DISTINCT series_id) FROM samples"
SIZE = "SELECT pg_database_size(current_database())"


async def _drain(url: str, records: int) -> float:
    """Wait until ``records`` are written; answers the seconds from the first write that was seen to the last."""
    connection = await asyncpg.connect(url, timeout=10, command_timeout=120)
    try:
        started_s, base = 0.0, 0
        deadline_s = time.monotonic() + DEADLINE_S
        while True:
            written = await connection.fetchval(WRITTEN) if await _migrated(connection) else 0
            now_s = time.monotonic()
            if written and not started_s:
                started_s, base = now_s, written
            if written >= records:
                return (now_s - started_s) * records / (records - base)
            if now_s > deadline_s:
                raise TimeoutError(f"{written} of {records} records after {DEADLINE_S:g} s")
            await asyncio.sleep(0.05)
    finally:
        await connection.close()


async def _migrated(connection: "asyncpg.Connection[asyncpg.Record]") -> bool:
    return bool(await connection.fetchval("SELECT to_regclass('consumer_offsets') IS NOT NULL"))


async def _stored(url: str) -> tuple[int, int]:
    connection = await asyncpg.connect(url, timeout=10, command_timeout=300)
    try:
        row = await connection.fetchrow(STORED)
        assert row is not None
        return row[0], await connection.fetchval(SIZE)
    finally:
        await connection.close()


def main() -> None:
    """Run it and print the figures."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--samples", type=int, default=6_000_000)
    instants = arguments.parse_args().samples // (HOSTS * len(fleet.TEXTS))
    now_ms = int(time.time()) // INTERVAL_S * INTERVAL_S * 1000
    times_ms = [now_ms - index * INTERVAL_S * 1000 for index in range(instants, 0, -1)]
    with engines() as rig:
        records = asyncio.run(publish(rig.kafka, fleet.records(HOSTS, times_ms, INTERVAL_S)))
        with service(rig, "recorder"):
            took_s = asyncio.run(_drain(rig.database_url, records))
            stored, size = asyncio.run(_stored(rig.database_url))
    expected = records * len(fleet.TEXTS)
    say("recorder", "samples published and not stored", expected - stored, "{sample}")
    say("recorder", "sustained rate", stored / took_s, "{sample}/s", least(60_000))
    say("recorder", "store per sample, rollups included", size / stored, "By")
    say_machine()


if __name__ == "__main__":
    main()
