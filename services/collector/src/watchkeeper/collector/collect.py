"""The collector at work: every source on its own schedule, what they read to the publisher."""

import asyncio
from functools import partial

from watchkeeper.collector.batches import Outcome, Texts, make_batches
from watchkeeper.collector.configuration import Configuration, SourceBlock
from watchkeeper.collector.names import Names
from watchkeeper.collector.publisher import Publisher
from watchkeeper.collector.reader import Reader
from watchkeeper.collector.reading import Reading
from watchkeeper.collector.schedule import next_due_s, offset_s
from watchkeeper.collector.source import Source, SourceSettings, Tools
from watchkeeper.collector.sources.registry import source_module
from watchkeeper.collector.spool import Kept
from watchkeeper.collector.tally import Tally
from watchkeeper.collector.threads import Threads
from watchkeeper.common.clock import Clock
from watchkeeper.common.events import MetricsBatch, Resource, encode

THREADS_MAX = 32
LOOKUPS_MAX = 16
"""Names looked up at a time, in threads of their own: with DNS down they are all stuck."""

SLEEP_S_MAX = 60.0
"""The clock is looked at again after this, so that setting it does not put a reading off for long."""

SET_BACK_S = 1.0
"""Time to wait beyond a whole interval that only a clock that was set back can explain."""


class OwnSource(Source[SourceSettings]):
    """What the collector counts about itself."""

    def __init__(self, settings: SourceSettings, tools: Tools, tally: Tally) -> None:
        """Keep the tally."""
        super().__init__(settings, tools)
        self._tally = tally

    async def read(self) -> list[Reading]:
        """Return the counts now."""
        return self._tally.readings()


class Collection:
    """The sources of one host, open or to be opened, and how their readings become batches."""

    def __init__(self, configuration: Configuration, resource: Resource, clock: Clock, tally: Tally) -> None:
        """Make a reader for each block, and one for the collector itself."""
        self.resource, self.clock, self.tally = resource, clock, tally
        self._jitter_s = configuration.defaults.jitter_s
        self._texts = Texts()
        tools = Tools(Threads(THREADS_MAX), tally.leave_out, Names(Threads(LOOKUPS_MAX)))
        defaults = configuration.defaults
        own = SourceSettings(interval_s=defaults.interval_s, timeout_s=min(defaults.timeout_s, defaults.interval_s))
        self.readers = [
            *(
                Reader(block, partial(source_module(block.kind).open_source, block.settings, tools), clock)
                for block in configuration.blocks
            ),
            Reader(SourceBlock("collector", "", own), lambda: OwnSource(own, tools, tally), clock),
        ]

    def batches(self, block: SourceBlock, outcome: Outcome) -> list[MetricsBatch]:
        """Return the batches of one reading, with what they leave out counted."""
        self.tally.read += not outcome.error
        self.tally.failed += bool(outcome.error)
        batches, left_out = make_batches(self.resource, block, outcome, self._texts)
        for reason, number in left_out.items():
            self.tally.leave_out(reason, number)
        return batches

    async def run(self, publisher: Publisher) -> None:
        """Read every source on its schedule, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for reader in self.readers:
                group.create_task(self._follow(reader, publisher), name=reader.block.label)

    async def close(self) -> None:
        """Close all sources."""
        await asyncio.gather(*(reader.close() for reader in self.readers))

    async def _follow(self, reader: Reader, publisher: Publisher) -> None:
        """Read one source at each of its instants."""
        block = reader.block
        offset = offset_s(self.resource.id, block.label, self._jitter_s, block.interval_s)
        due_s: float | None = None
        while True:
            due_s = next_due_s(self.clock.now_ms() / 1000, due_s, block.interval_s, offset)
            if not await self._until(due_s, block.interval_s):
                continue
            for batch in self.batches(block, await reader.read()):
                publisher.offer(Kept(self.resource.id, encode(batch)))

    async def _until(self, due_s: float, interval_s: float) -> bool:
        """Wait for ``due_s``; answers False where the clock was set back by an interval."""
        while (wait_s := due_s - self.clock.now_ms() / 1000) > 0:
            if wait_s > interval_s + SET_BACK_S:
                return False
            await asyncio.sleep(min(wait_s, SLEEP_S_MAX))
        return True
