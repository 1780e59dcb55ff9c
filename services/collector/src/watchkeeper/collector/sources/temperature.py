"""The temperatures that the machine's sensors report; virtual machines have none."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import NamedTuple

import psutil

from watchkeeper.collector.reading import Reading, gauge
from watchkeeper.collector.source import BlockingSource, SourceSettings, Tools

COLDEST, HOTTEST = -100.0, 300.0
"""Beyond these a sensor is broken or not connected: many report -273, 255 or thousands then."""


class Settings(SourceSettings):
    """Block [sources.temperature]."""


class Sensor(NamedTuple):
    """One sensor's label (may be empty) and its reading in degrees Celsius."""

    label: str
    current: float | None


def readings(chips: Mapping[str, Sequence[Sensor]]) -> list[Reading]:
    """Return the reading of each sensor whose reading can be; ``hw.id`` is chip and position, so it is unique."""
    return [
        gauge(
            "hw.temperature",
            sensor.current,
            "Cel",
            {"hw.id": f"{chip}_{number}", "hw.name": chip, "hw.sensor_location": sensor.label or chip},
        )
        for chip, sensors in chips.items()
        for number, sensor in enumerate(sensors)
        if sensor.current is not None and isfinite(sensor.current) and COLDEST < sensor.current < HOTTEST
    ]


class Temperature(BlockingSource[Settings]):
    """The machine's sensors. A sensor on a slow bus may hang; that costs this source only."""

    def read_now(self) -> list[Reading]:
        """Return the temperatures now; none where the system offers no sensors."""
        sensors: Mapping[str, Sequence[Sensor]] = getattr(psutil, "sensors_temperatures", dict)()
        return readings({chip: [Sensor(s.label, s.current) for s in found] for chip, found in sensors.items()})


def open_source(settings: Settings, tools: Tools) -> Temperature:
    """Return the machine's temperature sensors."""
    return Temperature(settings, tools)
