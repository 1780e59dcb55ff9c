"""The routes that read metrics."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request, Response

from watchkeeper.api.access.permissions import Caller, Permission, needs
from watchkeeper.api.context import Context, get_context
from watchkeeper.api.metrics import cards, schemas, summary
from watchkeeper.api.metrics.answers import json_answer
from watchkeeper.api.metrics.current import chosen, current
from watchkeeper.api.metrics.history import Query as HistoryQuery
from watchkeeper.api.metrics.history import history
from watchkeeper.api.metrics.remembered import Keep
from watchkeeper.api.metrics.spans import (
    POINTS_DEFAULT,
    Asked,
    BadSpanError,
    Span,
    parse_length,
    parse_span,
    step_for,
)
from watchkeeper.api.metrics.times import iso
from watchkeeper.api.metrics.types import TYPES, HistoryType
from watchkeeper.api.problems import field_problem

SUMMARY_KEPT = Keep(fresh_s=15.0, stale_s=60.0)
CURRENT_KEPT = Keep(fresh_s=1.0)

router = APIRouter(prefix="/api/metrics", tags=["metrics"], dependencies=[needs(Permission.READ)])

InContext = Annotated[Context, Depends(get_context)]
ItsCaller = Annotated[Caller, needs(Permission.READ)]
TypeName = Annotated[
    str,
    Path(
        max_length=255,
        pattern=r"^[^\x00]*$",
        description=f"A type ({', '.join(TYPES)}), or the name of any series.",
        examples=["cpu"],
    ),
]


@router.get("/current", summary="Newest values", responses={200: {"model": schemas.Current}, 404: {}})
async def read_current(
    request: Request, context: InContext, query: Annotated[schemas.CurrentParameters, Query()]
) -> Response:
    """Answer the newest value of each type on each host, with unit, time and age, and how each host is doing.

    Made anew every second; `time` tells when.
    """
    types = chosen(query.type)
    hosts = distinct(query.host)
    key = ("current", tuple(known.name for known in types), hosts)
    body = await context.answers.get(key, CURRENT_KEPT, context.clock, lambda: _current(context, types, hosts))
    return await json_answer(request, body)


@router.get("/history/{type:path}", summary="Values over time", responses={200: {"model": schemas.History}, 404: {}})
async def read_history(
    request: Request,
    context: InContext,
    caller: ItsCaller,
    type: TypeName,  # noqa: A002 - the name that the address shows
    query: Annotated[schemas.HistoryParameters, Query()],
) -> Response:
    """Answer lines over one grid of times, a gap as null.

    For a type: one line per host (for `network` one per direction), from the first of the type's sources with data.
    For a series name: one line per series, 50 at most; counters as rates per second. Where the step is finer than
    the samples' interval, a value stands until the next one, 1.5 intervals at most; in a line of several series each
    of them does.

    `resolution` tells what was read: single samples (kept 48 hours) for steps below a minute, minutes, or hours for
    steps of whole hours and what is older than the minutes kept. The newest piece always comes from single samples.
    A minute or hour that `to` cuts off is read up to `to` where something finer is still kept, else whole.

    500,000 values at most. 503 with `Retry-After: 1` while too much is read at the same time: 2 requests of one caller
    are answered at a time.
    """
    asked = history_query(type, query, now_s(context))
    async with context.turns.of(caller.id), context.require_store().connection() as connection:
        body = await history(connection, asked, now_s(context))
    return await json_answer(request, body)


@router.get("/summary", summary="Cards of the dashboard", responses={200: {"model": schemas.Summary}})
async def read_summary(
    request: Request, context: InContext, caller: ItsCaller, query: Annotated[schemas.HostsParameters, Query()]
) -> Response:
    """Answer uptime, active users, response time and threats blocked, each against the period before.

    Made anew every 15 seconds, while the one before is still answered, for a minute at most; `time` tells when.
    """
    hosts = distinct(query.host)
    key = ("summary", hosts)
    body = await context.answers.get(key, SUMMARY_KEPT, context.clock, lambda: _summary(context, caller.id, hosts))
    return await json_answer(request, body)


async def _current(context: Context, types: list[HistoryType], hosts: tuple[str, ...] | None) -> bytes:
    async with context.require_store().connection() as connection:
        return await current(connection, types, hosts, now_s(context))


async def _summary(context: Context, caller: str, hosts: tuple[str, ...] | None) -> bytes:
    threshold_s = context.settings.response_time_threshold_s
    scope = summary.Scope(hosts, now_s(context))
    async with context.turns.of(caller), context.require_store().connection() as connection:
        response_time = await summary.response_time(connection, scope)
        body = {
            "time": iso(scope.now_s),
            "uptime": (await summary.uptime(connection, scope)).told(),
            "active_users": (await summary.active_users(connection, scope)).told(),
            "response_time": response_time.told()
            | {"threshold": threshold_s, "state": cards.state_against(response_time.value, threshold_s)},
            "threats_blocked": (await summary.threats_blocked(connection, scope)).told(),
        }
    return msgspec.json.encode(body)


def now_s(context: Context) -> float:
    """The time of day in unix seconds."""
    return context.clock.now_ms() / 1000


def distinct(hosts: list[str] | None) -> tuple[str, ...] | None:
    """Each host once, sorted; None for all."""
    return tuple(sorted(set(hosts))) if hosts else None


def span_of(query: schemas.SpanParameters, time_s: float) -> Span:
    """The span that ``query`` means; raises the problem that names the field at fault."""
    try:
        return parse_span(Asked(query.range, query.from_, query.to), time_s)
    except BadSpanError as error:
        raise field_problem(error.field, error.detail) from error


def history_query(name: str, query: schemas.HistoryParameters, time_s: float) -> HistoryQuery:
    """What ``query`` asks of the type or series ``name``; raises the problem that names the field at fault."""
    span = span_of(query, time_s)
    if query.step is not None and query.points is not None:
        raise field_problem("step", "give step or points, not both")
    if query.step is None:
        step_s = step_for(span.length_s, query.points or POINTS_DEFAULT)
    else:
        try:
            step_s = parse_length("step", query.step)
        except BadSpanError as error:
            raise field_problem(error.field, error.detail) from error
    labels = tuple((key, value) for key, _, value in (label.partition(":") for label in query.label or ()))
    return HistoryQuery(name, span, step_s, query.agg, distinct(query.host), labels)
