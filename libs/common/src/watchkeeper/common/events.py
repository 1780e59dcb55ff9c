"""The contracts of the topics, as msgspec Structs.

They are only ever extended: new fields have defaults, none goes away.
"""

from typing import Annotated, Literal, TypeVar

import msgspec

from watchkeeper.common.series import BadSeriesError, parse_series

METRICS_TOPIC = "metrics"
DEAD_LETTERS_TOPIC = "dead-letters"

METRICS_SCHEMA = "watchkeeper.metrics/1"
DEAD_LETTER_SCHEMA = "watchkeeper.dead-letter/1"

SAMPLES_PER_BATCH_MAX = 50_000

Kind = Literal["gauge", "counter"]
ResourceKind = Literal["host", "application"]
Identifier = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
ShortText = Annotated[str, msgspec.Meta(max_length=255)]
UnixMs = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_999, description="Unix time in milliseconds.")]


class BadEventError(ValueError):
    """A value on a topic that cannot be used.

    ``reason`` is a short name fit for a metric's label (``not-json``, ``schema``, ``lengths``, ``series``),
    ``field`` names the field at fault, or is empty.
    """

    def __init__(self, reason: str, field: str, detail: str) -> None:
        """Keep the three parts; the message joins them."""
        super().__init__(f"{reason}: {field}: {detail}" if field else f"{reason}: {detail}")
        self.reason = reason
        self.field = field
        self.detail = detail


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """What emits series: a host, or an application that pushes (OpenTelemetry's "resource")."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=255, description="Stable id; the topic's key.")]
    kind: ResourceKind = "host"
    name: Annotated[str, msgspec.Meta(max_length=255, description="What people call it; the host name of a host.")] = ""
    environment: ShortText = ""
    role: ShortText = ""
    organisation: ShortText = ""
    labels: dict[str, str] = {}


class MetricsBatch(msgspec.Struct, kw_only=True):
    """One collection: the samples of one resource at one instant, in parallel lists of equal length.

    Element *i* of ``series``, ``units``, ``kinds`` and ``values`` belongs to sample *i*. Within a batch each series
    stands once.
    """

    schema: Annotated[str, msgspec.Meta(pattern=r"^watchkeeper\.metrics/1(\.\d+)?$")] = METRICS_SCHEMA
    batch_id: Annotated[str, msgspec.Meta(min_length=1, max_length=64, description="Same id, same batch.")]
    time_ms: UnixMs
    interval_s: Annotated[
        Annotated[float, msgspec.Meta(gt=0)] | None, msgspec.Meta(description="Seconds until the next one is due.")
    ] = None
    source: Annotated[str, msgspec.Meta(min_length=1, max_length=64, description="What collected it: cpu, http_probe…")]
    resource: Resource
    series: Annotated[
        list[str],
        msgspec.Meta(description='Canonical series texts: name{a="x",b="y"}, labels sorted, OpenMetrics escapes.'),
    ]
    units: Annotated[list[ShortText], msgspec.Meta(description="UCUM units, as in OpenTelemetry: 1, By, s, {process}.")]
    kinds: Annotated[list[Kind], msgspec.Meta(description="gauge, or counter: cumulative, falls only on a reset.")]
    values: Annotated[list[float], msgspec.Meta(description="Finite numbers.")]


class DeadLetter(msgspec.Struct, kw_only=True):
    """A record that a consumer could not read: its bytes, its origin and the reason."""

    schema: Annotated[str, msgspec.Meta(pattern=r"^watchkeeper\.dead-letter/1(\.\d+)?$")] = DEAD_LETTER_SCHEMA
    id: Annotated[str, msgspec.Meta(description="Derived from consumer, topic, partition and offset.")]
    time_ms: UnixMs
    consumer: Identifier
    topic: Identifier
    partition: Annotated[int, msgspec.Meta(ge=0)]
    offset: Annotated[int, msgspec.Meta(ge=0)]
    reason: Annotated[str, msgspec.Meta(description="Short name: not-json, schema, lengths, value, series, future…")]
    field: str = ""
    detail: str = ""
    key: Annotated[bytes | None, msgspec.Meta(description="The record's key, base64.")] = None
    value: Annotated[bytes | None, msgspec.Meta(description="The record's value, base64.")] = None


E = TypeVar("E", bound=msgspec.Struct)

_encoder = msgspec.json.Encoder()
_metrics = msgspec.json.Decoder(MetricsBatch)
_dead_letters = msgspec.json.Decoder(DeadLetter)


def encode(event: msgspec.Struct) -> bytes:
    """The event's JSON as it goes onto its topic (UTF-8)."""
    return _encoder.encode(event)


def decode_metrics(value: bytes) -> MetricsBatch:
    """Read a value of ``metrics``; raises ``BadEventError`` with the reason and the field.

    Values are finite: JSON has no other numbers, and what a float cannot hold is refused. Series texts are not parsed
    here: that happens once per series, on its first appearance (``parse_series``).
    """
    batch = _decode(_metrics, value)
    _check_lengths(batch)
    return batch


def decode_dead_letter(value: bytes) -> DeadLetter:
    """Read a value of ``dead-letters``; raises ``BadEventError``."""
    return _decode(_dead_letters, value)


def check_series(batch: MetricsBatch) -> None:
    """Raise ``BadEventError`` for the first series text of ``batch`` that breaks the grammar."""
    for index, text in enumerate(batch.series):
        try:
            parse_series(text)
        except BadSeriesError as error:
            raise BadEventError("series", f"series[{index}]", str(error)) from error


def _decode(decoder: msgspec.json.Decoder[E], value: bytes) -> E:
    try:
        return decoder.decode(value)
    except msgspec.ValidationError as error:
        raise BadEventError("schema", _path(error), str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadEventError("not-json", "", str(error)) from error


def _check_lengths(batch: MetricsBatch) -> None:
    count = len(batch.series)
    if count > SAMPLES_PER_BATCH_MAX:
        raise BadEventError("lengths", "series", f"{count} samples, at most {SAMPLES_PER_BATCH_MAX} in a batch")
    for field, found in (("units", batch.units), ("kinds", batch.kinds), ("values", batch.values)):
        if len(found) != count:
            raise BadEventError("lengths", field, f"{len(found)} elements beside {count} series")


def _path(error: Exception) -> str:
    """The field in msgspec's message ("… - at `$.resource.id`"), without the leading ``$.``."""
    _, found, path = str(error).partition(" - at `$")
    return path.rstrip("`").lstrip(".") if found else ""
