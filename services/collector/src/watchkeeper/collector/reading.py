"""A reading: one value of one series, as a source sees it, before it becomes part of a batch."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

Kind = Literal["gauge", "counter"]

NO_LABELS: Mapping[str, str] = {}


class Reading(NamedTuple):
    """One value of one series; names, labels and units (UCUM) as OpenTelemetry's semantic conventions write them.

    ``kind`` is "counter" for a sum that only grows until its origin restarts, "gauge" for everything else.
    """

    name: str
    value: float
    unit: str
    kind: Kind
    labels: Mapping[str, str] = NO_LABELS


def gauge(name: str, value: float, unit: str, labels: Mapping[str, str] = NO_LABELS) -> Reading:
    """Return a reading that may go up and down; ``unit`` is UCUM ("1", "By", "s", "{process}")."""
    return Reading(name, float(value), unit, "gauge", labels)


def counter(name: str, value: float, unit: str, labels: Mapping[str, str] = NO_LABELS) -> Reading:
    """Return a reading of a sum that only grows; its reader makes a rate of it."""
    return Reading(name, float(value), unit, "counter", labels)
