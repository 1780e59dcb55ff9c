"""What is refused: too many series, records that cannot be read, too many of those."""

import random
from typing import Any

import pytest

from watchkeeper.common.clock import from_ms
from watchkeeper.common.events import MetricsBatch

pytestmark = pytest.mark.store

REPORT = "SELECT resource_id, series_max, refused_series, refused_samples FROM cardinality_refusals"
REFUSE = """
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'not this one' USING ERRCODE = '22023'; END $$
"""
REFUSE_POISON = """
    CREATE TRIGGER refuse BEFORE INSERT ON series
    FOR EACH ROW WHEN (NEW.name = 'poison') EXECUTE FUNCTION refuse()
"""


async def test_a_resource_may_have_so_many_series(rig: Any) -> None:
    """Further series are refused and reported; known ones and other resources go on."""
    many = rig.batch({f"s{number}": 1.0 for number in range(5)}, age_s=30)
    again = rig.batch({f"s{number}": 2.0 for number in range(6)}, age_s=20)
    other = rig.batch({"x": 1.0, "y": 1.0}, resource="other")
    async with rig.recorder(series_max=3):
        await rig.send(many)
        await rig.until_written(1)
        await rig.send(again, other)
        await rig.until_written(3)
    stored = [
        ("h", "s0"),
        ("h", "s0"),
        ("h", "s1"),
        ("h", "s1"),
        ("h", "s2"),
        ("h", "s2"),
        ("other", "x"),
        ("other", "y"),
    ]
    assert [row[:2] for row in await rig.stored()] == stored
    assert await rig.query(REPORT) == [{"resource_id": "h", "series_max": 3, "refused_series": 3, "refused_samples": 5}]


async def test_the_limit_holds_after_a_restart(rig: Any) -> None:
    """The database's count decides, not this process's memory."""
    async with rig.recorder(series_max=2):
        await rig.send(rig.batch({"a": 1.0, "b": 1.0}, age_s=30))
        await rig.until_written(1)
    async with rig.recorder(series_max=2):
        await rig.send(rig.batch({"c": 1.0, "a": 2.0}, age_s=20))
        await rig.until_written(2)
    assert [row[1] for row in await rig.stored()] == ["a", "a", "b"]


async def test_1000_malformed_among_100000_are_1000_dead_letters(rig: Any) -> None:
    """Exactly those, with their reasons; all the others are stored."""
    malformed = set(random.Random(3).sample(range(100_000), 1_000))

    def value(number: int) -> MetricsBatch | bytes:
        if number not in malformed:
            return rig.batch({"a": float(number)}, age_s=3_600 - number / 50)  # type: ignore[no-any-return]  # rig is Any
        return b'{"not": "a batch"' if number % 2 else b'{"schema": "watchkeeper.metrics/1"}'

    await rig.send(*map(value, range(100_000)))
    async with rig.recorder():
        await rig.until_written(100_000)
    assert await rig.query("SELECT count(*)::int AS n, sum(value)::bigint AS total FROM samples") == [
        {"n": 99_000, "total": sum(range(100_000)) - sum(malformed)}
    ]
    letters = await rig.letters()
    assert len(letters) == len({letter.id for letter in letters}) == 1_000
    assert {letter.offset: letter.reason for letter in letters} == {
        number: "not-json" if number % 2 else "schema" for number in malformed
    }


async def test_a_hundred_malformed_in_a_row_stop_their_partition_and_lose_nothing(rig: Any) -> None:
    """Not ready, the offset before them, no dead letter; told to go on, everything is dealt with once."""
    first, last = rig.batch({"a": 1.0}, age_s=30), rig.batch({"a": 2.0}, age_s=20)
    await rig.send(first, *[b"rubbish"] * 100, last)
    async with rig.recorder() as running:

        async def stopped() -> bool:
            return any("100 malformed records in a row" in part.detail for part in running.parts.values())

        await rig.until(stopped)
    assert await rig.stored() == []
    assert await rig.letters() == []
    async with rig.recorder(stop_on_bad=False):
        await rig.until_written(102)
    assert await rig.stored() == rig.rows([first, last])
    assert len(await rig.letters()) == 100


async def test_what_only_the_database_refuses_goes_to_the_dead_letters_alone(rig: Any) -> None:
    """The record that the database will never take is found among its neighbours, which are stored."""
    await rig.query(REFUSE)
    await rig.query(REFUSE_POISON)
    batches = [rig.batch({"poison" if number == 6 else f"s{number}": 1.0}, age_s=30 - number) for number in range(10)]
    await rig.send(*batches)
    async with rig.recorder():
        await rig.until_written(10)
    assert await rig.stored() == rig.rows(batches[:6] + batches[7:])
    (letter,) = await rig.letters()
    assert (letter.offset, letter.reason) == (6, "store")
    assert "not this one" in letter.detail


async def test_a_wrong_clock_costs_its_sender_only(rig: Any) -> None:
    """Ahead of our clock or older than any rollup: dead letters, however many, and the partition goes on."""
    future = [rig.batch({"a": 1.0}, age_s=-900 - number) for number in range(60)]
    past = [rig.batch({"a": 1.0}, age_s=5e7 + number) for number in range(60)]
    good = rig.batch({"a": 7.0})
    await rig.send(*future, *past, good)
    async with rig.recorder():
        await rig.until_written(121)
    assert await rig.stored() == rig.rows([good])
    assert [letter.reason for letter in await rig.letters()] == ["future"] * 60 + ["past"] * 60


async def test_what_retention_overtook_on_its_way_is_refused_with_its_reason(rig: Any) -> None:
    """Read while its hour was still kept, written after it had gone: a dead letter, not a row that nobody keeps."""
    first, second = rig.batch({"a": 1.0}, age_s=7_200), rig.batch({"a": 2.0}, age_s=3_600)
    good = rig.batch({"a": 3.0})
    async with rig.recorder(retention_every_s=3_600):
        await rig.send(first)
        await rig.until_written(1)
        await rig.query("UPDATE retention_floors SET floor = $1", from_ms(rig.now_ms - 60_000))
        await rig.send(second, good)
        await rig.until_written(3)
    assert await rig.stored() == rig.rows([first, good])
    assert [letter.reason for letter in await rig.letters()] == ["past"]
