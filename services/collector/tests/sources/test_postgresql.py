"""The PostgreSQL source: pure parts, and a real server."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from watchkeeper.collector.reading import Reading
from watchkeeper.collector.source import Tools
from watchkeeper.collector.sources.postgresql import (
    Activity,
    PostgreSQL,
    Queries,
    Settings,
    growth,
    hit_ratio,
    mean_time,
    open_source,
)
from watchkeeper.embedded.ports import free_port

Values = Callable[[Sequence[Reading]], dict[str, float]]


def source(tools: Tools, **given: Any) -> PostgreSQL:
    """A source named main."""
    return open_source(Settings(**{"name": "main", "interval_s": 10, "timeout_s": 3, **given}), tools)


def test_databases_that_come_and_go() -> None:
    """A new one counts in full, a dropped one takes nothing away, a reset one counts from its reset."""
    before = {1: Activity(hits=10, reads=5, commits=7), 2: Activity(commits=1000), 3: Activity(commits=50)}
    after = {1: Activity(hits=13, reads=6, commits=9), 3: Activity(commits=4), 4: Activity(commits=100)}
    grown = growth(before, after)
    assert grown == Activity(hits=3, reads=1, commits=2 + 4 + 100)
    assert hit_ratio(grown) == 0.75
    assert growth(before, {}) == Activity()


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(None, Queries(1, 1), None, id="the first reading compares with nothing"),
        pytest.param(Queries(0, 0), Queries(2, 0.5), 0.25, id="an interval"),
        pytest.param(Queries(2, 0.5), Queries(2, 0.5), None, id="nothing ran"),
        pytest.param(Queries(2, 0.5), Queries(1, 0.1), None, id="statistics were reset"),
        pytest.param(Queries(2, 0.5), Queries(3, 0.1), None, id="entries were evicted"),
        pytest.param(Queries(2, 0.5), None, None, id="the extension is gone"),
    ],
)
def test_query_times_of_the_interval(before: Queries | None, after: Queries | None, expected: float | None) -> None:
    """What happened between two readings, and nothing where that cannot be told."""
    assert mean_time(before, after) == expected


def test_a_cache_nobody_asked_has_no_hit_ratio() -> None:
    """Not zero: unknown."""
    assert hit_ratio(Activity(commits=1)) is None


async def test_a_server(database_url: str, tools: Tools, values: Values) -> None:
    """Connections, transactions, and the ratios once there is an interval."""
    watched = source(tools, url=database_url)
    await watched.read()
    other = await asyncpg.connect(database_url, timeout=10)
    try:
        for _ in range(20):
            await other.fetchval("SELECT count(*) FROM pg_class")
        await other.execute("SELECT pg_stat_force_next_flush()")
        await other.fetchval("SELECT 1")
        await asyncio.sleep(0.1)
        found = values(await watched.read())
    finally:
        await other.close()
        await watched.close()
    assert found['postgresql.backends{instance="main"}'] >= 2
    assert found['postgresql.connection.max{instance="main"}'] >= 10
    assert 0 < found['watchkeeper.postgresql.connection.utilization{instance="main"}'] < 1
    assert found['watchkeeper.postgresql.connection.count{instance="main",state="idle"}'] >= 1
    assert found['postgresql.commits{instance="main"}'] > 0
    assert 0 <= found['watchkeeper.postgresql.cache.hit_ratio{instance="main"}'] <= 1


async def test_query_times_where_the_extension_can_be_had(database_url: str, tools: Tools, values: Values) -> None:
    """With the library loaded and the extension created the mean time is told; without it, it is left out."""
    connection = await asyncpg.connect(database_url, timeout=10)
    try:
        loaded = "pg_stat_statements" in await connection.fetchval("SHOW shared_preload_libraries")
    finally:
        await connection.close()
    watched = source(tools, url=database_url, create_extension=True)
    try:
        await watched.read()
        found = values(await watched.read())
    finally:
        await watched.close()
    assert ('watchkeeper.postgresql.query.mean_time{instance="main"}' in found) == loaded


async def test_a_lost_connection_costs_one_reading(database_url: str, tools: Tools) -> None:
    """The reading after the lost one connects anew."""
    watched = source(tools, url=database_url)
    await watched.read()
    other = await asyncpg.connect(database_url, timeout=10)
    try:
        await other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'watchkeeper-collector' AND datname = current_database()"
        )
    finally:
        await other.close()
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, ConnectionError)):
        await watched.read()
    assert await watched.read()
    await watched.close()


async def test_nobody_there(tools: Tools) -> None:
    """An error, not a hang."""
    watched = source(tools, url=f"postgresql://nobody@127.0.0.1:{free_port()}/none")
    with pytest.raises(OSError, match=r"refused|failed"):
        await watched.read()
    await watched.close()


async def test_the_password_comes_from_its_file(database_url: str, tools: Tools, tmp_path: Path) -> None:
    """The address may do without it, or be a secret as a whole; neither shows in the settings' text."""
    parts = urlsplit(database_url)
    without = urlunsplit(parts._replace(netloc=f"{parts.username}@{parts.hostname}:{parts.port}"))
    (tmp_path / "password").write_text((parts.password or "none") + "\n")
    (tmp_path / "url").write_text(database_url + "\n")
    for given in ({"url": without, "password_file": tmp_path / "password"}, {"url_file": tmp_path / "url"}):
        watched = source(tools, **given)
        assert (parts.password or "none") not in repr(watched.settings)
        assert await watched.read()
        await watched.close()
