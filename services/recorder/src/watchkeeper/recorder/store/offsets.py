"""The recorder's own offsets: they move in the transaction that writes the rows, which fences a second owner."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from watchkeeper.common.clock import to_ms
from watchkeeper.common.store import Connection
from watchkeeper.recorder.domain.arranging import Floors

BEGIN = """
    INSERT INTO consumer_offsets (consumer, topic, partition, next_offset)
    SELECT $1, $2, partition, 0 FROM unnest($3::integer[]) partition
    ON CONFLICT DO NOTHING
"""
STARTS = """
    SELECT partition, next_offset FROM consumer_offsets
    WHERE consumer = $1 AND topic = $2 AND partition = ANY($3::integer[])
"""
# One round trip: the offset moves, and the floors are read under a lock that holds retention off until the end.
MOVE = """
    WITH moved AS (
        UPDATE consumer_offsets SET next_offset = $5, updated_at = now()
        WHERE consumer = $1 AND topic = $2 AND partition = $3 AND next_offset = $4
        RETURNING 1
    )
    SELECT resolution, floor, (SELECT count(*) FROM moved) AS moved FROM retention_floors FOR SHARE
"""


class Step(NamedTuple):
    """A partition's offset as it is expected to stand, and where it goes."""

    consumer: str
    topic: str
    partition: int
    expected: int
    next_offset: int


class FencedError(Exception):
    """The offset in the database is not as expected: another owner wrote, or our commit had arrived after all."""


async def starts(connection: Connection, consumer: str, topic: str, partitions: Iterable[int]) -> Mapping[int, int]:
    """The next offset of each of ``partitions``; those without a row get one that says 0."""
    wanted = sorted(partitions)
    await connection.execute(BEGIN, consumer, topic, wanted)
    rows = await connection.fetch(STARTS, consumer, topic, wanted)
    return {row["partition"]: row["next_offset"] for row in rows}


async def move(connection: Connection, step: Step) -> Floors:
    """Move the offset within the current transaction; answers the floors, which stay until its end.

    Raises ``FencedError`` when the offset is not where it was expected.
    """
    rows = await connection.fetch(MOVE, *step)
    if not rows or rows[0]["moved"] != 1:
        raise FencedError(f"{step.topic}[{step.partition}] is no longer at {step.expected}")
    found = {row["resolution"]: to_ms(row["floor"]) for row in rows}
    return Floors(found["raw"], found["minute"], found["hour"])
