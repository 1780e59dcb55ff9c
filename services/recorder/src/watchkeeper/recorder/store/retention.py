"""The floors below which a resolution holds nothing any more."""

from datetime import datetime

from watchkeeper.common.clock import from_ms, to_ms
from watchkeeper.common.store import Connection
from watchkeeper.recorder.domain.arranging import Floors

FLOORS = "SELECT resolution, floor FROM retention_floors"
# Waits for the writers under way (they share the row), and the next ones wait for us.
LOCK = "SELECT floor FROM retention_floors WHERE resolution = $1 FOR UPDATE"
WAITING = "SELECT EXISTS (SELECT FROM rollup_dirty WHERE resolution = $1 AND bucket < $2)"
RAISE = "UPDATE retention_floors SET floor = $2 WHERE resolution = $1 AND floor < $2"

FINER = {"minute": "raw", "hour": "minute"}
"""The resolution that each rollup is computed from."""
COARSER = {finer: coarser for coarser, finer in FINER.items()}


async def floors(connection: Connection) -> Floors:
    """The floors in force."""
    found = {row["resolution"]: to_ms(row["floor"]) for row in await connection.fetch(FLOORS)}
    return Floors(found["raw"], found["minute"], found["hour"])


async def raise_floor(connection: Connection, resolution: str, floor_ms: int) -> bool:
    """Raise a floor within the current transaction; answers whether nothing below ``floor_ms`` is needed any more.

    It stays while a rollup below it is still to be computed from what would go.
    """
    floor: datetime = from_ms(floor_ms)
    await connection.execute("SET LOCAL lock_timeout = '5s'")
    await connection.fetchval(LOCK, resolution)
    coarser = COARSER.get(resolution)
    if coarser is not None and await connection.fetchval(WAITING, coarser, floor):
        return False
    await connection.execute(RAISE, resolution, floor)
    return True
