"""What a batch says about the types: its values by type, with the rates of its counters. No I/O."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from watchkeeper.api.metrics.evaluate import Level, Newest, by_name, levels, total
from watchkeeper.api.metrics.types import TYPES, HistoryType, series_names
from watchkeeper.common.events import MetricsBatch
from watchkeeper.common.series import BadSeriesError, Series, parse_series

SERIES_MAX = 200_000
RANKED_MAX = 50_000
RANK_KEPT_S = 300.0

_OF_NAME: dict[str, list[HistoryType]] = {}
for _known in TYPES.values():
    for _name in series_names([_known]):
        _OF_NAME.setdefault(_name, []).append(_known)

Values = dict[str, Any]


class Levels:
    """Turns batches into values by type. Remembers counters' last values, least recently seen ones forgotten first."""

    def __init__(self) -> None:
        self._parsed: OrderedDict[str, Series | None] = OrderedDict()
        self._last: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()
        self._ranks: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()

    def of(self, batch: MetricsBatch) -> Values:
        """The values by type: a number, or for a type with several lines a list of ``{"labels", "value"}``.

        A type of whose series the batch has none is left out, and so is a value that is not known yet.
        """
        newest: dict[str, list[Newest]] = {}
        for text, kind, value in zip(batch.series, batch.kinds, batch.values, strict=True):
            types = _OF_NAME.get(text.partition("{")[0])
            if types is None:
                continue
            one = self._newest(batch, text, value, counter=kind == "counter")
            for known in types if one is not None else ():
                newest.setdefault(known.name, []).append(one)  # type: ignore[arg-type]  # not None, see above
        found: Values = {}
        for name, samples in newest.items():
            value_of_type = self._value(batch, TYPES[name], samples)
            if value_of_type is not None:
                found[name] = value_of_type
        return found

    def _newest(self, batch: MetricsBatch, text: str, value: float, *, counter: bool) -> Newest | None:
        series = self._series(text)
        if series is None:
            return None
        time_s = batch.time_ms / 1000
        before_s, before = self._before(batch.resource.id, text, time_s, value) if counter else (None, None)
        interval_s = batch.interval_s or 0.0
        return Newest(series.name, series.labels, text, counter, time_s, value, before_s, before, interval_s)

    def _value(self, batch: MetricsBatch, known: HistoryType, samples: Sequence[Newest]) -> Any:
        found = levels(known, by_name(samples))
        if found is None or not self._ranks_first(batch, known, found.source):
            return None
        if not known.per:
            return total(known, found.levels)
        return [_line(level) for level in found.levels if level.value is not None] or None

    def _ranks_first(self, batch: MetricsBatch, known: HistoryType, source: int) -> bool:
        """Whether no better source of ``known`` has spoken for this host in the last minutes."""
        key, time_s = (batch.resource.id, known.name), batch.time_ms / 1000
        best, spoke_s = self._ranks.get(key, (source, time_s))
        if source > best and time_s - spoke_s <= RANK_KEPT_S:
            return False
        self._ranks[key] = (source, time_s)
        self._ranks.move_to_end(key)
        _trim(self._ranks, RANKED_MAX)
        return True

    def _before(self, host: str, text: str, time_s: float, value: float) -> tuple[float, float] | tuple[None, None]:
        """The counter's sample before; one that is older than what is known is told nothing and changes nothing."""
        key = (host, text)
        before = self._last.get(key)
        if before is not None and before[0] >= time_s:
            return None, None
        self._last[key] = (time_s, value)
        self._last.move_to_end(key)
        _trim(self._last, SERIES_MAX)
        return before or (None, None)

    def _series(self, text: str) -> Series | None:
        if text in self._parsed:
            return self._parsed[text]
        try:
            series: Series | None = parse_series(text)
        except BadSeriesError:
            series = None  # the recorder writes it to the dead letters; here it is only not shown
        self._parsed[text] = series
        _trim(self._parsed, SERIES_MAX)
        return series


def _line(level: Level) -> dict[str, Any]:
    return {"labels": dict(level.labels), "value": level.value}


def _trim(kept: OrderedDict[Any, Any], length_max: int) -> None:
    while len(kept) > length_max:
        kept.popitem(last=False)
