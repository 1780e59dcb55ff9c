"""Removing what has expired."""

import asyncio
from datetime import timedelta

from watchkeeper.api.access import sessions
from watchkeeper.api.context import Context
from watchkeeper.common.clock import from_ms

EVERY_S = 600.0


async def run(context: Context) -> None:
    """Remove expired sessions every ``EVERY_S`` seconds."""
    idle = timedelta(seconds=context.settings.session_idle_s)
    while True:
        await asyncio.sleep(EVERY_S)
        if context.store is not None:
            async with context.require_access_store().connection() as connection:
                await sessions.end_old(connection, from_ms(context.clock.now_ms()), idle)
