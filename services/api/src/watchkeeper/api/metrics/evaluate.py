"""The value of a type at an instant, from the newest sample of each series and the one before it. Pure.

Used for ``current`` (from the store) and for the live channel (from batches as they arrive), so both say the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from watchkeeper.api.metrics.types import Combine, HistoryType, Selector, Shape, Source, line_labels

FRESH_S = 300.0
"""A series without a sample for this long is gone, if its pace allows that: others of its kind do not wait for it."""
GONE_INTERVALS = 2.5


class Newest(NamedTuple):
    """A series' newest sample and, where known, the one before; times in unix seconds."""

    name: str
    labels: dict[str, str]
    text: str
    counter: bool
    ts_s: float
    value: float
    prev_ts_s: float | None
    prev_value: float | None
    interval_s: float


ByName = Mapping[str, Sequence[Newest]]
"""One host's newest samples by the name of their series."""


class Level(NamedTuple):
    """A line's value at an instant. ``series`` is what it was read from: a series' text, or the name of several."""

    labels: tuple[tuple[str, str], ...]
    value: float | None
    ts_s: float
    interval_s: float
    series: str


class Found(NamedTuple):
    """Which source answered, as its place in the type's table, and its lines, by labels."""

    source: int
    levels: list[Level]


def by_name(newest: Iterable[Newest]) -> dict[str, list[Newest]]:
    """``newest`` by the name of their series."""
    found: dict[str, list[Newest]] = {}
    for one in newest:
        found.setdefault(one.name, []).append(one)
    return found


def levels(known: HistoryType, newest: ByName, since_s: float = 0.0) -> Found | None:
    """The lines of ``known`` among one host's ``newest`` samples; None where no source has any.

    Series that are gone, while others of the same source still come, count no more: an instance that ended, a file
    system that was unmounted.
    A source whose samples are all older than ``since_s`` yields to a later one that has newer ones.
    """
    found: Found | None = None
    for place, source in enumerate(known.sources):
        matching = _matching(source.needed, newest)
        if not matching:
            continue
        if max(one.ts_s for one in matching) >= since_s:
            return Found(place, _levels(known, source, matching, newest))
        found = found or Found(place, _levels(known, source, matching, newest))
    return found


def total(known: HistoryType, lines: Iterable[Level]) -> float | None:
    """One number for all ``lines`` of a type, combined as its table says; None where none has a value."""
    return combined(known.combine, [line.value for line in lines if line.value is not None])


def combined(how: Combine, values: Sequence[float]) -> float | None:
    """``values`` put together; None for none."""
    if not values:
        return None
    match how:
        case Combine.MAX:
            return max(values)
        case Combine.SUM:
            return sum(values)
        case Combine.MEAN:
            return sum(values) / len(values)


def grown(one: Newest) -> float | None:
    """How much a counter grew since the sample before; one that fell began again at 0. None: there is no such yet."""
    if one.prev_value is None:
        return None
    return one.value - one.prev_value if one.value >= one.prev_value else one.value


def rate(one: Newest) -> float | None:
    """The growth of a counter per second; None where it is not known."""
    growth = grown(one)
    if growth is None or one.prev_ts_s is None or one.ts_s <= one.prev_ts_s:
        return None
    return growth / (one.ts_s - one.prev_ts_s)


def _matching(selector: Selector, newest: ByName) -> list[Newest]:
    return [one for one in newest.get(selector.name, ()) if selector.matches(one.name, one.labels)]


def _present(matching: Iterable[Newest], newest_s: float) -> list[Newest]:
    """Those of ``matching`` that are not much older than ``newest_s``, the newest sample of their source."""
    return [
        one
        for one in matching
        if (behind_s := newest_s - one.ts_s) <= FRESH_S or behind_s <= GONE_INTERVALS * one.interval_s
    ]


def _levels(known: HistoryType, source: Source, matching: Sequence[Newest], newest: ByName) -> list[Level]:
    if len(matching) > 1:
        matching = _present(matching, max(one.ts_s for one in matching))
    if not known.per:
        return [_level(known, source, (), matching, newest)]
    lines: dict[tuple[tuple[str, str], ...], list[Newest]] = {}
    for one in matching:
        lines.setdefault(line_labels(known, one.labels), []).append(one)
    return [_level(known, source, labels, members, newest) for labels, members in sorted(lines.items())]


def _level(
    known: HistoryType,
    source: Source,
    labels: tuple[tuple[str, str], ...],
    members: Sequence[Newest],
    newest: ByName,
) -> Level:
    last = members[0] if len(members) == 1 else max(members, key=lambda one: one.ts_s)
    return Level(
        labels=labels,
        value=_value(known, source, members, newest),
        ts_s=last.ts_s,
        interval_s=last.interval_s,
        series=last.text if len(members) == 1 and source.over is None else source.series.name,
    )


def _value(known: HistoryType, source: Source, members: Sequence[Newest], newest: ByName) -> float | None:
    match source.shape:
        case Shape.RATIO:
            dividends = _present(_matching(source.series, newest), max(one.ts_s for one in members))
            return _ratio(dividends, members)
        case Shape.INCREASE:
            values = [grown(one) for one in members]
        case Shape.VALUE:
            values = [rate(one) if one.counter else one.value for one in members]
    return combined(known.combine, [value for value in values if value is not None])


def _ratio(dividends: Iterable[Newest], divisors: Iterable[Newest]) -> float | None:
    below = sum(growth for one in divisors if (growth := grown(one)) is not None)
    if below <= 0:
        return None
    return sum(growth for one in dividends if (growth := grown(one)) is not None) / below
