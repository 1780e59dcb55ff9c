"""``--once``: what would be sent, as JSON lines."""

import asyncio
from collections.abc import AsyncIterator

from watchkeeper.collector.collect import Collection
from watchkeeper.common.events import encode

BETWEEN_S = 1.0
"""Between the two readings that a share needs."""


async def once(collection: Collection) -> AsyncIterator[bytes]:
    """Read every source once, or twice where a value compares two readings; yield the batches' JSON.

    A source that fails yields a batch that says so.
    """
    readers = collection.readers
    await asyncio.gather(*(reader.prepare() for reader in readers))
    await asyncio.sleep(BETWEEN_S)
    outcomes = await asyncio.gather(*(reader.read() for reader in readers))
    for reader, outcome in zip(readers, outcomes, strict=True):
        for batch in collection.batches(reader.block, outcome):
            yield encode(batch)
    await collection.close()
