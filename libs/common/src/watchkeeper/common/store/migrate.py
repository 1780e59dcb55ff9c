"""Numbered migrations that several starters may run at once.

Files are ``NNNN_name.sql``, run once each, in order, each in a transaction of its own together with its row in
``schema_migrations``. ``NNNN_name.plain.sql`` and ``NNNN_name.timescale.sql`` are two ways to one number: the one
for the database's kind is run. A session advisory lock lets one starter run them while the others wait.
"""

import asyncio
import re
from dataclasses import dataclass
from importlib import resources

from watchkeeper.common.logging import get_logger
from watchkeeper.common.store.pool import Connection, DatabaseKind, Store

LOCK_KEY = 0x57415443484B5052  # "WATCHKPR" in ASCII: ours alone among advisory locks
LOCK_WAIT_S = 60.0
LOCK_RETRY_S = 0.1
SCHEMA_NEWER = "the database was made by a newer Watchkeeper"

TABLE = """
    CREATE TABLE IF NOT EXISTS schema_migrations (
        number integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()
    )
"""
APPLIED = "SELECT number FROM schema_migrations"
REMEMBER = "INSERT INTO schema_migrations (number, name) VALUES ($1, $2)"

_FILE = re.compile(r"(\d{4})_([a-z0-9_]+)(?:\.(plain|timescale))?\.sql")

log = get_logger(__name__)


class NewerSchemaError(Exception):
    """The database has migrations that this version does not know; nothing was changed."""


@dataclass(frozen=True, order=True)
class Migration:
    """One numbered step."""

    number: int
    name: str
    sql: str


def migrations(kind: DatabaseKind) -> list[Migration]:
    """All steps for a database of ``kind``, in order; raises ``ValueError`` for a number that stands twice."""
    found: dict[int, Migration] = {}
    for file in sorted(resources.files(__package__).joinpath("migrations").iterdir(), key=lambda entry: entry.name):
        match = _FILE.fullmatch(file.name)
        if match is None or match[3] not in (None, kind.value):
            continue
        number = int(match[1])
        if number in found:
            raise ValueError(f"migration {number:04} stands twice: {found[number].name}, {match[2]}")
        found[number] = Migration(number, match[2], file.read_text(encoding="utf-8"))
    return sorted(found.values())


async def migrate(store: Store) -> list[Migration]:
    """Bring the schema up to date; answers what was run now.

    Raises ``NewerSchemaError`` if the database is ahead of this version, ``TimeoutError`` if another starter holds the
    lock too long.
    """
    steps = migrations(store.kind)
    async with store.connection() as connection:
        await _lock(connection)
        try:
            return await _run(connection, steps)
        finally:
            await connection.execute("SELECT pg_advisory_unlock($1)", LOCK_KEY)


async def _lock(connection: Connection) -> None:
    async with asyncio.timeout(LOCK_WAIT_S):
        # Asked for again and again: a waiting pg_advisory_lock would be ended by the statement time-out.
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK_KEY):  # noqa: ASYNC110 - as said
            await asyncio.sleep(LOCK_RETRY_S)


async def _run(connection: Connection, steps: list[Migration]) -> list[Migration]:
    await connection.execute(TABLE)
    applied = {row["number"] for row in await connection.fetch(APPLIED)}
    unknown = applied - {step.number for step in steps}
    if unknown:
        raise NewerSchemaError(f"{SCHEMA_NEWER}: it has migration {max(unknown):04}, unknown here")
    run = [step for step in steps if step.number not in applied]
    for step in run:
        async with connection.transaction():
            await connection.execute("SET LOCAL lock_timeout = '10s'")
            await connection.execute(step.sql)
            await connection.execute(REMEMBER, step.number, step.name)
        log.info("migrated", number=step.number, name=step.name)
    return run
