"""How fast the api answers over a full store: 30 days of minutes of 100 hosts with 20 series each.

    ./wk bench api [--hosts 100] [--days 30]

The real recorder writes them and rolls them up. The whole takes over an hour and 25 GB, nearly all of it for writing; a
run with smaller numbers says so in its lines.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Iterable

import asyncpg
import fleet
import psutil
from figures import Budget, most, percentile, say, say_machine
from gateway import Client, Gateway, gateway
from rig import Rig, engines, publish, service

REQUESTS = 300
MINUTE_MS = 60_000
EXPORTED = 1_000_000
WRITE_S = 7200.0
RAW_HOURS = "760"  # every minute goes the way of fresh samples, and their rollups are computed from them

WRITTEN = "SELECT coalesce(sum(next_offset), 0)::bigint FROM consumer_offsets WHERE topic = 'metrics'"
WAITING = "SELECT EXISTS (SELECT 1 FROM rollup_dirty WHERE bucket < now() - interval '2 hours')"


async def _fill(rig: Rig, hosts: int, days: int) -> float:
    """Publish the history while the recorder writes; answers the seconds until all of it is stored and rolled up."""
    now_ms = int(time.time()) // 60 * MINUTE_MS
    times_ms = range(now_ms - days * 1440 * MINUTE_MS, now_ms, MINUTE_MS)
    started_s = time.monotonic()
    sent = await publish(rig.kafka, fleet.records(hosts, times_ms, 60))
    connection = await asyncpg.connect(rig.database_url, timeout=10, command_timeout=300)
    try:
        while await connection.fetchval(WRITTEN) < sent or await connection.fetchval(WAITING):
            if time.monotonic() - started_s > WRITE_S:
                raise TimeoutError(f"not stored after {WRITE_S:g} s")
            await asyncio.sleep(1)
        took_s = time.monotonic() - started_s
        await connection.execute("VACUUM (ANALYZE)", timeout=1800)
        return took_s
    finally:
        await connection.close()


def _say_latency(name: str, took_s: Iterable[float], budget: Budget | None) -> None:
    milliseconds = [seconds * 1000 for seconds in took_s]
    say("api", f"{name}: p50", percentile(milliseconds, 0.5), "ms")
    say("api", f"{name}: p95", percentile(milliseconds, 0.95), "ms", budget)


def _measure_answers(client: Client, hosts: int, days: int) -> None:
    names = [fleet.host_id(index % hosts) for index in range(REQUESTS)]
    current, history = "/api/metrics/current", "/api/metrics/history/cpu"
    minutes = f"{history}?range={days}d&step=60"
    length = len(json.loads(client.read(f"{minutes}&host={names[0]}"))["times_s"])
    asked: list[tuple[str, list[str], Budget | None]] = [
        ("current, all hosts", [current] * REQUESTS, most(20)),
        ("current, one host", [f"{current}?host={name}" for name in names], most(20)),
        ("summary", ["/api/metrics/summary"] * REQUESTS, most(20)),
        (
            f"history, {days} days of one series, {length} points",
            [f"{minutes}&host={name}" for name in names],
            most(150),
        ),
        ("history, 24 hours of one host", [f"{history}?range=24h&host={name}" for name in names], None),
        ("history, 24 hours of all hosts", [f"{history}?range=24h"] * 30, None),
        ("hosts", ["/api/hosts"] * REQUESTS, None),
    ]
    for name, paths, budget in asked:
        _say_latency(name, client.took_all_s(paths), budget)


def _measure_export(client: Client, to: Gateway, hosts: int, days: int) -> None:
    wanted = min(hosts, -(-EXPORTED // (days * 1440)))
    chosen = "&".join(f"host={fleet.host_id(index)}" for index in range(wanted))
    process = psutil.Process(to.service.process.pid)
    before = process.memory_info().rss
    lines, took_s = client.stream(f"/api/export/metrics.csv?type=cpu&resolution=minute&range={days}d&{chosen}")
    say("api", "export: rows", lines - 1, "{row}")
    say("api", "export: time for 1,000,000 rows", took_s * EXPORTED / max(1, lines - 1), "s", most(10))
    say("api", "export: memory added", (process.memory_info().rss - before) / 1e6, "MBy")


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--days", type=int, default=30)
    arguments = parser.parse_args()
    with engines() as rig:
        with service(rig, "recorder", {"WK_RECORDER_RAW_HOURS": RAW_HOURS}):
            took_s = asyncio.run(_fill(rig, arguments.hosts, arguments.days))
        samples = arguments.hosts * len(fleet.TEXTS) * arguments.days * 1440
        say("api", f"store filled through the recorder: {samples} samples, rolled up", samples / took_s, "{sample}/s")
        with gateway(rig) as opened:
            client = Client(opened)
            _measure_answers(client, arguments.hosts, arguments.days)
            _measure_export(client, opened, arguments.hosts, arguments.days)
    say_machine()


if __name__ == "__main__":
    main()
