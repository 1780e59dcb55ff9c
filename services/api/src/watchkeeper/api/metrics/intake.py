"""``POST /api/metrics``: applications push their metrics. Answered only after Kafka has acknowledged them."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Request, Response

from watchkeeper.api.access.permissions import Permission, needs
from watchkeeper.api.context import Context, get_context
from watchkeeper.api.metrics.intake_schemas import ANSWER, REQUEST_BODY
from watchkeeper.api.metrics.pushed import NESTED, SAMPLES_MAX, Refusal, group, judge
from watchkeeper.api.problems import KAFKA_AWAY, FieldError, Problem, field_problem, unavailable
from watchkeeper.common.bus import BusError, BusUnavailableError, Producer, Record
from watchkeeper.common.events import METRICS_TOPIC, Resource, encode

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
    judged = judge(pushed.samples, context.clock.now_ms())
    batches = group(resource, judged.samples)
    records = [Record(METRICS_TOPIC, resource.id, encode(batch)) for batch, _ in batches]
    lost = await publish(context.producer, records, [indexes for _, indexes in batches])
    refused = sorted(judged.refused + lost)
    accepted = len(pushed.samples) - len(refused)
    if not accepted and refused:
        raise none_taken(refused)
    body = {"accepted": accepted, "refused": refused}
    return Response(msgspec.json.encode(body), 207 if refused else 200, media_type="application/json")


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
    if len(pushed.labels) > 64:
        raise field_problem("resource.labels", f"{len(pushed.labels)} labels, at most 64")
    for key, value in pushed.labels.items():
        _check_text("resource.labels", key)
        _check_text(f"resource.labels.{key}", value)
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


def _check_text(field: str, text: str) -> None:
    if len(text) > 255:
        raise field_problem(field, "longer than 255 characters")
    if "\0" in text:
        raise field_problem(field, "contains a NUL character")


def _check_media_type(request: Request) -> None:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Problem(415, "Send the samples as JSON, with Content-Type: application/json.")


def _lost(error: BusError) -> str:
    if isinstance(error, BusUnavailableError):
        return "Kafka did not acknowledge it; send it again"
    return "Kafka refuses the batch of its time; it may be too large: send fewer samples of one time"
