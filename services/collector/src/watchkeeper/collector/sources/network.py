"""The network interfaces: bytes, packets, errors and drops."""

import re
from collections.abc import Mapping
from typing import NamedTuple

import psutil
from pydantic import Field

from watchkeeper.collector.patterns import Pattern, whole_match
from watchkeeper.collector.reading import Reading, counter
from watchkeeper.collector.source import QuickSource, SourceSettings, Tools


class Settings(SourceSettings):
    """Block [sources.network]."""

    exclude: Pattern = Field(
        default=r"lo\d*|veth.*|ifb\d+|dummy\d+|docker\d+|br-.*|virbr.*|cni\d*|cali.*|flannel.*|tunl\d+|kube-.*",
        description="Interfaces left out (a regular expression for the whole name). The loopback and what containers "
        "use are, since their traffic would count twice or never left the machine.",
    )


class InterfaceCount(NamedTuple):
    """What went through one interface since it came up, one direction: bytes and packets."""

    bytes: int
    packets: int
    errors: int
    dropped: int


def readings(
    interfaces: Mapping[str, tuple[InterfaceCount, InterfaceCount]], exclude: re.Pattern[str]
) -> list[Reading]:
    """Return the counters of each interface (received, transmitted) whose name ``exclude`` does not match."""
    found = []
    for name, directions in interfaces.items():
        if exclude.fullmatch(name):
            continue
        for direction, count in zip(("receive", "transmit"), directions, strict=True):
            labels = {"network.interface.name": name, "network.io.direction": direction}
            found += [
                counter("system.network.io", count.bytes, "By", labels),
                counter("system.network.packet.count", count.packets, "{packet}", labels),
                counter("system.network.errors", count.errors, "{error}", labels),
                counter("system.network.packet.dropped", count.dropped, "{packet}", labels),
            ]
    return found


class Network(QuickSource[Settings]):
    """The machine's network interfaces, as this process's network namespace shows them."""

    def __init__(self, settings: Settings, tools: Tools) -> None:
        """Compile what is left out."""
        super().__init__(settings, tools)
        self._exclude = whole_match(settings.exclude)

    def read_now(self) -> list[Reading]:
        """Return the counters now."""
        interfaces = {
            name: (
                InterfaceCount(now.bytes_recv, now.packets_recv, now.errin, now.dropin),
                InterfaceCount(now.bytes_sent, now.packets_sent, now.errout, now.dropout),
            )
            for name, now in psutil.net_io_counters(pernic=True, nowrap=False).items()
        }
        return readings(interfaces, self._exclude)


def open_source(settings: Settings, tools: Tools) -> Network:
    """Return the machine's network interfaces."""
    return Network(settings, tools)
