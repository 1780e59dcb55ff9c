"""What a spool does with its segments when it is full. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

SEGMENTS_MIN = 16
SEGMENT_BYTES_MAX = 1024 * 1024
"""A segment is read as a whole, so this much memory."""

SEGMENT_BYTES_MIN = 64 * 1024


@dataclass(frozen=True)
class Segment:
    """One file of the spool: its number (ever growing), its whole frames, and their bytes."""

    number: int
    count: int
    size: int


def segment_bytes(bytes_max: int) -> int:
    """Return the size at which a segment is closed: small enough that dropping one costs little of ``bytes_max``."""
    return max(SEGMENT_BYTES_MIN, min(SEGMENT_BYTES_MAX, bytes_max // SEGMENTS_MIN))


def to_drop(segments: Sequence[Segment], adding: int, bytes_max: int) -> list[Segment]:
    """Return the oldest of ``segments`` (oldest first) that must go so that ``adding`` more bytes fit ``bytes_max``."""
    total, going = sum(segment.size for segment in segments) + adding, []
    for segment in segments:
        if total <= bytes_max:
            break
        going.append(segment)
        total -= segment.size
    return going


def last_fitting(sizes: Sequence[int], bytes_max: int) -> int:
    """Return the index from which on ``sizes`` (oldest first) fit ``bytes_max`` together; their number if none does."""
    total = 0
    for index in range(len(sizes) - 1, -1, -1):
        total += sizes[index]
        if total > bytes_max:
            return index + 1
    return 0
