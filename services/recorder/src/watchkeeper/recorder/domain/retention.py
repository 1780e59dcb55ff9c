"""What is kept, and what is rolled up when: arithmetic on unix milliseconds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from watchkeeper.common.bus import Received
from watchkeeper.recorder.domain.arranging import Floors
from watchkeeper.recorder.domain.buckets import HOUR_MS, MINUTE_MS, bucket_ms
from watchkeeper.recorder.domain.reading import Span

OPEN_MINUTE_EVERY_MS = 15_000
"""A minute that has not ended is rolled up this often, so that charts of minutes reach up to now."""
OPEN_HOUR_EVERY_MS = 60_000
"""The same for an hour."""
LEAP_MS = 24 * HOUR_MS
"""A floor that would rise by more than this and a partition leaps: it moves on by a partition at a time else."""
HOLD_S = 3600.0
"""So long a leap is waited with: a clock that was set wrong at the start is put right within minutes."""


def base_of(now_ms: int, newest_ms: int | None, ahead_s: int) -> int | None:
    """The moment that floors are counted from: now, but no further than ``ahead_s`` past the newest sample.

    None where there is none: nothing is past its time. A clock that is ahead (at a boot, say) would else drop all that
    is kept, and floors never go down again. Where nothing arrives, nothing goes.
    """
    return None if newest_ms is None else min(now_ms, newest_ms + ahead_s * 1000)


def leaps(in_force: Floors, wanted: Floors, widths: Mapping[str, timedelta]) -> list[str]:
    """The resolutions whose floor would leap: after days without a sample, but also where a sender shares our clock."""
    found = zip(("raw", "minute", "hour"), in_force, wanted, strict=True)
    return [name for name, old, new in found if new - old > LEAP_MS + widths[name] // timedelta(milliseconds=1)]


@dataclass
class Hold:
    """Since when (seconds of a monotonic clock) floors have been about to leap."""

    since_s: float | None = None

    def holds(self, now_s: float, *, leaping: bool) -> bool:
        """Whether floors stay as they are: while they would leap, until that has been so for ``HOLD_S``."""
        if not leaping:
            self.since_s = None
            return False
        if self.since_s is None:
            self.since_s = now_s
        return now_s - self.since_s < HOLD_S


def floors_of(now_ms: int, kept: Mapping[str, timedelta], widths: Mapping[str, timedelta]) -> Floors:
    """The floors at ``now_ms``: the start of the partition (``widths``) in which the oldest kept moment lies."""

    def floor(resolution: str) -> int:
        oldest_ms = now_ms - kept[resolution] // timedelta(milliseconds=1)
        return bucket_ms(max(oldest_ms, 0), widths[resolution] // timedelta(milliseconds=1))

    return Floors(floor("raw"), floor("minute"), floor("hour"))


def span_of(now_ms: int, floors: Floors, wanted: Floors, ahead_s: int) -> Span:
    """The times that can be stored at ``now_ms``: nothing below the floors in force nor below those that are due."""
    return Span(max(floors.hour_ms, wanted.hour_ms), now_ms + ahead_s * 1000)


@dataclass
class Cadence:
    """When buckets that have not ended were last rolled up (unix milliseconds)."""

    minute_ms: int = 0
    hour_ms: int = 0

    def before(self, now_ms: int) -> tuple[int, int]:
        """Up to which minute and hour (starts, excluded) marks are taken now: ended ones always, open ones at times."""
        minute, hour = bucket_ms(now_ms, MINUTE_MS), bucket_ms(now_ms, HOUR_MS)
        if abs(now_ms - self.minute_ms) >= OPEN_MINUTE_EVERY_MS:
            self.minute_ms, minute = now_ms, now_ms + HOUR_MS
        if abs(now_ms - self.hour_ms) >= OPEN_HOUR_EVERY_MS:
            self.hour_ms, hour = now_ms, now_ms + 2 * HOUR_MS
        return minute, hour


def portions(records: Sequence[Received], bytes_max: int) -> list[list[Received]]:
    """``records`` in order, cut so that a portion holds ``bytes_max`` at most, or a single record."""
    found: list[list[Received]] = []
    size = bytes_max + 1
    for record in records:
        length = len(record.value or b"")
        if size + length > bytes_max:
            found.append([])
            size = 0
        found[-1].append(record)
        size += length
    return found
