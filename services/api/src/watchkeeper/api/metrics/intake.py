"""``POST /api/metrics``: applications push their metrics. Answered only after Kafka has acknowledged them."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Request, Response

from watchkeeper.api.access.permissions import Permission, needs
from watchkeeper.api.context import Context, get_context
from watchkeeper.api.metrics.intake_schemas import (
    ANSWER,
    REQUEST_BODY,
    RESOURCE_LABELS_BYTES_MAX,
    RESOURCE_LABELS_MAX,
    TEXT_LENGTH_MAX,
)
from watchkeeper.api.metrics.pushed import NESTED, SAMPLES_MAX, Refusal, group, judge
from watchkeeper.api.problems import KAFKA_AWAY, FieldError, Problem, field_problem, unavailable
from watchkeeper.common.bus import BusError, BusUnavailableError, Producer, Record
from watchkeeper.common.events import METRICS_TOPIC, Resource, encode

ENCODED_TIMES_MAX = 4
"""The records of a request are at most so many times the largest body together."""
IN_LOOP_MAX = 500
NAMED_MAX = 100
"""Refused samples that are told one by one; the others are counted."""

router = APIRouter(tags=["metrics"])


class PushedResource(msgspec.Struct, forbid_unknown_fields=True):
    """Who pushes, as it is sent."""

    id: str
    name: str = ""
    environment: str = ""
    role: str = ""
    organisation: str = ""
    labels: dict[str, str] = {}


class PushedRequest(msgspec.Struct, forbid_unknown_fields=True):
    """A request's body; the samples are judged one by one."""

    resource: PushedResource
    samples: list[msgspec.Raw]


@dataclass
class Prepared:
    """A request's records, the places of each one's samples in the request, and the samples refused."""

    refused: list[Refusal]
    records: list[Record] = field(default_factory=list)
    indexes: list[list[int]] = field(default_factory=list)


_decoder = msgspec.json.Decoder(PushedRequest)


@router.post(
    "/api/metrics",
    summary="Push metrics",
    dependencies=[needs(Permission.INGEST)],
    openapi_extra={"requestBody": REQUEST_BODY},
    responses={200: ANSWER, 207: ANSWER | {"description": "Some samples were refused."}, 415: {}},
)
async def push_metrics(request: Request, context: Annotated[Context, Depends(get_context)]) -> Response:
    """Take samples of one application; answer when Kafka has acknowledged them.

    Each sample is judged by itself: 200 when all are taken, 207 when some are, 422 when none is; `refused` names each
    with its place and the field at fault. A request that is sent again, with times, changes nothing.
    """
    _check_media_type(request)
    pushed = decode(await request.body())
    resource = resource_of(pushed.resource)
    work = (resource, pushed.samples, context.clock.now_ms(), ENCODED_TIMES_MAX * context.settings.intake_bytes_max)
    # Thousands of samples would hold up all other answers, so they are judged beside the event loop.
    many = len(pushed.samples) > IN_LOOP_MAX
    prepared = await asyncio.to_thread(prepare, *work) if many else prepare(*work)
    lost = await publish(context.producer, prepared.records, prepared.indexes)
    refused = sorted(prepared.refused + lost)
    accepted = len(pushed.samples) - len(refused)
    if not accepted and refused:
        raise none_taken(refused)
    body = {"accepted": accepted, "refused": refused}
    return Response(msgspec.json.encode(body), 207 if refused else 200, media_type="application/json")


def prepare(resource: Resource, samples: Sequence[msgspec.Raw], now_ms: int, bytes_max: int) -> Prepared:
    """Judge ``samples`` and encode what is taken; raises the 422 problem where that makes over ``bytes_max`` bytes.

    Each time makes a record of its own, which repeats the resource: many times and long labels make much of little.
    """
    judged = judge(samples, now_ms)
    prepared = Prepared(refused=judged.refused)
    size = 0
    for batch, indexes in group(resource, judged.samples):
        record = Record(METRICS_TOPIC, resource.id, encode(batch))
        size += len(record.value or b"")
        if size > bytes_max:
            raise field_problem("samples", f"they make more than {bytes_max} bytes: send fewer times in one request")
        prepared.records.append(record)
        prepared.indexes.append(indexes)
    return prepared


async def publish(producer: Producer, records: list[Record], indexes: list[list[int]]) -> list[Refusal]:
    """Send ``records``; answers a refusal for each sample of those that Kafka did not take.

    Raises the 503 problem where it took none because it is away.
    """
    answers = await producer.send_all(records)
    if answers and all(isinstance(answer, BusUnavailableError) for answer in answers):
        raise unavailable(KAFKA_AWAY)
    return [
        Refusal(index, "", _lost(answer))
        for answer, of_record in zip(answers, indexes, strict=True)
        if isinstance(answer, BusError)
        for index in of_record
    ]


def decode(body: bytes) -> PushedRequest:
    """The request in ``body``; raises the problem that names the field at fault."""
    try:
        pushed = _decoder.decode(body)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        raise field_problem(path.rstrip("`").lstrip(".") or "body", message) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise field_problem("body", f"not JSON: {error}") from None
    except RecursionError:
        raise field_problem("body", NESTED) from None
    if len(pushed.samples) > SAMPLES_MAX:
        raise field_problem("samples", f"{len(pushed.samples)} samples, at most {SAMPLES_MAX} in a request")
    return pushed


def resource_of(pushed: PushedResource) -> Resource:
    """The resource that pushes; raises the problem that names the field at fault."""
    if not pushed.id:
        raise field_problem("resource.id", "must not be empty")
    for name in ("id", "name", "environment", "role", "organisation"):
        _check_text(f"resource.{name}", getattr(pushed, name))
    _check_labels(pushed.labels)
    return Resource(
        id=pushed.id,
        kind="application",
        name=pushed.name,
        environment=pushed.environment,
        role=pushed.role,
        organisation=pushed.organisation,
        labels=pushed.labels,
    )


def none_taken(refused: list[Refusal]) -> Problem:
    """The 422 problem of a request of which nothing was taken."""
    errors = [
        FieldError(f"samples[{one.index}]" + (f".{one.field}" if one.field else ""), one.detail)
        for one in refused[:NAMED_MAX]
    ]
    return Problem(
        422,
        f"None of {len(refused)} samples was taken; the first: {errors[0].field}: {errors[0].detail}",
        errors=errors,
    )


def _check_labels(labels: Mapping[str, str]) -> None:
    if len(labels) > RESOURCE_LABELS_MAX:
        raise field_problem("resource.labels", f"{len(labels)} labels, at most {RESOURCE_LABELS_MAX}")
    for key, value in labels.items():
        _check_text("resource.labels", key)
        _check_text(f"resource.labels.{key}", value)
    size = len(msgspec.json.encode(labels))
    if size > RESOURCE_LABELS_BYTES_MAX:
        detail = f"{size} bytes of labels as JSON, at most {RESOURCE_LABELS_BYTES_MAX} in all"
        raise field_problem("resource.labels", detail)


def _check_text(name: str, text: str) -> None:
    if len(text) > TEXT_LENGTH_MAX:
        raise field_problem(name, f"longer than {TEXT_LENGTH_MAX} characters")
    if "\0" in text:
        raise field_problem(name, "contains a NUL character")


def _check_media_type(request: Request) -> None:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Problem(415, "Send the samples as JSON, with Content-Type: application/json.")


def _lost(error: BusError) -> str:
    if isinstance(error, BusUnavailableError):
        return "Kafka did not acknowledge it; send it again"
    return "Kafka refuses the batch of its time; it may be too large: send fewer samples of one time"
