"""Arrays from the store laid onto the grid of an answer. Pure, and tight: a chart may have 43,200 points."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from watchkeeper.api.metrics.resolution import Aggregate
from watchkeeper.api.metrics.types import Shape

Values = list[float | None]

CARRY_INTERVALS = 1.5
CARRY_INTERVAL_MAX_S = 600.0
FINER = 1.25
"""Steps per interval from which the step counts as finer than the interval; below it is jitter."""
PAUSES_SHARE = 0.1
"""The widest tenth of the spaces between samples are taken for pauses; the estimate of the interval leaves them out."""


class Piece(NamedTuple):
    """A line's steps from one table, in any order: slot of the grid, value, lowest, highest, weight in a mean."""

    slots: Sequence[int]
    values: Sequence[float]
    lows: Sequence[float]
    highs: Sequence[float]
    weights: Sequence[float]


@dataclass
class Track:
    """A line on the grid: for each step its value, lowest and highest; None is a gap."""

    values: Values
    lows: Values
    highs: Values
    weights: list[float] = field(default_factory=list)

    @classmethod
    def empty(cls, count: int) -> "Track":
        """Nothing but gaps."""
        return cls([None] * count, [None] * count, [None] * count, [0.0] * count)


def lay(count: int, pieces: Iterable[Piece], shape: Shape, agg: Aggregate) -> Track:
    """All ``pieces`` on a grid of ``count`` steps; a step that two pieces share is put together again."""
    track = Track.empty(count)
    values, lows, highs, weights = track.values, track.lows, track.highs, track.weights
    for piece in pieces:
        if _runs_on(piece.slots) and not any(weights[piece.slots[0] : piece.slots[-1] + 1]):
            span = slice(piece.slots[0], piece.slots[-1] + 1)
            values[span], lows[span], highs[span], weights[span] = piece.values, piece.lows, piece.highs, piece.weights
            continue
        for slot, value, low, high, weight in zip(*piece, strict=True):
            if values[slot] is None:
                values[slot], lows[slot], highs[slot], weights[slot] = value, low, high, weight
            else:
                _merge(track, slot, (value, low, high, weight), adds=shape is Shape.INCREASE, agg=agg)
    return track


def carry(track: Track, step_s: int) -> None:
    """Where the step is finer than the samples' interval, let each value stand until the next, 1.5 intervals at most.

    The interval is told from the line itself: the mean space between its values, the widest tenth left out. A line
    whose samples are further apart than 10 minutes is left as dots.
    """
    if None not in track.values:
        return
    filled = [slot for slot, value in enumerate(track.values) if value is not None]
    if len(filled) < 2 or len(filled) == filled[-1] - filled[0] + 1:
        return
    interval_steps = typical([after - before for before, after in itertools.pairwise(filled)])
    if interval_steps < FINER or interval_steps * step_s > CARRY_INTERVAL_MAX_S:
        return
    reach = int(CARRY_INTERVALS * interval_steps)
    ends = [*filled[1:], len(track.values)]
    for slot, end in zip(filled, ends, strict=True):
        for gap in range(slot + 1, min(end, slot + reach + 1)):
            track.values[gap], track.lows[gap], track.highs[gap] = (
                track.values[slot], track.lows[slot], track.highs[slot],
            )  # fmt: skip


def typical(spaces: Sequence[int]) -> float:
    """The mean of ``spaces`` (not empty) without their widest tenth."""
    kept = sorted(spaces)[: max(1, int(len(spaces) * (1 - PAUSES_SHARE)))]
    return sum(kept) / len(kept)


def _runs_on(slots: Sequence[int]) -> bool:
    """Whether ``slots`` are neighbours in order, as they are without gaps: then whole slices can be laid."""
    return slots[-1] - slots[0] + 1 == len(slots) and list(slots) == list(range(slots[0], slots[-1] + 1))


def _merge(track: Track, slot: int, more: tuple[float, float, float, float], *, adds: bool, agg: Aggregate) -> None:
    value, low, high, weight = more
    before, before_low, before_high = track.values[slot], track.lows[slot], track.highs[slot]
    if before is None or before_low is None or before_high is None:
        raise ValueError(f"slot {slot} holds nothing to merge with")
    low, high, total = min(before_low, low), max(before_high, high), track.weights[slot] + weight
    match agg:
        case Aggregate.MIN:
            merged = low
        case Aggregate.MAX:
            merged = high
        case Aggregate.AVG if adds:
            merged = before + value
        case _:
            merged = (before * track.weights[slot] + value * weight) / total
    track.values[slot], track.lows[slot], track.highs[slot], track.weights[slot] = merged, low, high, total
