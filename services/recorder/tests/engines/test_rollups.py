"""Minutes and hours, late data, retention."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from watchkeeper.common.clock import from_ms
from watchkeeper.common.service import Running
from watchkeeper.common.store import partitions
from watchkeeper.common.store.partitions import SAMPLES, SAMPLES_HOUR, SAMPLES_MINUTE
from watchkeeper.recorder import metrics
from watchkeeper.recorder.domain.buckets import HOUR_MS, MINUTE_MS, bucket_ms
from watchkeeper.recorder.upkeep import Upkeep

pytestmark = pytest.mark.store

MINUTES = """
    SELECT text, bucket, min, max, sum, count::int, last FROM samples_minute JOIN series USING (series_id)
    ORDER BY text, bucket
"""
SEEN_NOW = "INSERT INTO resources (resource_id, kind, last_seen) VALUES ('other', 'host', $1) ON CONFLICT DO NOTHING"
FLOORS = "SELECT resolution, floor FROM retention_floors ORDER BY resolution"
HOURS = MINUTES.replace("samples_minute", "samples_hour")


def age_s(rig: Any, time_ms: int) -> float:
    """How old a batch of ``time_ms`` is, for ``rig.batch``."""
    return float((rig.now_ms - time_ms) / 1000)


def row(text: str, start_ms: int, values: list[float]) -> dict[str, object]:
    """The bucket of ``values``, in order of time."""
    return {
        "text": text, "bucket": from_ms(start_ms), "min": min(values), "max": max(values), "sum": sum(values),
        "count": len(values), "last": values[-1],
    }  # fmt: skip


async def rolled(rig: Any, statement: str, expected: list[dict[str, object]]) -> None:
    """Wait until the rollups are as expected."""

    async def done() -> bool:
        return bool(await rig.query(statement) == expected)

    await rig.until(done)


@pytest.fixture
def leaping(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let floors leap at once, from 1970 to where they belong."""
    monkeypatch.setattr("watchkeeper.recorder.domain.retention.HOLD_S", 0.0)


def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let buckets that have not ended be rolled up at each look."""
    monkeypatch.setattr("watchkeeper.recorder.domain.retention.OPEN_MINUTE_EVERY_MS", 0)
    monkeypatch.setattr("watchkeeper.recorder.domain.retention.OPEN_HOUR_EVERY_MS", 0)


async def test_ended_buckets_are_rolled_up_and_late_data_open_them_again(rig: Any) -> None:
    """Minutes from samples, hours from minutes; a sample that comes late changes both."""
    hour = bucket_ms(rig.now_ms, HOUR_MS) - 3 * HOUR_MS
    minute, next_minute = hour + 5 * MINUTE_MS, hour + 6 * MINUTE_MS
    times = {minute + 1_000: 4.0, minute + 31_000: 1.0, next_minute: 8.0}
    async with rig.recorder():
        await rig.send(*(rig.batch({"a": value, "b": -value}, age_s=age_s(rig, t)) for t, value in times.items()))
        await rolled(
            rig,
            MINUTES,
            [
                row("a", minute, [4.0, 1.0]), row("a", next_minute, [8.0]),
                row("b", minute, [-4.0, -1.0]), row("b", next_minute, [-8.0]),
            ],
        )  # fmt: skip
        await rolled(rig, HOURS, [row("a", hour, [4.0, 1.0, 8.0]), row("b", hour, [-4.0, -1.0, -8.0])])
        await rig.send(rig.batch({"a": 16.0}, source="late", age_s=age_s(rig, minute + 59_999)))
        await rolled(rig, HOURS, [row("a", hour, [4.0, 1.0, 16.0, 8.0]), row("b", hour, [-4.0, -1.0, -8.0])])
    assert (await rig.query(MINUTES))[0] == row("a", minute, [4.0, 1.0, 16.0])
    assert await rig.query("SELECT * FROM rollup_dirty") == []


async def test_the_current_minute_and_hour_are_rolled_up_while_they_run(
    rig: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A chart of minutes reaches up to now."""
    quick(monkeypatch)
    first, second = rig.batch({"a": 1.0}, age_s=0), rig.batch({"a": 3.0}, age_s=-0.5)
    async with rig.recorder():
        await rig.send(first)
        await rolled(rig, "SELECT sum, count::int FROM samples_hour", [{"sum": 1.0, "count": 1}])
        await rig.send(second)
        await rolled(rig, "SELECT sum(sum), sum(count)::int AS count FROM samples_minute", [{"sum": 4.0, "count": 2}])


@pytest.mark.usefixtures("leaping")
async def test_a_batch_older_than_raw_is_merged_into_its_rollups_once(rig: Any) -> None:
    """Minutes while they are kept, else hours; the same batch again changes nothing; no sample is stored."""
    day = bucket_ms(rig.now_ms, 24 * HOUR_MS)
    minute, ancient = day - 10 * 24 * HOUR_MS, day - 100 * 24 * HOUR_MS
    batches = [
        rig.batch({"a": 2.0, "b": 1.0}, age_s=age_s(rig, minute)),
        rig.batch({"a": 6.0}, age_s=age_s(rig, minute + 1_000)),
        rig.batch({"a": 5.0}, age_s=age_s(rig, ancient + 1_000)),
        rig.batch({"a": 7.0}, age_s=age_s(rig, ancient + 2_000)),
    ]
    await rig.query(SEEN_NOW, from_ms(rig.now_ms))
    async with rig.recorder() as running:
        await raised(rig, running)
        await rig.send(*batches, *batches)
        await rig.until_written(8)
        await rig.send(*batches)
        await rig.until_written(12)
        hours = [row("a", ancient, [5.0, 7.0]), row("a", minute, [2.0, 6.0]), row("b", minute, [1.0])]
        await rolled(rig, without_last(HOURS), [_without_last(hour) for hour in hours])
    minutes = [row("a", minute, [2.0, 6.0]), row("b", minute, [1.0])]
    assert await rig.query(without_last(MINUTES)) == [_without_last(found) for found in minutes]
    assert await rig.stored() == []


def without_last(statement: str) -> str:
    """The query without ``last``, which depends on which of two late batches came first."""
    return statement.replace(", last", "")


def _without_last(found: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in found.items() if name != "last"}


async def raised(rig: Any, running: Running) -> None:
    """Wait until retention has gone round once; it needs a sample to count from."""
    await rig.until_ready(running)
    await rig.until(lambda: rig.query("SELECT FROM retention_floors WHERE resolution = 'hour' AND floor > 'epoch'"))


@pytest.mark.usefixtures("leaping")
async def test_retention_drops_what_is_past_its_time_and_keeps_its_rollups(rig: Any) -> None:
    """Samples of ten days ago go when raw is kept for two; their minutes stay, and new ones take their place."""
    old, new = rig.batch({"a": 1.0}, age_s=10 * 86_400), rig.batch({"a": 2.0}, age_s=60)
    async with rig.recorder(raw_hours=24 * 20):
        await rig.send(old, new)
        await rig.until_written(2)
        await rig.until(lambda: _two(rig, "samples_minute"))
    assert await rig.stored() == rig.rows([old, new])
    async with rig.recorder() as running:
        await raised(rig, running)
        await rig.until(lambda: _gone(rig, old.time_ms))
        assert await rig.stored() == rig.rows([new])
    assert await _two(rig, "samples_minute")
    async with rig.store.connection() as connection:
        assert 1 <= len(await partitions.existing(connection, rig.store.kind, SAMPLES)) <= 3


async def _two(rig: Any, table: str) -> bool:
    return len(await rig.query(f"SELECT FROM {table}")) == 2


async def _gone(rig: Any, time_ms: int) -> bool:
    return not await rig.query("SELECT FROM samples WHERE ts = $1", from_ms(time_ms))


@pytest.mark.usefixtures("leaping")
async def test_retention_waits_for_the_rollups_of_what_would_go(rig: Any) -> None:
    """While a mark lies below the new floor, nothing is dropped; once it is rolled up, it is."""
    old = rig.batch({"a": 1.0}, age_s=10 * 86_400)
    async with rig.recorder(raw_hours=24 * 20, rollup_every_s=300) as running:
        await rig.until_ready(running)
        await rig.send(old)
        await rig.until_written(1)
    upkeep = Upkeep(rig.settings(), rig.store, Running("recorder"))
    await rig.query(SEEN_NOW, from_ms(rig.now_ms))
    await rig.query("DELETE FROM rollup_dirty")
    await rig.query("INSERT INTO rollup_dirty VALUES ('minute', $1, 'h')", from_ms(bucket_ms(old.time_ms, MINUTE_MS)))
    await upkeep.retain_once(rig.now_ms)
    assert await rig.stored() == rig.rows([old])
    assert await upkeep.roll_due("minute", rig.now_ms) is False
    assert len(await rig.query(MINUTES)) == 1
    await upkeep.retain_once(rig.now_ms)
    assert await rig.stored() == []
    assert len(await rig.query(MINUTES)) == 1


@pytest.mark.usefixtures("leaping")
async def test_a_clock_that_is_ahead_drops_nothing(rig: Any) -> None:
    """Ten years ahead for one pass at a boot: floors are where the newest sample puts them."""
    batch = rig.batch({"a": 1.0}, age_s=20)
    async with rig.recorder() as running:
        await rig.until_ready(running)
        await rig.send(batch)
        await rolled(rig, "SELECT sum, count::int FROM samples_minute", [{"sum": 1.0, "count": 1}])
    upkeep = Upkeep(rig.settings(), rig.store, Running("recorder"))
    while await upkeep.roll_due("hour", rig.now_ms + HOUR_MS) or await rig.query("SELECT FROM rollup_dirty"):
        await upkeep.roll_due("minute", rig.now_ms + HOUR_MS)
    await upkeep.retain_once(rig.now_ms + 3_650 * 24 * HOUR_MS)
    assert await rig.stored() == rig.rows([batch])
    assert all(found["floor"] < from_ms(batch.time_ms) for found in await rig.query(FLOORS))


async def test_floors_that_would_leap_wait(rig: Any) -> None:
    """Ours and a sender's clock are two years ahead: nothing goes, and the figure says that retention is held."""
    await rig.query(SEEN_NOW, from_ms(rig.now_ms))
    await rig.query("UPDATE retention_floors SET floor = $1", from_ms(rig.now_ms - 48 * HOUR_MS))
    before = await rig.query(FLOORS)
    later_ms = rig.now_ms + 730 * 24 * HOUR_MS
    await rig.query("UPDATE resources SET last_seen = $1", from_ms(later_ms))
    upkeep = Upkeep(rig.settings(), rig.store, Running("recorder"))
    await upkeep.retain_once(later_ms)
    assert await rig.query(FLOORS) == before
    assert metrics.RETENTION_HELD._value.get() == 1
    await upkeep.retain_once(rig.now_ms)
    assert metrics.RETENTION_HELD._value.get() == 0


async def test_room_is_made_ahead_on_plain_partitions(rig: Any) -> None:
    """The next partition of each resolution exists before the first row that needs it."""
    now_ms = int(datetime(2031, 5, 6, 7, tzinfo=UTC).timestamp() * 1000)
    await Upkeep(rig.settings(), rig.store, Running("recorder")).retain_once(now_ms)
    async with rig.store.connection() as connection:
        for table in (SAMPLES, SAMPLES_MINUTE, SAMPLES_HOUR):
            found = await partitions.existing(connection, rig.store.kind, table)
            starts = [table.start(from_ms(now_ms)), table.start(from_ms(now_ms) + table.width)]
            wanted = [] if rig.store.kind == "timescale" else [table.partition_name(start) for start in starts]
            assert found == wanted


async def test_a_partition_that_went_missing_is_made_again(rig: Any) -> None:
    """Dropped behind the recorder's back: noticed, made, and nothing is lost."""
    first, second = rig.batch({"a": 1.0}, age_s=20), rig.batch({"a": 2.0}, age_s=10)
    async with rig.recorder():
        await rig.send(first)
        await rig.until_written(1)
        async with rig.store.connection() as connection:
            ahead = from_ms(rig.now_ms) + timedelta(days=1)
            await partitions.drop_before(connection, rig.store.kind, SAMPLES, ahead)
        await rig.send(second)
        await rig.until_written(2)
    assert await rig.stored() == rig.rows([second])
