"""From records to batches that can be stored, and to refusals that say why."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from watchkeeper.common.bus import Received
from watchkeeper.common.events import BadEventError, MetricsBatch, Resource, decode_metrics

VALUE_ABS_MAX = 1e290
"""Beyond this a rollup's sum could leave the range of a double: 1.8e308 / 1e18 samples."""

FUTURE = "future"
PAST = "past"
MISDATED = frozenset({FUTURE, PAST})
"""Reasons that blame the sender's clock: the record is well-formed, so it never stops a partition."""


@dataclass(frozen=True)
class Span:
    """The times that can be stored, in unix milliseconds, both ends included."""

    from_ms: int
    to_ms: int


@dataclass(frozen=True)
class Refusal:
    """A record that is not stored, and why."""

    received: Received
    error: BadEventError


@dataclass
class Reading:
    """What one fetch of a partition holds: batches with the record that each came in, in offset order, and refusals."""

    batches: list[tuple[Received, MetricsBatch]] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    verdicts: dict[int, bool] = field(default_factory=dict)
    """For each record's offset, in order, whether it was well-formed."""

    def refuse(self, received: Received, error: BadEventError) -> None:
        """Note that ``received`` is not stored."""
        self.refusals.append(Refusal(received, error))
        self.verdicts[received.offset] = error.reason in MISDATED


def read(records: Iterable[Received], span: Span) -> Reading:
    """Sort ``records`` into those whose samples can be stored and those to refuse."""
    reading = Reading()
    for received in records:
        try:
            batch = read_one(received.value, span)
        except BadEventError as error:
            reading.refuse(received, error)
        else:
            reading.batches.append((received, batch))
            reading.verdicts[received.offset] = True
    return reading


def read_one(value: bytes | None, span: Span) -> MetricsBatch:
    """The batch in ``value``; raises ``BadEventError`` for anything that the store could not take."""
    if value is None:
        raise BadEventError("not-json", "", "the record has no value")
    batch = decode_metrics(value)
    _check_values(batch.values)
    _check_texts(batch)
    if batch.time_ms > span.to_ms:
        raise BadEventError(
            FUTURE, "time_ms", f"{batch.time_ms - span.to_ms} ms beyond what is taken ahead of our clock"
        )
    if batch.time_ms < span.from_ms:
        raise BadEventError(PAST, "time_ms", f"{span.from_ms - batch.time_ms} ms before the oldest rollup that is kept")
    return batch


def _check_values(values: list[float]) -> None:
    if not values or (max(values) <= VALUE_ABS_MAX and min(values) >= -VALUE_ABS_MAX):
        return
    index = next(i for i, value in enumerate(values) if abs(value) > VALUE_ABS_MAX)
    raise BadEventError("value", f"values[{index}]", f"{values[index]} is beyond ±{VALUE_ABS_MAX}")


def _check_texts(batch: MetricsBatch) -> None:
    """PostgreSQL's text takes no NUL. Series texts are checked on first appearance, where they are parsed."""
    for name, text in _texts(batch.resource):
        if "\0" in text:
            raise BadEventError("value", f"resource.{name}", "contains a NUL character")
    if "\0" in batch.batch_id:
        raise BadEventError("value", "batch_id", "contains a NUL character")


def _texts(resource: Resource) -> Iterator[tuple[str, str]]:
    yield "id", resource.id
    yield "name", resource.name
    yield "environment", resource.environment
    yield "role", resource.role
    yield "organisation", resource.organisation
    for key, text in resource.labels.items():
        yield "labels", key
        yield f"labels.{key}", text
