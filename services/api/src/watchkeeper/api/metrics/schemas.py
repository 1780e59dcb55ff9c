"""Requests and answers of the metrics routes, for their parameters and for the OpenAPI document.

Answers leave as bytes that msgspec has encoded, so the models of answers describe and are never filled.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from watchkeeper.api.fields import Time
from watchkeeper.api.hosts.states import HostState
from watchkeeper.api.metrics.resolution import Aggregate, Resolution
from watchkeeper.api.metrics.spans import POINTS_DEFAULT, POINTS_MAX
from watchkeeper.api.metrics.types import TYPES

HOSTS_MAX = 500

HostId = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00]*$")]
Word = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00]*$")]
Label = Annotated[str, StringConstraints(min_length=2, max_length=1300, pattern=r"^[^:\x00]+:[^\x00]+$")]


class Parameters(BaseModel):
    """A query; an unknown parameter is an error, so that a typing mistake is not taken for a wish."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class HostsParameters(Parameters):
    """Which hosts."""

    host: list[HostId] | None = Field(
        None,
        max_length=HOSTS_MAX,
        description="Ids of hosts; may be repeated. All hosts without it.",
        examples=[["web-1"]],
    )


class CurrentParameters(HostsParameters):
    """Which newest values."""

    type: list[Word] | None = Field(
        None, max_length=len(TYPES), description=f"Types; may be repeated: {', '.join(TYPES)}.", examples=[["cpu"]]
    )


class SpanParameters(HostsParameters):
    """Which time: a range back from now, or from and to."""

    range: Word | None = Field(
        None,
        description="How far back from `to` (else from now): a number and s, m, h, d or w. 1h unless `from` is given.",
        examples=["24h"],
    )
    from_: Word | None = Field(
        None, alias="from", description="The beginning: ISO 8601, UTC unless it tells a zone, or unix seconds."
    )
    to: Word | None = Field(None, description="The end, not included; now without it.")


class HistoryParameters(SpanParameters):
    """Which history, how fine."""

    step: Word | None = Field(
        None, description="Seconds between points, or 1m, 1h…; rounded up to the resolution.", examples=["1m"]
    )
    points: int | None = Field(
        None, ge=1, le=POINTS_MAX, description=f"Points at most, where no step is given; {POINTS_DEFAULT} without it."
    )
    agg: Aggregate = Field(
        Aggregate.AVG,
        description=(
            "What stands for the values within a step. p95 is exact where `resolution` is raw and a line has one "
            "series; on rollups it is the 95th percentile of their averages (of minutes, or of hours); where a line is "
            "combined from several series of single samples, it is combined from their p95."
        ),
    )
    label: list[Label] | None = Field(
        None,
        max_length=16,
        description="Only series with this label, as key:value; for series names; may be repeated.",
        examples=[["system.device:sda1"]],
    )


class Line(BaseModel):
    """One line: a host's, and where a type or a name has several series, that of its labels."""

    host: str
    name: str = Field(description="What people call the host.")
    labels: dict[str, str]
    values: list[float | None] = Field(description="By `agg`, one for each of `times_s`; null is a gap.")
    min: list[float | None] = Field(description="The lowest within each step.")
    max: list[float | None] = Field(description="The highest within each step.")


class History(BaseModel):
    """Lines over one grid of times."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "cpu",
                    "unit": "1",
                    "from": "2026-11-24T21:00:00Z",
                    "to": "2026-11-24T21:03:00Z",
                    "step_s": 60,
                    "resolution": "minute",
                    "agg": "avg",
                    "times_s": [1795554000, 1795554060, 1795554120],
                    "lines": [
                        {
                            "host": "web-1",
                            "name": "web-1.example.org",
                            "labels": {},
                            "values": [0.21, None, 0.25],
                            "min": [0.18, None, 0.22],
                            "max": [0.3, None, 0.27],
                        }
                    ],
                }
            ]
        }
    )

    type: str
    unit: str = Field(description="UCUM, as OpenTelemetry writes units; empty where lines differ in it.")
    from_: Time = Field(alias="from", description="The first of `times_s`.")
    to: Time = Field(description="The end asked for, not included.")
    step_s: int
    resolution: Resolution = Field(description="What was read: single samples, or rollups of minutes or hours.")
    agg: Aggregate
    times_s: list[int] = Field(description="Unix seconds; each stands for the `step_s` after it.")
    lines: list[Line]


class CurrentLine(BaseModel):
    """One of several lines of a type."""

    labels: dict[str, str]
    value: float | None


class CurrentMetric(BaseModel):
    """A type's newest value on a host."""

    value: float | None = Field(description="null where it is not known: a counter seen once, no requests to tell of.")
    unit: str
    time: Time = Field(description="The time of the newest sample.")
    age_s: float
    fresh: bool = Field(description="At most 2.5 intervals old.")
    series: str = Field(description="What it was read from: one series' text, or the name of several.")
    lines: list[CurrentLine] | None = Field(
        None, description="Where a type has several lines (network): each by itself."
    )


class CurrentHost(BaseModel):
    """A host's newest values; a type that it has no series for is left out."""

    host: str
    name: str
    kind: Literal["host", "application"]
    last_seen: Time
    age_s: float
    state: HostState
    metrics: dict[str, CurrentMetric]


class Current(BaseModel):
    """The newest values."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "time": "2026-11-24T21:54:03.120Z",
                    "hosts": [
                        {
                            "host": "web-1",
                            "name": "web-1.example.org",
                            "kind": "host",
                            "last_seen": "2026-11-24T21:54:00Z",
                            "age_s": 3.12,
                            "state": "reporting",
                            "metrics": {
                                "cpu": {
                                    "value": 0.21,
                                    "unit": "1",
                                    "time": "2026-11-24T21:54:00Z",
                                    "age_s": 3.12,
                                    "fresh": True,
                                    "series": "system.cpu.utilization",
                                }
                            },
                        }
                    ],
                }
            ]
        }
    )

    time: Time
    hosts: list[CurrentHost]


class SummaryCard(BaseModel):
    """One card. What is not known is null, never 0."""

    value: float | None
    unit: str
    previous: float | None = Field(description="Of the period before; null unless it was watched from its beginning.")
    change: float | None = Field(description="(value - previous) / previous.")
    period: str
    trend: list[float | None] = Field(description="The way there, oldest first: days for uptime, else hours.")
    age_s: float | None = Field(description="Age of the newest sample.")


class ThresholdCard(SummaryCard):
    """A card with a threshold."""

    threshold: float
    state: Literal["ok", "breached", "unknown"]


_CARD: dict[str, Any] = {
    "value": 3.0,
    "unit": "{user}",
    "previous": 2.0,
    "change": 0.5,
    "period": "24h",
    "trend": [2.0, 3.0],
    "age_s": 4.0,
}


class Summary(BaseModel):
    """The dashboard's cards."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "time": "2026-11-24T21:54:03.120Z",
                    "uptime": {
                        **_CARD,
                        "value": 0.9995,
                        "unit": "1",
                        "previous": 0.999,
                        "change": 0.0005,
                        "period": "7d",
                    },
                    "active_users": _CARD,
                    "response_time": {**_CARD, "value": 0.12, "unit": "s", "threshold": 0.5, "state": "ok"},
                    "threats_blocked": {**_CARD, "unit": "{threat}"},
                }
            ]
        }
    )

    time: Time
    uptime: SummaryCard
    active_users: SummaryCard
    response_time: ThresholdCard
    threats_blocked: SummaryCard
