"""The report on Watchkeeper itself: its parts and the rules by which they make one status. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, NamedTuple

from watchkeeper.api.metrics.times import iso

DELAY_MAX_S = 60.0
"""Samples of the newest collection should be stored within seconds; collections are 10 s apart, at most a minute."""
FREE_SHARE_MIN = 0.05
FREE_BYTES_MIN = 1_000_000_000
SLOW_S = 1.0
ITSELF = "api"
"""The part that makes the report: there is one, so it answers."""

PartKind = Literal["service", "engine"]


class Status(StrEnum):
    """How a part is doing; ``unknown``: not asked yet."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"
    UNKNOWN = "unknown"


BADNESS = (Status.OK, Status.UNKNOWN, Status.DEGRADED, Status.DOWN)


class Finding(NamedTuple):
    """What one look at a part found; ``latency_s`` is how long it took to answer."""

    status: Status
    detail: str = ""
    latency_s: float | None = None


FINE = Finding(Status.OK)


class Disk(NamedTuple):
    """The disk of the data folder."""

    free_bytes: int
    total_bytes: int


@dataclass(frozen=True)
class Part:
    """A part as it was found last; ``since_ms`` is when it became so."""

    name: str
    kind: PartKind
    finding: Finding
    since_ms: int

    def told(self) -> dict[str, Any]:
        """As the answer tells it."""
        status, detail, latency_s = self.finding
        return {
            "name": self.name,
            "kind": self.kind,
            "status": status,
            "detail": detail,
            "since": iso(self.since_ms / 1000),
            "latency_s": None if latency_s is None else round(latency_s, 4),
        }


@dataclass
class Board:
    """What was found last of everything; written by the looks, read by the route, which so never waits."""

    parts: dict[str, Part] = field(default_factory=dict)
    lag: dict[str, int] = field(default_factory=dict)
    """Records of a topic that are not stored yet."""
    newest_ms: int | None = None
    """The time of the newest stored sample."""
    disk: Disk | None = None
    ends: dict[int, int] = field(default_factory=dict)
    """Where each partition of the metrics' topic ended when Kafka last told."""
    spools: Finding = FINE
    """Whether collectors keep samples on disk, as far as their own metrics tell."""

    def put(self, name: str, kind: PartKind, finding: Finding, now_ms: int) -> None:
        """Note what a look at a part found at ``now_ms``."""
        before = self.parts.get(name)
        since_ms = before.since_ms if before is not None and before.finding.status is finding.status else now_ms
        self.parts[name] = Part(name, kind, finding, since_ms)

    def delay_s(self, now_ms: int) -> float | None:
        """The age of the newest stored sample; None where there is none, or it is not known."""
        return None if self.newest_ms is None else max(0.0, (now_ms - self.newest_ms) / 1000)

    def status(self, now_ms: int) -> Status:
        """One status for all."""
        return overall(self.parts.values(), self.delay_s(now_ms), self.disk)

    def told(self, now_ms: int) -> dict[str, Any]:
        """The whole report."""
        delay_s = self.delay_s(now_ms)
        return {
            "status": self.status(now_ms),
            "time": iso(now_ms / 1000),
            "parts": [part.told() for part in self.parts.values()],
            "lag": {topic: {"records": records} for topic, records in self.lag.items()},
            "delay_s": None if delay_s is None else round(delay_s, 3),
            "disk": None if self.disk is None else self.disk._asdict(),
        }


def overall(parts: Iterable[Part], delay_s: float | None, disk: Disk | None) -> Status:
    """``down``: the database is, so nothing can be answered. ``degraded``: anything else is wrong or not known."""
    found = {part.name: part.finding.status for part in parts if part.name != ITSELF}
    if found.get("database", Status.UNKNOWN) is Status.DOWN:
        return Status.DOWN
    fine = bool(found) and all(status is Status.OK for status in found.values())
    if not fine or (delay_s is not None and delay_s > DELAY_MAX_S) or (disk is not None and is_short(disk)):
        return Status.DEGRADED
    return Status.OK


def is_short(disk: Disk) -> bool:
    """Whether the disk is nearly full: less than 5 % or 1 GB free."""
    return disk.free_bytes < max(FREE_BYTES_MIN, FREE_SHARE_MIN * disk.total_bytes)


def worst(first: Finding, second: Finding) -> Finding:
    """Two findings on one part as one: the worse status, both details."""
    status = max(first.status, second.status, key=BADNESS.index)
    latency_s = first.latency_s if first.latency_s is not None else second.latency_s
    return Finding(status, "; ".join(filter(None, (first.detail, second.detail))), latency_s)


def of_readiness(ready: bool, body: Any, latency_s: float) -> Finding:  # noqa: FBT001 - an answer's status
    """What a service's ``/readyz`` says: ready, or what is with its parts, those that do not work first."""
    if ready:
        return Finding(Status.OK, "", latency_s)
    said = body.get("parts") if isinstance(body, Mapping) else None
    parts = sorted(said.items(), key=lambda item: _works(item[1])) if isinstance(said, Mapping) else []
    told = [text for name, part in parts if (text := _told(name, part))]
    return Finding(Status.DEGRADED, "; ".join(told) or "not ready", latency_s)


def of_latency(what: str, latency_s: float) -> Finding:
    """An engine that answers: fine, unless it is slow."""
    if latency_s > SLOW_S:
        return Finding(Status.DEGRADED, f"{what} answers slowly", latency_s)
    return Finding(Status.OK, "", latency_s)


def uptime_text(up_s: float) -> str:
    """How long a service has been up, in its two largest units."""
    minutes = int(up_s // 60)
    hours, days = minutes // 60, minutes // 1440
    if days:
        return f"up {days} d {hours % 24} h"
    return f"up {hours} h {minutes % 60} min" if hours else f"up {minutes} min"


def lag_of(ends: Mapping[int, int], stored: Mapping[int, int]) -> int:
    """Records between what is stored and what there is, over all partitions."""
    return sum(max(0, end - stored.get(partition, 0)) for partition, end in ends.items())


def of_spools(spools: Iterable[tuple[str, float]]) -> Finding:
    """Collectors that keep samples on disk, by host and bytes."""
    kept = [f"{host} ({size / 1e6:.1f} MB)" for host, size in spools if size > 0]
    if not kept:
        return FINE
    more = f" and {len(kept) - 5} more" if len(kept) > 5 else ""
    return Finding(Status.DEGRADED, f"samples wait on disk at {', '.join(kept[:5])}{more}")


def _works(part: Any) -> bool:
    return bool(part.get("ok")) if isinstance(part, Mapping) else bool(part)


def _told(name: str, part: Any) -> str:
    detail = part.get("detail") if isinstance(part, Mapping) else None
    if detail:
        return f"{name}: {detail}"
    return "" if _works(part) else f"{name} not ready"
