"""When bad records are no longer the odd one out: a partition is stopped rather than emptied into the dead letters."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

BAD_IN_A_ROW_MAX = 100
BAD_SHARE_MAX = 0.01
SEEN_MIN = 10_000
WINDOW_RECORDS = 100_000
CHANCE_DEVIATIONS = 4.0
"""So many standard deviations above the share are still chance: a fair 1 % is crossed once in 30,000 windows."""


@dataclass
class BadRun:
    """The records seen last, over all partitions (the share), and the bad ones in a row (per partition)."""

    window: deque[tuple[int, int]] = field(default_factory=deque)
    seen: int = 0
    bad: int = 0
    in_a_row: dict[int, int] = field(default_factory=dict)

    def judge(self, partition: int, verdicts: Sequence[bool]) -> str | None:
        """Count the records of one fetch (True: well-formed); answers why ``partition`` is to stop, or None."""
        row = self._longest_row(partition, verdicts)
        self._count(len(verdicts), verdicts.count(False))
        if row >= BAD_IN_A_ROW_MAX:
            return f"{row} malformed records in a row"
        if self.seen >= SEEN_MIN and self.bad > bad_allowed(self.seen):
            return f"{self.bad} malformed among the last {self.seen} records"
        return None

    def forget(self, partition: int) -> None:
        """``partition`` has gone to another owner."""
        self.in_a_row.pop(partition, None)

    def _longest_row(self, partition: int, verdicts: Sequence[bool]) -> int:
        row = longest = self.in_a_row.get(partition, 0)
        for good in verdicts:
            row = 0 if good else row + 1
            longest = max(longest, row)
        self.in_a_row[partition] = row
        return longest

    def _count(self, seen: int, bad: int) -> None:
        self.window.append((seen, bad))
        self.seen += seen
        self.bad += bad
        while self.window and self.seen - self.window[0][0] >= WINDOW_RECORDS:
            old_seen, old_bad = self.window.popleft()
            self.seen -= old_seen
            self.bad -= old_bad


def bad_allowed(seen: int) -> float:
    """How many bad records among ``seen`` are within 1 %, chance included (binomial, normal approximation)."""
    expected = BAD_SHARE_MAX * seen
    return expected + CHANCE_DEVIATIONS * float((expected * (1 - BAD_SHARE_MAX)) ** 0.5)
