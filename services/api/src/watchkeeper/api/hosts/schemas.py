"""Requests and answers of the inventory's routes."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from watchkeeper.api.fields import RequestModel, Text, Time
from watchkeeper.api.hosts.states import HostState
from watchkeeper.api.metrics.schemas import HostId, Parameters

PAGE_MAX = 1000

Cursor = Annotated[str, StringConstraints(min_length=1, max_length=2000)]

_HOST: dict[str, Any] = {
    "id": "web-1",
    "name": "web-1.example.org",
    "kind": "host",
    "environment": "production",
    "role": "web",
    "organisation": "Example",
    "labels": {"rack": "4"},
    "first_seen": "2026-11-01T08:00:00.000Z",
    "last_seen": "2026-11-24T21:54:00.000Z",
    "age_s": 3.1,
    "interval_s": 10,
    "state": "reporting",
    "expected": True,
    "series": 87,
}
_SERIES: dict[str, Any] = {
    "host": "web-1",
    "name": "system.filesystem.utilization",
    "labels": {"system.device": "sda1"},
    "unit": "1",
    "kind": "gauge",
    "text": 'system.filesystem.utilization{system.device="sda1"}',
    "last_seen": "2026-11-24T21:54:00.000Z",
}


class Host(BaseModel):
    """A host, or an application that pushes, as far as it has told about itself."""

    model_config = ConfigDict(json_schema_extra={"examples": [_HOST]})

    id: str
    name: str = Field(description="What people call it.")
    kind: Literal["host", "application"]
    environment: str
    role: str
    organisation: str
    labels: dict[str, str]
    first_seen: Time
    last_seen: Time = Field(description="The time of its newest sample.")
    age_s: float = Field(description="The age of its newest sample.")
    interval_s: float | None = Field(description="Seconds between its samples; null where it never told.")
    state: HostState = Field(
        description="late: older than 2.5 intervals; silent: older than 5 minutes and than 10 intervals."
    )
    expected: bool = Field(description="Whether its silence is worth anyone's attention.")
    series: int = Field(description="How many series it has.")


class HostCounts(BaseModel):
    """How many expected hosts are in which state."""

    reporting: int
    late: int
    silent: int


class Hosts(BaseModel):
    """The inventory: expected hosts that are silent first, then late ones, then by name."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "time": "2026-11-24T21:54:03.120Z",
                    "hosts": [_HOST],
                    "counts": {"reporting": 1, "late": 0, "silent": 0},
                }
            ]
        }
    )

    time: Time
    hosts: list[Host]
    counts: HostCounts


class HostChange(RequestModel):
    """What is to change of a host."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"expected": False}]})

    expected: bool = Field(strict=True, description="False for a host that has gone for good.")


class SeriesParameters(Parameters):
    """Which series."""

    name: Text | None = Field(None, description="Only series of this name.", examples=["system.cpu.utilization"])
    host: HostId | None = Field(None, description="Only series of this host.", examples=["web-1"])
    text: Text | None = Field(None, description="Only series whose text contains this, in whatever case.")
    limit: int = Field(100, ge=1, le=PAGE_MAX, description="Series on a page at most.")
    cursor: Cursor | None = Field(None, description="`next` of the page before.")


class Series(BaseModel):
    """A series of the dictionary."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SERIES]})

    host: str
    name: str
    labels: dict[str, str]
    unit: str
    kind: Literal["gauge", "counter"]
    text: str = Field(description="Name and labels in their one canonical form.")
    last_seen: Time | None = Field(description="The time of its newest sample.")


class SeriesPage(BaseModel):
    """A page of series, by name."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"series": [_SERIES], "next": None}]})

    series: list[Series]
    next: str | None = Field(description="Send it as cursor for the next page; null on the last.")
