"""The cards of the summary, from tracks: pure. What is not known is None, never 0."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from watchkeeper.api.metrics.grid import Track, Values


@dataclass(frozen=True)
class Card:
    """One card: its value, the value of the period before, how it changed, and the way there, oldest first."""

    value: float | None
    unit: str
    previous: float | None
    period: str
    trend: Values
    age_s: float | None

    def told(self) -> dict[str, Any]:
        """As the answer tells it; ``change`` is relative to the period before."""
        return {
            "value": self.value,
            "unit": self.unit,
            "previous": self.previous,
            "change": change(self.value, self.previous),
            "period": self.period,
            "trend": self.trend,
            "age_s": None if self.age_s is None else round(self.age_s, 3),
        }


def change(value: float | None, previous: float | None) -> float | None:
    """By which share ``value`` is more than ``previous``; None where one is not known or there was nothing before."""
    if value is None or not previous:
        return None
    return (value - previous) / previous


def summed(tracks: Sequence[Track], count: int) -> Values:
    """For each step the sum over ``tracks``, gaps left out; None where all have a gap."""
    return [_sum([track.values[step] for track in tracks]) for step in range(count)]


def averaged(tracks: Sequence[Track], count: int) -> tuple[Values, list[float]]:
    """For each step the mean over ``tracks`` by weight, and its weight; None and 0 where all have a gap."""
    values: Values = []
    weights: list[float] = []
    for step in range(count):
        found = [(t.values[step], t.weights[step]) for t in tracks]
        value, weight = _mean(found)
        values.append(value)
        weights.append(weight)
    return values, weights


def sum_of(values: Values) -> float | None:
    """The sum of what is known of ``values``; None for nothing."""
    return _sum(values)


def mean_of(values: Values, weights: Sequence[float]) -> float | None:
    """The mean of ``values`` by weight; None for nothing."""
    return _mean(list(zip(values, weights, strict=True)))[0]


def state_against(value: float | None, threshold: float) -> str:
    """``ok``, ``breached`` or ``unknown``."""
    if value is None:
        return "unknown"
    return "breached" if value > threshold else "ok"


def watched(values: Values) -> bool:
    """Whether a period was watched from its beginning: otherwise its sum or mean would tell of less than the period."""
    return bool(values) and values[0] is not None


def _sum(values: Values) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _mean(pairs: Sequence[tuple[float | None, float]]) -> tuple[float | None, float]:
    known = [(value, weight) for value, weight in pairs if value is not None and weight > 0]
    total = sum(weight for _, weight in known)
    if not known:
        return None, 0.0
    return sum(value * weight for value, weight in known) / total, total
