"""Metrics as applications push them: each sample judged by itself, the good ones grouped into batches. Pure.

The way in is open for other notations: whatever parses its own into ``Sample`` goes on with ``group``.
"""

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from watchkeeper.api.metrics.spans import BadSpanError, parse_time
from watchkeeper.common.events import Kind, MetricsBatch, Resource
from watchkeeper.common.ids import derived_id
from watchkeeper.common.series import BadSeriesError, check_label, series_text

SOURCE = "push"
SAMPLES_MAX = 5_000
LABELS_MAX = 64
AHEAD_MS = 5 * 60_000
OLD_MS = 395 * 86_400_000
"""Older samples would fall out of the store's longest memory, 13 months."""
VALUE_ABS_MAX = 1e290
"""Beyond this a sum over many samples could leave the range of a double; the recorder refuses it too."""
UNIT_LENGTH_MAX = 63
NESTED = "nested too deeply"
TWICE = "this series has a sample at this time already, earlier in the request"


class BadSampleError(ValueError):
    """A sample that is refused; ``field`` names the field at fault within it."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(f"{field}: {detail}")
        self.field = field
        self.detail = detail


class Pushed(msgspec.Struct, forbid_unknown_fields=True):
    """A sample as it is sent; ``time`` is ISO 8601 or unix seconds, the time of arrival without it."""

    name: str
    value: float
    labels: dict[str, str] = {}
    unit: str = ""
    kind: Kind = "gauge"
    time: str | float | None = None


_decoder = msgspec.json.Decoder(Pushed)


@dataclass(frozen=True, order=True)
class Refusal:
    """A sample that was not taken: its place in the request, the field at fault, and why."""

    index: int
    field: str
    detail: str


@dataclass(frozen=True)
class Sample:
    """A sample that can be stored. ``index`` is its place in the request."""

    index: int
    series: str
    value: float
    unit: str
    kind: Kind
    time_ms: int


@dataclass
class Judged:
    """A request's samples: those to take, in their order, and those refused."""

    samples: list[Sample] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


def judge(items: Sequence[Any], now_ms: int) -> Judged:
    """Judge each of ``items`` (JSON, decoded or as ``msgspec.Raw``) at ``now_ms``.

    Of two of one series and instant the first is taken.
    """
    judged = Judged()
    seen: set[tuple[str, int]] = set()
    for index, item in enumerate(items):
        try:
            sample = read(index, item, now_ms)
        except BadSampleError as error:
            judged.refused.append(Refusal(index, error.field, error.detail))
            continue
        if (sample.series, sample.time_ms) in seen:
            judged.refused.append(Refusal(index, "name", TWICE))
            continue
        seen.add((sample.series, sample.time_ms))
        judged.samples.append(sample)
    return judged


def read(index: int, item: Any, now_ms: int) -> Sample:
    """The sample that ``item`` says; raises ``BadSampleError``."""
    try:
        pushed = _decoder.decode(item) if isinstance(item, msgspec.Raw) else msgspec.convert(item, Pushed)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        raise BadSampleError(path.rstrip("`").lstrip("."), message) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadSampleError("", f"not JSON: {error}") from None
    except RecursionError:
        raise BadSampleError("", NESTED) from None
    _check_value(pushed.value)
    if len(pushed.unit) > UNIT_LENGTH_MAX or "\0" in pushed.unit:
        raise BadSampleError("unit", f"at most {UNIT_LENGTH_MAX} characters, none of them NUL")
    return Sample(index, _series(pushed), pushed.value, pushed.unit, pushed.kind, _time_ms(pushed.time, now_ms))


def group(resource: Resource, samples: Iterable[Sample]) -> list[tuple[MetricsBatch, list[int]]]:
    """One batch per instant, oldest first, each with the places of its samples in the request.

    A batch's id is derived from all that it says, so the same request sent again makes the same batches.
    """
    by_time: dict[int, list[Sample]] = {}
    for sample in samples:
        by_time.setdefault(sample.time_ms, []).append(sample)
    return [
        (_batch(resource, time_ms, of_time), [one.index for one in of_time])
        for time_ms, of_time in sorted(by_time.items())
    ]


def _batch(resource: Resource, time_ms: int, samples: Sequence[Sample]) -> MetricsBatch:
    content = [(one.series, one.value, one.unit, one.kind) for one in samples]
    digest = hashlib.sha256(msgspec.json.encode(sorted(content))).hexdigest()
    return MetricsBatch(
        batch_id=derived_id("metrics-batch", resource.id, SOURCE, time_ms, digest),
        time_ms=time_ms,
        source=SOURCE,
        resource=resource,
        series=[one.series for one in samples],
        units=[one.unit for one in samples],
        kinds=[one.kind for one in samples],
        values=[one.value for one in samples],
    )


def _check_value(value: float) -> None:
    if not math.isfinite(value):
        raise BadSampleError("value", "must be a finite number")
    if abs(value) > VALUE_ABS_MAX:
        raise BadSampleError("value", f"must lie within ±{VALUE_ABS_MAX}")


def _series(pushed: Pushed) -> str:
    if len(pushed.labels) > LABELS_MAX:
        raise BadSampleError("labels", f"{len(pushed.labels)} labels, at most {LABELS_MAX}")
    try:
        for key, value in pushed.labels.items():
            check_label(key, value)  # also an empty one, which the series leaves out
        return series_text(pushed.name, pushed.labels)
    except BadSeriesError as error:
        about: Literal["name", "labels"] = "labels" if "label" in str(error) else "name"
        raise BadSampleError(about, str(error)) from None


def _time_ms(time: str | float | None, now_ms: int) -> int:
    if time is None:
        return now_ms
    time_ms = _read_time_ms(time)
    if time_ms > now_ms + AHEAD_MS:
        raise BadSampleError("time", f"{(time_ms - now_ms) // 1000} s ahead of our clock, at most {AHEAD_MS // 1000}")
    if time_ms < now_ms - OLD_MS:
        raise BadSampleError("time", f"older than {OLD_MS // 86_400_000} days")
    return time_ms


def _read_time_ms(time: str | float) -> int:
    if isinstance(time, str):
        try:
            return round(parse_time("time", time) * 1000)
        except BadSpanError as error:
            raise BadSampleError("time", error.detail) from None
    if not 0 <= time <= 253_402_300_799:  # also refuses NaN
        raise BadSampleError("time", "unix seconds between 1970 and 9999")
    return round(time * 1000)
