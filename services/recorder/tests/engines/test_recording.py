"""Each sample once, with all that is said about it."""

from typing import Any

import pytest

from watchkeeper.common.clock import from_ms
from watchkeeper.common.events import Resource

pytestmark = pytest.mark.store

LATEST = """
    SELECT text, ts, value, prev_ts, prev_value FROM series_latest JOIN series USING (series_id) ORDER BY text
"""
RESOURCE = "SELECT name, environment, role, organisation, labels, interval_s, last_seen FROM resources"


async def test_samples_series_resources_and_the_newest_are_stored(rig: Any) -> None:
    """A host's batches become rows, a dictionary, a newest sample with the one before it, and a description."""
    facts = {"name": "web one", "environment": "prod", "role": "web", "organisation": "acme", "labels": {"a": "b"}}
    old = rig.batch({'net{dir="in"}': 5.0, "cpu": 0.5}, age_s=20, kind="counter")
    new = rig.batch({'net{dir="in"}': 9.0, "cpu": 0.25}, interval_s=10.0)
    new.resource = Resource(id="h", **facts)  # type: ignore[arg-type]  # facts' values are of two types
    late = rig.batch({"cpu": 0.1}, age_s=30)
    async with rig.recorder():
        await rig.send(old, new)
        await rig.until_written(2)
        await rig.send(late)
        await rig.until_written(3)
    assert await rig.stored() == rig.rows([old, new, late])
    assert await rig.query("SELECT name, labels, unit, kind FROM series WHERE text LIKE 'net%'") == [
        {"name": "net", "labels": {"dir": "in"}, "unit": "1", "kind": "counter"}
    ]
    times = {"ts": from_ms(rig.now_ms - 10_000), "prev_ts": from_ms(rig.now_ms - 20_000)}
    assert await rig.query(LATEST) == [
        {"text": "cpu", "value": 0.25, "prev_value": 0.5} | times,
        {"text": 'net{dir="in"}', "value": 9.0, "prev_value": 5.0} | times,
    ]
    assert await rig.query(RESOURCE) == [facts | {"interval_s": 10.0, "last_seen": from_ms(rig.now_ms - 10_000)}]


async def test_the_newest_moves_along_batch_by_batch(rig: Any) -> None:
    """Each newer sample pushes the one before it; a late one between the two changes nothing."""
    async with rig.recorder():
        for number, age_s in enumerate((50, 40, 30, 35), start=1):
            await rig.send(rig.batch({"a": float(number)}, age_s=age_s))
            await rig.until_written(number)
    (row,) = await rig.query(LATEST)
    assert (row["value"], row["prev_value"]) == (3.0, 2.0)


async def test_a_replay_changes_nothing(rig: Any) -> None:
    """Offsets set back, and everything read again by another recorder: the same rows, the same newest samples."""
    batches = [rig.batch({"a": float(age), "b": 1.0}, age_s=age) for age in range(60, 10, -10)]
    async with rig.recorder():
        await rig.send(*batches)
        await rig.until_written(len(batches))
    before, newest = await rig.stored(), await rig.query(LATEST)
    await rig.query("UPDATE consumer_offsets SET next_offset = 0")
    async with rig.recorder():
        await rig.until_written(len(batches))
    assert await rig.stored() == before == rig.rows(batches)
    assert await rig.query(LATEST) == newest


async def test_duplicates_within_and_across_batches_are_one_row_and_stop_nothing(rig: Any) -> None:
    """The same batch twice, a series twice in a batch, another source at the same time: the first one stays."""
    first, second = rig.batch({"a": 1.0}, age_s=20), rig.batch({"a": 2.0, "b": 3.0}, source="other", age_s=20)
    twice = rig.batch({"a": 5.0}, age_s=15)
    twice.series, twice.units, twice.kinds, twice.values = ["a", "a"], ["1", "1"], ["gauge", "gauge"], [5.0, 6.0]
    last = rig.batch({"end": 1.0}, age_s=5)
    async with rig.recorder():
        await rig.send(first, first, second, twice, first)
        await rig.send(second, last)
        await rig.until_written(7)
    once = [first, rig.batch({"b": 3.0}, age_s=20), rig.batch({"a": 5.0}, age_s=15), last]
    assert await rig.stored() == rig.rows(once)


async def test_the_longest_series_text_is_stored(rig: Any) -> None:
    """What the grammar takes does not exceed an index, even where it cannot be compressed."""
    labels = ",".join(
        f'l{n:02}="{"".join(chr(0x4E00 + (n * 7919 + i * 104729) % 20000) for i in range(280))}"' for n in range(14)
    )
    long = rig.batch({f"long{{{labels}}}": 1.0})
    assert 3_900 < len(long.series[0]) <= 4_096
    async with rig.recorder():
        await rig.send(long)
        await rig.until_written(1)
    assert await rig.stored() == rig.rows([long])


async def test_another_owner_fences(rig: Any) -> None:
    """While another owner has moved the offset on, nothing of what it covers is written; we go on from there."""
    batches = [rig.batch({"a": float(number)}, age_s=100 - number) for number in range(11)]
    async with rig.recorder():
        await rig.until(lambda: rig.query("SELECT FROM consumer_offsets"))
        await rig.query("UPDATE consumer_offsets SET next_offset = 5")
        await rig.send(*batches[:10])
        await rig.until(rig.stored)
        await rig.send(batches[10])
        await rig.until(lambda: _stored_as_many(rig, 6))
    assert await rig.stored() == rig.rows(batches[5:])


async def _stored_as_many(rig: Any, count: int) -> bool:
    return len(await rig.stored()) == count


async def test_a_topic_that_begins_anew_is_read_from_its_beginning(rig: Any) -> None:
    """Kafka lost its data, the database did not: offsets beyond the topic's end do not keep new records out."""
    async with rig.recorder():
        await rig.until(lambda: rig.query("SELECT FROM consumer_offsets"))
    await rig.query("UPDATE consumer_offsets SET next_offset = 1000")
    batches = [rig.batch({"a": float(number)}, age_s=100 - number) for number in range(5)]
    await rig.send(*batches)
    async with rig.recorder():
        await rig.until(lambda: _stored_as_many(rig, 5))
    assert await rig.stored() == rig.rows(batches)
    assert len(await rig.query("SELECT FROM consumer_offsets WHERE next_offset = 5")) == 1


async def test_two_recorders_share_the_partitions_and_store_each_sample_once(rig: Any) -> None:
    """The second joins, the first leaves, in the middle of everything."""
    batches = [rig.batch({"a": float(n), "b": 0.0}, resource=f"h{n % 20}", age_s=3_000 - n) for n in range(2_000)]
    async with rig.recorder():
        await rig.send(*batches[:500])
        async with rig.recorder() as second:
            await rig.send(*batches[500:1_000])
            await rig.until_ready(second)
            await rig.send(*batches[1_000:1_500])
        await rig.send(*batches[1_500:])
        await rig.until_written(len(batches))
    assert await rig.stored() == rig.rows(batches)
