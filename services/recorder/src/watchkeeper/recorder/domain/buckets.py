"""Buckets of rollups: plain arithmetic on unix milliseconds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MINUTE_MS = 60_000
HOUR_MS = 3_600_000


@dataclass
class Bucket:
    """What a rollup keeps of a bucket's samples; ``last`` is the value of the newest, at ``last_ms``."""

    min: float
    max: float
    sum: float
    count: int
    last: float
    last_ms: int

    def add(self, time_ms: int, value: float) -> None:
        """Take in one more sample."""
        self.min = min(self.min, value)
        self.max = max(self.max, value)
        self.sum += value
        self.count += 1
        if time_ms >= self.last_ms:
            self.last, self.last_ms = value, time_ms


def bucket_ms(time_ms: int, width_ms: int) -> int:
    """The start of the bucket that holds ``time_ms``."""
    return time_ms - time_ms % width_ms


def gather(samples: Iterable[tuple[int, int, float]], width_ms: int) -> Mapping[tuple[int, int], Bucket]:
    """Roll up (series id, unix ms, value) rows by (series id, bucket's start in unix ms)."""
    found: dict[tuple[int, int], Bucket] = {}
    for series_id, time_ms, value in samples:
        key = (series_id, bucket_ms(time_ms, width_ms))
        bucket = found.get(key)
        if bucket is None:
            found[key] = Bucket(value, value, value, 1, value, time_ms)
        else:
            bucket.add(time_ms, value)
    return found
