"""Reading a source that fails or hangs."""

import asyncio
import threading

import pytest

from watchkeeper.collector.configuration import SourceBlock
from watchkeeper.collector.reader import Reader
from watchkeeper.collector.reading import Reading, gauge
from watchkeeper.collector.source import BlockingSource, Source, SourceSettings, Tools
from watchkeeper.common.clock import SystemClock

QUICK = SourceSettings(interval_s=1, timeout_s=0.05)
BLOCK = SourceBlock("cpu", "", QUICK)


class Scripted(Source[SourceSettings]):
    """Does what the test says: waits for the event, raises the error, or answers."""

    def __init__(self, tools: Tools, *, error: Exception | None = None, until: asyncio.Event | None = None) -> None:
        """Keep the script."""
        super().__init__(QUICK, tools)
        self.error, self.until, self.readings, self.closed = error, until, 0, False

    async def read(self) -> list[Reading]:
        """Follow the script."""
        self.readings += 1
        while self.until is not None and not self.until.is_set():
            try:
                await self.until.wait()
            except asyncio.CancelledError:
                continue  # the worst kind of source
        if self.error is not None:
            raise self.error
        return [gauge("a", 1, "1")]

    async def close(self) -> None:
        """Tell that it was closed."""
        self.closed = True


class Stuck(BlockingSource[SourceSettings]):
    """Hangs in its thread until released."""

    def __init__(self, tools: Tools) -> None:
        """Keep what releases it."""
        super().__init__(QUICK, tools)
        self.release = threading.Event()
        self.readings = 0

    def read_now(self) -> list[Reading]:
        """Hang."""
        self.readings += 1
        self.release.wait()
        return [gauge("a", 1, "1")]


async def test_a_reading_that_goes_well(tools: Tools) -> None:
    """Readings, time and duration, no error; closing closes the source."""
    source = Scripted(tools)
    reader = Reader(BLOCK, lambda: source, SystemClock())
    outcome = await reader.read()
    assert (outcome.readings, outcome.error) == ([gauge("a", 1, "1")], "")
    await reader.close()
    assert source.closed


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), TimeoutError("its own"), KeyError("x")])
async def test_whatever_a_source_raises_is_its_outcome(tools: Tools, error: Exception) -> None:
    """The error in one line, no readings; the next reading is tried all the same."""
    source = Scripted(tools, error=error)
    reader = Reader(BLOCK, lambda: source, SystemClock())
    outcome = await reader.read()
    assert outcome.error.startswith(type(error).__name__)
    assert outcome.readings == []
    source.error = None
    assert (await reader.read()).error == ""


async def test_a_source_that_does_not_open_is_opened_again(tools: Tools) -> None:
    """What is missing at the start may come later."""
    attempts: list[int] = []

    def open_source() -> Scripted:
        attempts.append(1)
        if len(attempts) == 1:
            raise RuntimeError("needs an extra")
        return Scripted(tools)

    reader = Reader(BLOCK, open_source, SystemClock())
    assert (await reader.read()).error == "RuntimeError: needs an extra"
    assert (await reader.read()).error == ""


async def test_a_hanging_reading_is_never_joined_by_a_second(tools: Tools) -> None:
    """The time-out ends the waiting; until the first one has ended, even one that ignores cancelling, none begins."""
    until = asyncio.Event()
    source = Scripted(tools, until=until)
    reader = Reader(BLOCK, lambda: source, SystemClock())
    assert (await reader.read()).error == "TimeoutError: no reading within 0.05 s"
    assert (await reader.read()).error == "TimeoutError: the reading before hangs still"
    assert source.readings == 1
    until.set()
    await asyncio.sleep(0.01)
    assert (await reader.read()).error == ""
    assert source.readings == 2


async def test_a_thread_that_hangs_is_not_joined_by_a_second(tools: Tools) -> None:
    """Cancelling cannot end a thread; its source waits for it."""
    source = Stuck(tools)
    reader = Reader(BLOCK, lambda: source, SystemClock())
    assert "no reading within" in (await reader.read()).error
    assert "hangs still" in (await reader.read()).error
    assert source.readings == 1
    source.release.set()
    while source._under_way:  # noqa: ASYNC110 - the thread ends when it ends
        await asyncio.sleep(0.005)
    assert (await reader.read()).error == ""
    await reader.close()
