"""The one place that reads the clock; everything below a loop takes time as an argument."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time of day and a time that never goes back."""

    def now_ms(self) -> int:
        """Unix time in milliseconds; may step when the host's clock is set."""
        ...

    def monotonic_s(self) -> float:
        """Seconds since an arbitrary start; never goes back. For intervals and deadlines."""
        ...


class SystemClock:
    """The host's clock."""

    def now_ms(self) -> int:
        """Unix time in milliseconds."""
        return time.time_ns() // 1_000_000

    def monotonic_s(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()


def from_ms(time_ms: int) -> datetime:
    """The aware UTC datetime of ``time_ms`` (unix milliseconds)."""
    return datetime.fromtimestamp(time_ms / 1000, tz=UTC)


def to_ms(moment: datetime) -> int:
    """Unix milliseconds of an aware ``moment``; raises ``ValueError`` for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return round(moment.timestamp() * 1000)
