"""Rate limits: token buckets, kept in memory, a bounded number of them.

A bucket holds ``per_minute`` tokens at most and fills evenly; a request takes one. Time comes in as an argument.
"""

from collections import OrderedDict
from dataclasses import dataclass
from math import ceil

from watchkeeper.api.problems import Problem

BUCKETS_MAX = 50_000
MINUTE_S = 60.0


@dataclass
class Bucket:
    """What one client has left."""

    tokens: float
    filled_s: float


class RateLimit:
    """One limit for many clients. Beyond ``BUCKETS_MAX`` the one longest unseen is forgotten, and so full again."""

    def __init__(self, name: str, per_minute: int) -> None:
        """No client is known yet; an unknown one has a full bucket."""
        self.name = name
        self.per_minute = per_minute
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def wait_s(self, client: str, now_s: float) -> float:
        """Seconds until ``client`` has a token; 0 if it has one now. Takes none."""
        missing = 1 - self._fill(client, now_s).tokens
        return max(0.0, missing * MINUTE_S / self.per_minute)

    def take(self, client: str, now_s: float) -> None:
        """Take one of ``client``'s tokens, down to none."""
        bucket = self._fill(client, now_s)
        bucket.tokens = max(0.0, bucket.tokens - 1)

    def give_back(self, client: str, now_s: float) -> None:
        """Undo one ``take``."""
        bucket = self._fill(client, now_s)
        bucket.tokens = min(float(self.per_minute), bucket.tokens + 1)

    def check(self, client: str, now_s: float) -> None:
        """Raise the 429 problem if ``client`` has no token left; takes none."""
        wait_s = self.wait_s(client, now_s)
        if wait_s > 0:
            raise too_many(self, wait_s)

    def spend(self, client: str, now_s: float) -> None:
        """Take one of ``client``'s tokens; raises the 429 problem if it has none."""
        self.check(client, now_s)
        self.take(client, now_s)

    def taken(self, client: str, now_s: float) -> bool:
        """Take one of ``client``'s tokens; false if it has none."""
        if self.wait_s(client, now_s) > 0:
            return False
        self.take(client, now_s)
        return True

    def _fill(self, client: str, now_s: float) -> Bucket:
        bucket = self._buckets.get(client)
        if bucket is None:
            bucket = self._buckets[client] = Bucket(float(self.per_minute), now_s)
            if len(self._buckets) > BUCKETS_MAX:
                self._buckets.popitem(last=False)
            return bucket
        self._buckets.move_to_end(client)
        gained = max(0.0, now_s - bucket.filled_s) * self.per_minute / MINUTE_S
        bucket.tokens = min(float(self.per_minute), bucket.tokens + gained)
        bucket.filled_s = now_s
        return bucket


def too_many(limit: RateLimit, wait_s: float) -> Problem:
    """The 429 problem, with ``Retry-After`` (RFC 9110) and draft-ietf-httpapi-ratelimit-headers' fields."""
    seconds = max(1, ceil(wait_s))
    return Problem(
        429,
        f"Too many requests ({limit.name}): at most {limit.per_minute} per minute. Try again in {seconds} s.",
        headers={
            "Retry-After": str(seconds),
            "RateLimit-Policy": f'"{limit.name}";q={limit.per_minute};w=60',
            "RateLimit": f'"{limit.name}";r=0;t={seconds}',
        },
    )
