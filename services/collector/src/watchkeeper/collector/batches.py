"""From a source's readings to the batches that go onto the bus. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from watchkeeper.collector.configuration import SourceBlock
from watchkeeper.collector.reading import Kind, Reading, gauge
from watchkeeper.common.events import MetricsBatch, Resource
from watchkeeper.common.ids import batch_id
from watchkeeper.common.series import SERIES_LENGTH_MAX, BadSeriesError, series_text

SAMPLES_MAX = 4000
"""In one batch: a broker's default limit is one megabyte a record, and a long series text has some 200 bytes."""

TEXTS_MAX = 20_000
SOURCE_LENGTH_MAX = 64


@dataclass(frozen=True)
class Outcome:
    """How one reading went: when it began, how long it took, and what it gave; ``error`` is empty when it went well."""

    time_ms: int
    duration_s: float
    readings: Sequence[Reading]
    error: str = ""


class Texts:
    """Canonical texts of series, made once for each: a source reports the same ones again and again."""

    def __init__(self) -> None:
        """Begin empty."""
        self._known: dict[tuple[str, tuple[tuple[str, str], ...]], str] = {}

    def of(self, name: str, labels: Mapping[str, str]) -> str:
        """Return the text of a series; raises ``BadSeriesError`` for a name or label that breaks the grammar."""
        key = (name, tuple(labels.items()))
        text = self._known.get(key)
        if text is None:
            text = series_text(name, labels)
            if len(text) > SERIES_LENGTH_MAX:
                raise BadSeriesError(f"a series text longer than {SERIES_LENGTH_MAX} characters: {text[:80]!r}")
            if len(self._known) >= TEXTS_MAX:
                self._known.clear()
            self._known[key] = text
        return text


@dataclass
class _Columns:
    series: list[str]
    units: list[str]
    kinds: list[Kind]
    values: list[float]


def about_source(label: str, outcome: Outcome) -> list[Reading]:
    """Return whether the reading went well (0 or 1) and how many seconds it took."""
    labels = {"source": label}
    return [
        gauge("watchkeeper.source.success", 0 if outcome.error else 1, "1", labels),
        gauge("watchkeeper.source.duration", outcome.duration_s, "s", labels),
    ]


def make_batches(
    resource: Resource, block: SourceBlock, outcome: Outcome, texts: Texts
) -> tuple[list[MetricsBatch], dict[str, int]]:
    """Return the batches of one reading, and how many readings were left out by reason.

    Left out are values that are not finite (``not_finite``), series that break the grammar (``series``), and the second
    and later ones of the same series (``twice``). A reading of more than ``SAMPLES_MAX`` becomes several batches.
    """
    columns, left_out = _columns([*outcome.readings, *about_source(block.label, outcome)], texts)
    batches = [
        MetricsBatch(
            batch_id=batch_id(resource.id, f"{block.label}#{part}" if part else block.label, outcome.time_ms),
            time_ms=outcome.time_ms,
            interval_s=block.interval_s,
            source=block.label[:SOURCE_LENGTH_MAX],
            resource=resource,
            series=columns.series[start:end],
            units=columns.units[start:end],
            kinds=columns.kinds[start:end],
            values=columns.values[start:end],
        )
        for part, start, end in _parts(len(columns.series))
    ]
    return batches, left_out


def _columns(readings: Sequence[Reading], texts: Texts) -> tuple[_Columns, dict[str, int]]:
    columns, seen, left_out = _Columns([], [], [], []), set[str](), dict[str, int]()
    for reading in readings:
        reason = ""
        if not isfinite(reading.value):
            reason = "not_finite"
        else:
            try:
                text = texts.of(reading.name, reading.labels)
            except BadSeriesError:
                reason = "series"
            else:
                reason = "twice" if text in seen else ""
        if reason:
            left_out[reason] = left_out.get(reason, 0) + 1
            continue
        seen.add(text)
        columns.series.append(text)
        columns.units.append(reading.unit)
        columns.kinds.append(reading.kind)
        columns.values.append(reading.value)
    return columns, left_out


def _parts(count: int) -> Iterator[tuple[int, int, int]]:
    """Yield number, start and end of each slice of at most ``SAMPLES_MAX``; at least one."""
    for part, start in enumerate(range(0, max(1, count), SAMPLES_MAX)):
        yield part, start, min(count, start + SAMPLES_MAX)
