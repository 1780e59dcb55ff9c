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
class Window:
    """The records of one partition that were seen last (the share), and the bad ones at their end (the row)."""

    fetches: deque[tuple[int, int]] = field(default_factory=deque)
    """Records and bad ones of each fetch, oldest first."""
    seen: int = 0
    bad: int = 0
    in_a_row: int = 0

    def count(self, verdicts: Sequence[bool]) -> int:
        """Take in one fetch, let go of what is past the window; answers the longest row of bad ones in it."""
        longest = self.in_a_row
        for good in verdicts:
            self.in_a_row = 0 if good else self.in_a_row + 1
            longest = max(longest, self.in_a_row)
        fetch = (len(verdicts), verdicts.count(False))
        self.fetches.append(fetch)
        self.seen += fetch[0]
        self.bad += fetch[1]
        while self.fetches and self.seen - self.fetches[0][0] >= WINDOW_RECORDS:
            old_seen, old_bad = self.fetches.popleft()
            self.seen -= old_seen
            self.bad -= old_bad
        return longest


@dataclass
class BadRun:
    """A window for each partition: a sender of rubbish stops the partition that it writes to, and no other."""

    windows: dict[int, Window] = field(default_factory=dict)

    def judge(self, partition: int, verdicts: Sequence[bool]) -> str | None:
        """Count the records of one fetch (True: well-formed); answers why ``partition`` is to stop, or None."""
        window = self.windows.setdefault(partition, Window())
        row = window.count(verdicts)
        if row >= BAD_IN_A_ROW_MAX:
            return f"{row} malformed records in a row"
        if window.seen >= SEEN_MIN and window.bad > bad_allowed(window.seen):
            return f"{window.bad} malformed among the last {window.seen} records"
        return None

    def forget(self, partition: int) -> None:
        """``partition`` begins afresh: it has gone to another owner, or has come from one."""
        self.windows.pop(partition, None)


def bad_allowed(seen: int) -> float:
    """How many bad records among ``seen`` are within 1 %, chance included (binomial, normal approximation)."""
    expected = BAD_SHARE_MAX * seen
    return expected + CHANCE_DEVIATIONS * float((expected * (1 - BAD_SHARE_MAX)) ** 0.5)
