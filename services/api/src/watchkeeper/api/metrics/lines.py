"""From a type, or a series name, and the dictionary's series to the lines of a chart. Pure."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from watchkeeper.api.metrics.series import Found
from watchkeeper.api.metrics.types import Combine, HistoryType, Selector, Shape, Source, line_labels

READ = 0
DIVISOR = 1


@dataclass(frozen=True)
class Member:
    """A series of a line; ``role`` is ``READ``, or ``DIVISOR`` for what a ratio divides by."""

    series_id: int
    role: int
    interval_s: float


@dataclass(frozen=True)
class Line:
    """What is drawn as one line: whose it is, and the series that it is made of (one kind: all counters, or none)."""

    host: str
    host_name: str
    labels: dict[str, str]
    shape: Shape
    counter: bool
    combine: Combine
    members: tuple[Member, ...]


def lines_of_type(
    known: HistoryType, found: Sequence[Found], since_s: float, without: Collection[int] = ()
) -> list[Line]:
    """The lines of ``known``: for each host from the first source with data since ``since_s``; ``found`` is by host.

    ``without`` are the ids of series that have data since then, but none within the span.
    """
    lines: list[Line] = []
    for _, of_host in groupby(found, key=attrgetter("host")):
        series = list(of_host)
        source = source_with_data(known, [one for one in series if one.series_id not in without], since_s)
        if source is not None:
            lines.extend(_lines(known, source, series))
    return lines


def lines_of_series(found: Iterable[Found]) -> list[Line]:
    """One line per series: a gauge as it is, a counter as its rate."""
    return [
        Line(
            one.host, one.host_name, one.labels, Shape.VALUE, one.counter, Combine.MEAN,
            (Member(one.series_id, READ, one.interval_s),),
        )
        for one in found
    ]  # fmt: skip


def source_with_data(known: HistoryType, series: Sequence[Found], since_s: float) -> Source | None:
    """The first source of ``known`` of which ``series`` (one host's) has a sample since ``since_s``."""
    for source in known.sources:
        if any(one.ts_s is not None and one.ts_s >= since_s for one in _matching(source.needed, series)):
            return source
    return None


def _lines(known: HistoryType, source: Source, series: Sequence[Found]) -> list[Line]:
    members: dict[tuple[tuple[str, str], ...], list[tuple[Found, int]]] = {}
    for role, selector in enumerate(source.selectors):
        for one in _matching(selector, series):
            members.setdefault(line_labels(known, one.labels), []).append((one, role))
    lines = []
    for labels, pairs in sorted(members.items()):
        first = pairs[0][0]
        alike = tuple(
            Member(one.series_id, role, one.interval_s) for one, role in pairs if one.counter == first.counter
        )
        lines.append(Line(first.host, first.host_name, dict(labels), source.shape, first.counter, known.combine, alike))
    return lines


def _matching(selector: Selector, series: Iterable[Found]) -> list[Found]:
    return [one for one in series if selector.matches(one.name, one.labels)]
