"""The short names of the API (``cpu``, ``response_time``…) and the series that stand behind them: one table.

A type has one or more sources, in order of preference: the first that has data for a host is used for it. A further
type is one entry in ``TYPES``; every place that reads metrics (current, history, summary, live) goes by this table.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

REQUESTS = "http_server_request_duration_seconds"
STATUS = "http_response_status_code"


class Combine(StrEnum):
    """How several series become one line."""

    MAX = "max"
    SUM = "sum"
    MEAN = "mean"


class Shape(StrEnum):
    """What is read out of a source's series.

    ``value``: a gauge as it is, a counter as its rate per second. ``increase``: how much a counter grew. ``ratio``: how
    much the source's counters grew, over how much those of ``over`` grew.
    """

    VALUE = "value"
    INCREASE = "increase"
    RATIO = "ratio"


@dataclass(frozen=True)
class Selector:
    """Which series: by name, ``bare`` ones only (no labels), or those with a label that begins with a text."""

    name: str
    bare: bool = False
    label: tuple[str, str] | None = None

    def matches(self, name: str, labels: Mapping[str, str]) -> bool:
        """Whether the series of ``name`` and ``labels`` is one of these."""
        if name != self.name or (self.bare and labels):
            return False
        return self.label is None or labels.get(self.label[0], "").startswith(self.label[1])


@dataclass(frozen=True)
class Source:
    """One way to a type's values; ``over`` is the divisor of a ratio."""

    series: Selector
    shape: Shape = Shape.VALUE
    over: Selector | None = None

    @property
    def needed(self) -> Selector:
        """The series without which there is no value: a ratio's divisor (nothing grew above it: 0), else the series."""
        return self.over or self.series

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """All that the source reads, the dividend first."""
        return (self.series,) if self.over is None else (self.series, self.over)


@dataclass(frozen=True)
class HistoryType:
    """A type: its unit, its sources, how series of one host become one line, and by which labels lines stay apart."""

    name: str
    unit: str
    text: str
    sources: tuple[Source, ...]
    combine: Combine = Combine.MEAN
    per: tuple[str, ...] = ()


def _gauge(name: str, *, bare: bool = False) -> Source:
    return Source(Selector(name, bare=bare))


_ALL = (
    HistoryType("cpu", "1", "Share of all processors in use.", (_gauge("system.cpu.utilization", bare=True),)),
    HistoryType("memory", "1", "Share of memory in use.", (_gauge("system.memory.utilization", bare=True),)),
    HistoryType(
        "disk", "1", "Share of the fullest file system in use.", (_gauge("system.filesystem.utilization"),), Combine.MAX
    ),
    HistoryType(
        "network",
        "By/s",
        "Bytes per second over all interfaces, one line per direction.",
        (_gauge("system.network.io"),),
        Combine.SUM,
        ("network.io.direction",),
    ),
    HistoryType("load", "{thread}", "Load average over one minute.", (_gauge("system.cpu.load_average.1m"),)),
    HistoryType(
        "response_time",
        "s",
        "Mean time to answer a request.",
        (
            _gauge("http.server.request.duration"),
            Source(Selector(f"{REQUESTS}_sum"), Shape.RATIO, Selector(f"{REQUESTS}_count")),
        ),
    ),
    HistoryType(
        "throughput",
        "{request}/s",
        "Requests per second.",
        (_gauge(f"{REQUESTS}_count"), _gauge("http.server.requests")),
        Combine.SUM,
    ),
    HistoryType(
        "error_rate",
        "1",
        "Share of requests that ended with a status of 500 or more.",
        (Source(Selector(f"{REQUESTS}_count", label=(STATUS, "5")), Shape.RATIO, Selector(f"{REQUESTS}_count")),),
    ),
    HistoryType(
        "active_users",
        "{user}",
        "People who use the application.",
        (_gauge("app.users.active"), _gauge("watchkeeper_active_users")),
        Combine.SUM,
    ),
    HistoryType(
        "threats",
        "{threat}",
        "Threats blocked: how many within each step.",
        (
            Source(Selector("security.threats.blocked"), Shape.INCREASE),
            Source(Selector("watchkeeper_threats_blocked_total"), Shape.INCREASE),
        ),
        Combine.SUM,
    ),
    HistoryType(
        "cache_hit_rate",
        "1",
        "Share of the database's reads from cache.",
        (_gauge("watchkeeper.postgresql.cache.hit_ratio"),),
    ),
    HistoryType(
        "query_time", "s", "Mean time of a database query.", (_gauge("watchkeeper.postgresql.query.mean_time"),)
    ),
    HistoryType(
        "connections", "{connection}", "Connections to the database.", (_gauge("postgresql.backends"),), Combine.SUM
    ),
)

TYPES: Mapping[str, HistoryType] = {known.name: known for known in _ALL}
"""Every type by its name."""

UPTIME = HistoryType(
    "uptime", "1", "Share of probes that succeeded.", (_gauge("watchkeeper.probe.success"),), Combine.MEAN
)
"""Only the summary's: it is read over two weeks."""


def series_names(types: Iterable[HistoryType]) -> list[str]:
    """The names of all series that ``types`` read, sorted."""
    return sorted({selector.name for known in types for source in known.sources for selector in source.selectors})


def line_labels(known: HistoryType, labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The labels that name the line of a series with ``labels``."""
    return tuple((key, labels[key]) for key in known.per if key in labels)
