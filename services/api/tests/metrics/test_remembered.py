"""Answers kept for some seconds and made once."""

import asyncio

import pytest

from watchkeeper.api.metrics.remembered import ENTRIES_MAX, Answers, Keep


class Hands:
    """A clock that is set by hand."""

    now_s = 0.0

    def monotonic_s(self) -> float:
        return self.now_s

    def now_ms(self) -> int:
        return int(self.now_s * 1000)


class Maker:
    """Counts how often it makes."""

    made = 0
    fails = False

    async def __call__(self) -> int:
        self.made += 1
        await asyncio.sleep(0)
        if self.fails:
            raise ValueError("failed")
        return self.made


async def test_made_once_for_all_who_ask_until_it_is_too_old() -> None:
    answers, clock, make = Answers(), Hands(), Maker()
    assert await asyncio.gather(*(answers.get("k", Keep(10), clock, make) for _ in range(5))) == [1] * 5
    clock.now_s = 9.9
    assert await answers.get("k", Keep(10), clock, make) == 1
    assert await answers.get("other", Keep(10), clock, make) == 2
    clock.now_s = 10
    assert await answers.get("k", Keep(10), clock, make) == 3


async def test_a_failure_is_told_to_all_who_wait_and_not_kept() -> None:
    answers, clock, make = Answers(), Hands(), Maker()
    make.fails = True
    found = await asyncio.gather(*(answers.get("k", Keep(10), clock, make) for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in found] == [ValueError] * 3
    make.fails = False
    assert await answers.get("k", Keep(10), clock, make) == 2


async def test_who_goes_does_not_end_the_making() -> None:
    answers, clock, make = Answers(), Hands(), Maker()
    asker = asyncio.create_task(answers.get("k", Keep(10), clock, make))
    await asyncio.sleep(0)
    asker.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asker
    assert await answers.get("k", Keep(10), clock, make) == 1


async def test_the_oldest_goes_when_there_are_too_many() -> None:
    answers, clock, make = Answers(), Hands(), Maker()
    for key in range(ENTRIES_MAX + 1):
        await answers.get(key, Keep(10), clock, make)
    assert await answers.get(1, Keep(10), clock, make) == 2
    assert await answers.get(0, Keep(10), clock, make) == ENTRIES_MAX + 2


async def test_the_answer_before_is_given_while_a_new_one_is_made() -> None:
    answers, clock, make = Answers(), Hands(), Maker()
    keep = Keep(10, 20)
    assert await answers.get("k", keep, clock, make) == 1
    clock.now_s = 15
    assert [await answers.get("k", keep, clock, make) for _ in range(2)] == [1, 1]
    await asyncio.sleep(0.01)
    assert (await answers.get("k", keep, clock, make), make.made) == (2, 2)
    clock.now_s = 50
    assert await answers.get("k", keep, clock, make) == 3


async def test_a_failure_to_make_a_new_one_is_told_to_the_next_who_asks_only_if_it_fails_again() -> None:
    answers, clock, make = Answers(), Hands(), Maker()
    keep = Keep(10, 20)
    await answers.get("k", keep, clock, make)
    clock.now_s = 15
    make.fails = True
    assert await answers.get("k", keep, clock, make) == 1
    await asyncio.sleep(0.01)
    with pytest.raises(ValueError, match="failed"):
        await answers.get("k", keep, clock, make)
    make.fails = False
    assert await answers.get("k", keep, clock, make) == 4
