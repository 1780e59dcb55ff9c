"""When something that ended is started again. Pure: times are arguments."""

from dataclasses import dataclass, replace

FIRST_S = 0.5
MOST_S = 30.0
GOOD_RUN_S = 60.0


@dataclass(frozen=True)
class Restarts:
    """How often in a row it ended soon after its start."""

    in_a_row: int = 0

    def ended(self, ran_s: float) -> tuple["Restarts", float]:
        """It ended after ``ran_s`` seconds: what is remembered, and how long to wait before the next start.

        Half a second at first, twice as long each time, half a minute at most; a run of a minute starts over.
        """
        in_a_row = 1 if ran_s >= GOOD_RUN_S else self.in_a_row + 1
        return replace(self, in_a_row=in_a_row), min(FIRST_S * 2 ** (in_a_row - 1), MOST_S)
