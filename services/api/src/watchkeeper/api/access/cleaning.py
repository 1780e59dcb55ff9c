"""Removing what has expired."""

import asyncio
from datetime import timedelta

from watchkeeper.api.access import audit, sessions
from watchkeeper.api.context import Context
from watchkeeper.common.clock import from_ms

EVERY_S = 600.0


async def run(context: Context) -> None:
    """Remove expired sessions, and the audit log's oldest entries, every ``EVERY_S`` seconds."""
    while True:
        await asyncio.sleep(EVERY_S)
        if context.store is not None:
            await clean(context)


async def clean(context: Context) -> None:
    """Remove what has expired by now; raises what the database raises."""
    settings, now = context.settings, from_ms(context.clock.now_ms())
    async with context.require_access_store().connection() as connection:
        await sessions.end_old(connection, now, timedelta(seconds=settings.session_idle_s))
        await audit.forget(connection, now - timedelta(days=settings.audit_days))
