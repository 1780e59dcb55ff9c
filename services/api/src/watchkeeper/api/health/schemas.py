"""The answer of the health route."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from watchkeeper.api.fields import Time
from watchkeeper.api.health.report import Status

_EXAMPLE: dict[str, Any] = {
    "status": "degraded",
    "time": "2026-11-24T21:54:03.120Z",
    "parts": [
        {
            "name": "recorder",
            "kind": "service",
            "status": "ok",
            "detail": "",
            "since": "2026-11-24T20:00:00Z",
            "latency_s": 0.002,
        },
        {
            "name": "kafka",
            "kind": "engine",
            "status": "down",
            "detail": "Kafka does not answer; collectors keep their samples on disk",
            "since": "2026-11-24T21:53:50Z",
            "latency_s": None,
        },
    ],
    "lag": {"metrics": {"records": 0}},
    "delay_s": 14.1,
    "disk": {"free_bytes": 81_000_000_000, "total_bytes": 120_000_000_000},
}


class HealthPart(BaseModel):
    """A service or an engine."""

    name: str
    kind: Literal["service", "engine"]
    status: Status
    detail: str = Field(
        description="What is wrong; empty where nothing is. For the api itself, how long it has been up."
    )
    since: Time = Field(description="Since when the status is what it is.")
    latency_s: float | None = Field(description="How long it took to answer; null where it did not.")


class Lag(BaseModel):
    """How far storing is behind."""

    records: int = Field(description="Records of the topic that are not stored yet.")


class DiskSpace(BaseModel):
    """The disk of the data folder."""

    free_bytes: int
    total_bytes: int


class SystemHealth(BaseModel):
    """How Watchkeeper is doing; without the permission to read only `status`."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE, {"status": "ok"}]})

    status: Literal["ok", "degraded", "down"] = Field(
        description="down: the database is, nothing can be answered. degraded: anything else is wrong or not known."
    )
    time: Time | None = None
    parts: list[HealthPart] | None = None
    lag: dict[str, Lag] | None = Field(None, description="By topic.")
    delay_s: float | None = Field(None, description="Age of the newest stored sample; null where it is not known.")
    disk: DiskSpace | None = Field(None, description="null where it is not looked at.")
