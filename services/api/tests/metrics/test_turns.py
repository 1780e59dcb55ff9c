"""Turns at reading much."""

import asyncio

import pytest

from watchkeeper.api.metrics.turns import TURNS, TURNS_EACH, WAITING_MAX, Turns
from watchkeeper.api.problems import Problem


class Readers:
    """Callers that take a turn and keep it until they are let go; counts those that have one."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.reading: list[str] = []
        self.go = asyncio.Event()

    async def read(self, caller: str) -> str:
        async with self.turns.of(caller):
            self.reading.append(caller)
            await self.go.wait()
            return caller

    async def begin(self, *callers: str) -> list[asyncio.Task[str]]:
        tasks = [asyncio.create_task(self.read(caller)) for caller in callers]
        for _ in range(10):
            await asyncio.sleep(0)
        return tasks


async def test_one_caller_has_a_few_turns_and_leaves_some_to_others() -> None:
    readers = Readers(Turns())
    tasks = await readers.begin(*["a"] * 5, "b", "c", "d")
    assert readers.reading == ["a", "a", "b", "c"]
    assert len(readers.reading) == TURNS
    readers.go.set()
    assert sorted(await asyncio.gather(*tasks)) == ["a"] * 5 + ["b", "c", "d"]


async def test_who_waits_too_long_is_told_when_to_come_again_and_loses_nobody_a_turn() -> None:
    readers = Readers(Turns(wait_s=0.01))
    tasks = await readers.begin(*["a"] * TURNS_EACH)
    with pytest.raises(Problem) as caught:
        await readers.read("a")
    assert (caught.value.status_code, caught.value.headers) == (503, {"Retry-After": "1"})
    readers.go.set()
    await asyncio.gather(*tasks)
    assert await asyncio.gather(*(readers.read("a") for _ in range(TURNS_EACH))) == ["a"] * TURNS_EACH


async def test_more_than_may_wait_are_sent_away_at_once() -> None:
    readers = Readers(Turns(wait_s=60))
    tasks = await readers.begin(*(str(k) for k in range(TURNS + WAITING_MAX)))
    with pytest.raises(Problem) as caught:
        await readers.read("late")
    assert caught.value.title == "Busy"
    readers.go.set()
    assert len(await asyncio.gather(*tasks)) == TURNS + WAITING_MAX


async def test_who_goes_while_waiting_gives_the_place_back() -> None:
    turns = Turns(wait_s=60)
    readers = Readers(turns)
    tasks = await readers.begin(*["a"] * 3)
    tasks[2].cancel()
    await asyncio.gather(tasks[2], return_exceptions=True)
    readers.go.set()
    await asyncio.gather(*tasks[:2])
    assert (turns._lines, turns._asking) == ({}, 0)
