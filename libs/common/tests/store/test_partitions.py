"""Partitions on both kinds of database."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.common.store import DatabaseKind, Store
from watchkeeper.common.store.partitions import (
    EPOCH,
    SAMPLES,
    SAMPLES_HOUR,
    SAMPLES_MINUTE,
    PartitionedTable,
    drop_before,
    ensure,
    existing,
)

NOON = datetime(2026, 3, 4, 12, 30, tzinfo=UTC)
SIX = timedelta(hours=6)
INSERT = "INSERT INTO samples (series_id, ts, value) VALUES (1, $1, 1.0)"

moments = st.datetimes(datetime(1971, 1, 1), datetime(9000, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))  # noqa: DTZ001 - given its zone here


@given(moments, st.sampled_from([SAMPLES, SAMPLES_MINUTE, SAMPLES_HOUR]))
def test_a_moment_lies_in_its_partition_and_the_name_tells_which(moment: datetime, table: PartitionedTable) -> None:
    """Starts are whole widths from the epoch, and a name reads back as its start."""
    start = table.start(moment)
    assert start <= moment < start + table.width
    assert (start - EPOCH) % table.width == timedelta()
    assert table.parse_start(table.partition_name(start)) == start


def test_names_sort_by_time() -> None:
    """What is oldest stands first."""
    starts = [SAMPLES.start(NOON) + n * SIX for n in range(50)]
    names = [SAMPLES.partition_name(start) for start in starts]
    assert names == sorted(names)


@pytest.mark.store
async def test_rows_find_room_once_it_is_made(store: Store) -> None:
    """A row on each side of an edge; making it again changes nothing."""
    edge = SAMPLES.start(NOON)
    times = [edge - timedelta(microseconds=1), edge]
    async with store.connection() as connection:
        for _ in range(2):
            await ensure(connection, store.kind, SAMPLES, SAMPLES.starts(times))
        await connection.executemany(INSERT, [(time,) for time in times])
        assert len(await existing(connection, store.kind, SAMPLES)) == 2


@pytest.mark.store
async def test_several_make_the_same_partition_at_once(store: Store) -> None:
    """All succeed, and it is there once."""

    async def make() -> None:
        async with store.connection() as connection:
            await ensure(connection, store.kind, SAMPLES, [SAMPLES.start(NOON), SAMPLES.start(NOON) + SIX])

    await asyncio.gather(*(make() for _ in range(6)))
    async with store.connection() as connection:
        expected = 0 if store.kind is DatabaseKind.TIMESCALE else 2
        assert len(await existing(connection, store.kind, SAMPLES)) == expected
        await connection.execute(INSERT, NOON)


@pytest.mark.store
async def test_a_reader_in_its_transaction_neither_waits_nor_is_waited_for(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that has read and then does nothing: room is made beside it, written to, and read by others."""
    monkeypatch.setattr("watchkeeper.common.store.partitions.LOCK_TIMEOUT", "300ms")
    async with store.connection() as connection:
        await ensure(connection, store.kind, SAMPLES, [SAMPLES.start(NOON)])
    async with store.transaction() as reader:
        assert await reader.fetchval("SELECT count(*) FROM samples") == 0
        async with store.connection() as connection:
            await ensure(connection, store.kind, SAMPLES, [SAMPLES.start(NOON + SIX)])
            await connection.execute(INSERT, NOON + SIX)
            assert await connection.fetchval("SELECT count(*) FROM samples") == 1


@pytest.mark.store
async def test_a_table_that_was_never_attached_is_attached_with_its_rows(store: Store) -> None:
    """Half-made partitions do not stop recording for ever."""
    if store.kind is DatabaseKind.TIMESCALE:
        pytest.skip("the extension makes its chunks itself")
    name = SAMPLES.partition_name(SAMPLES.start(NOON))
    async with store.connection() as connection:
        await connection.execute(f"CREATE TABLE {name} (LIKE samples INCLUDING ALL)")
        await connection.execute(f"INSERT INTO {name} VALUES (7, $1, 1.0)", NOON)
        await ensure(connection, store.kind, SAMPLES, [SAMPLES.start(NOON)])
        assert await existing(connection, store.kind, SAMPLES) == [name]
        await connection.execute(INSERT, NOON)
        assert await connection.fetchval("SELECT count(*) FROM samples") == 2
        with pytest.raises(Exception, match="duplicate key"):
            await connection.execute(INSERT, NOON)


@pytest.mark.store
async def test_only_partitions_that_end_before_the_limit_are_dropped(store: Store) -> None:
    """One that reaches over the limit stays whole."""
    times = [NOON - 3 * SIX, NOON - 2 * SIX, NOON - SIX, NOON]
    async with store.connection() as connection:
        await ensure(connection, store.kind, SAMPLES, SAMPLES.starts(times))
        await connection.executemany(INSERT, [(time,) for time in times])
        assert len(await drop_before(connection, store.kind, SAMPLES, NOON - SIX)) == 2
        left = [row["ts"] for row in await connection.fetch("SELECT ts FROM samples ORDER BY ts")]
        assert left == [NOON - SIX, NOON]
        assert await drop_before(connection, store.kind, SAMPLES, NOON - SIX) == []
        assert len(await drop_before(connection, store.kind, SAMPLES, NOON + SIX)) == 2


@pytest.mark.store
async def test_each_series_has_one_row_at_a_time(store: Store) -> None:
    """The key holds on both kinds, for COPY as well."""
    async with store.connection() as connection:
        await ensure(connection, store.kind, SAMPLES, [SAMPLES.start(NOON)])
        columns = ("series_id", "ts", "value")
        await connection.copy_records_to_table("samples", records=[(1, NOON, 1.0), (2, NOON, 1.0)], columns=columns)
        with pytest.raises(Exception, match="duplicate key"):
            await connection.copy_records_to_table("samples", records=[(3, NOON, 1.0), (1, NOON, 2.0)], columns=columns)
        assert await connection.fetchval("SELECT count(*) FROM samples") == 2
