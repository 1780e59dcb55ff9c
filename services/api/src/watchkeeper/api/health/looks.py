"""The looks at everything, each in a loop of its own with a deadline, so that one that hangs holds up no other."""

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx

from watchkeeper.api.context import Context
from watchkeeper.api.health.report import (
    ITSELF,
    Board,
    Disk,
    Finding,
    Status,
    lag_of,
    of_latency,
    of_readiness,
    of_spools,
    uptime_text,
    worst,
)
from watchkeeper.common.bus import BusUnavailableError, end_offsets, topic_names
from watchkeeper.common.events import METRICS_TOPIC
from watchkeeper.common.logging import get_logger
from watchkeeper.common.store import is_transient

EVERY_S = 5.0
AGAIN_S = 1.0
"""How soon one looks again at what was not fine, so that its return is seen at once."""
DEADLINE_S = 4.0
CONNECT_S = 2.0
RECORDER = "recorder"
COLLECTOR = "collector"

STORED = "SELECT partition, next_offset FROM consumer_offsets WHERE consumer = $1 AND topic = $2"
NEWEST = "SELECT date_part('epoch', max(ts)) FROM series_latest"
SPOOLS = """
    SELECT coalesce(nullif(r.name, ''), r.resource_id) AS host, l.value AS size
    FROM series s JOIN series_latest l USING (series_id) JOIN resources r USING (resource_id)
    WHERE s.name = 'watchkeeper.spool.size' AND l.value > 0 AND l.ts > now() - interval '5 minutes'
    ORDER BY l.value DESC LIMIT 100
"""

Look = Callable[[], Awaitable[Status]]

log = get_logger(__name__)


async def run(context: Context) -> None:
    """Look at everything every few seconds until cancelled."""
    board = context.board
    limits = httpx.Limits(max_connections=20)
    async with (
        httpx.AsyncClient(timeout=CONNECT_S, limits=limits, trust_env=False) as client,
        asyncio.TaskGroup() as tasks,
    ):
        for name, url in context.settings.services.items():
            tasks.create_task(_forever(_service(context, client, name, f"{str(url).rstrip('/')}/readyz")))
        tasks.create_task(_forever(_itself(context, board)))
        tasks.create_task(_forever(_kafka(context, board)))
        tasks.create_task(_forever(_database(context, board)))
        if context.settings.data_dir is not None:
            tasks.create_task(_forever(_disk(board, context.settings.data_dir)))


async def _forever(look: Look) -> None:
    task = asyncio.current_task()
    while task is None or not task.cancelling():  # a client may have taken the cancellation for its own
        status = await look()
        await asyncio.sleep(EVERY_S if status is Status.OK else AGAIN_S)


def _service(context: Context, client: httpx.AsyncClient, name: str, url: str) -> Look:
    async def look() -> Status:
        began_s = time.perf_counter()
        try:
            async with asyncio.timeout(DEADLINE_S):
                answer = await client.get(url)
            finding = of_readiness(answer.is_success, _json(answer), time.perf_counter() - began_s)
        except (httpx.HTTPError, TimeoutError) as error:
            finding = Finding(Status.DOWN, f"does not answer ({type(error).__name__})")
        if name == COLLECTOR:
            finding = worst(finding, context.board.spools)
        context.board.put(name, "service", finding, context.clock.now_ms())
        return finding.status

    return look


def _itself(context: Context, board: Board) -> Look:
    began_s = context.clock.monotonic_s()

    async def look() -> Status:
        up = uptime_text(context.clock.monotonic_s() - began_s)
        board.put(ITSELF, "service", Finding(Status.OK, up), context.clock.now_ms())
        return Status.OK

    return look


def _kafka(context: Context, board: Board) -> Look:
    async def look() -> Status:
        try:
            async with asyncio.timeout(DEADLINE_S):
                # Reading the ends takes longer than Kafka does: its client ends with the long poll that it has begun.
                began_s = time.perf_counter()
                await topic_names(context.settings.kafka)
                latency_s = time.perf_counter() - began_s
                board.ends = await end_offsets(context.settings.kafka, METRICS_TOPIC)
            finding = of_latency("Kafka", latency_s)
        except (BusUnavailableError, TimeoutError) as error:
            told = str(error).rstrip(": .")  # some errors have a name and no message
            said = f": {told}" if told else ""
            finding = Finding(Status.DOWN, f"Kafka does not answer; collectors keep their samples on disk{said}")
        board.put("kafka", "engine", finding, context.clock.now_ms())
        return finding.status

    return look


def _database(context: Context, board: Board) -> Look:
    async def look() -> Status:
        began_s = time.perf_counter()
        try:
            async with asyncio.timeout(DEADLINE_S):
                await _read_store(context, board)
            finding = of_latency("The database", time.perf_counter() - began_s)
        except Exception as error:  # noqa: BLE001 - whatever it is, the report tells it
            if not is_transient(error):
                log.warning("look at the database", error=f"{type(error).__name__}: {error}")
            board.newest_ms = None
            finding = Finding(Status.DOWN, f"the database does not answer ({type(error).__name__})")
        board.put("database", "engine", finding, context.clock.now_ms())
        return finding.status

    return look


async def _read_store(context: Context, board: Board) -> None:
    if context.store is None:
        part = context.running.parts.get("database")
        raise ConnectionError(part.detail if part else "not reached yet")
    async with context.require_access_store().connection() as connection:
        stored = {
            row["partition"]: row["next_offset"] for row in await connection.fetch(STORED, RECORDER, METRICS_TOPIC)
        }
        newest_s = await connection.fetchval(NEWEST)
        spools = [(row["host"], row["size"]) for row in await connection.fetch(SPOOLS)]
    board.newest_ms = None if newest_s is None else round(newest_s * 1000)
    board.spools = of_spools(spools)
    if board.ends:
        board.lag = {METRICS_TOPIC: lag_of(board.ends, stored)}
    if COLLECTOR not in context.settings.services and (spools or COLLECTOR in board.parts):
        board.put(COLLECTOR, "service", board.spools, context.clock.now_ms())


def _disk(board: Board, folder: Path) -> Look:
    async def look() -> Status:
        # A disk that hangs takes this loop with it, and one thread, not more.
        try:
            usage = await asyncio.to_thread(shutil.disk_usage, folder)
        except OSError as error:
            log.warning("look at the disk", error=f"{type(error).__name__}: {error}")
            board.disk = None
        else:
            board.disk = Disk(usage.free, usage.total)
        return Status.OK

    return look


def _json(answer: httpx.Response) -> object:
    try:
        return answer.json()
    except ValueError:
        return None
