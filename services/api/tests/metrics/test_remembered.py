"""Answers kept for some seconds and made once."""

import asyncio

import pytest

from watchkeeper.api.metrics.remembered import ENTRIES_MAX, MAKING_MAX, Answers, Keep
from watchkeeper.api.problems import Problem


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


async def test_who_goes_does_not_end_the_making_while_others_wait() -> None:
    answers, clock, make = Answers(), Hands(), Maker()
    askers = [asyncio.create_task(answers.get("k", Keep(10), clock, make)) for _ in range(2)]
    await asyncio.sleep(0)
    askers[0].cancel()
    with pytest.raises(asyncio.CancelledError):
        await askers[0]
    assert (await askers[1], make.made) == (1, 1)


async def test_the_last_who_goes_ends_the_making() -> None:
    answers, clock = Answers(), Hands()
    ended = asyncio.Event()

    async def never() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    asker = asyncio.create_task(answers.get("k", Keep(10), clock, never))
    await asyncio.sleep(0.01)
    asker.cancel()
    async with asyncio.timeout(5):
        await ended.wait()
    assert await answers.get("k", Keep(10), clock, Maker()) == 1


async def test_only_so_many_are_made_at_the_same_time() -> None:
    answers, clock, go = Answers(), Hands(), asyncio.Event()

    async def slow() -> int:
        await go.wait()
        return 7

    askers = [asyncio.create_task(answers.get(key, Keep(10), clock, slow)) for key in range(MAKING_MAX)]
    await asyncio.sleep(0)
    with pytest.raises(Problem) as caught:
        await answers.get("more", Keep(10), clock, slow)
    assert caught.value.status_code == 503
    go.set()
    assert await asyncio.gather(*askers) == [7] * MAKING_MAX
    assert await answers.get("more", Keep(10), clock, slow) == 7


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
