"""Every kind of source. To add one: a module in this folder with ``Settings`` and ``open_source``, and a line here."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol, cast

from watchkeeper.collector.source import Source, SourceSettings, Tools


class SourceModule(Protocol):
    """What a source's module offers."""

    Settings: type[SourceSettings]

    def open_source(self, settings: Any, tools: Tools) -> Source[Any]:
        """Return the source that ``settings`` describe. Raises where the host lacks what it needs."""


@dataclass(frozen=True)
class SourceKind:
    """``on``: read without being asked. ``many``: its blocks are an array, each with a name."""

    on: bool = False
    many: bool = False


HOST = SourceKind(on=True)
NAMED = SourceKind(many=True)

SOURCES: dict[str, SourceKind] = {
    "cgroup": HOST,
    "connections": HOST,
    "cpu": HOST,
    "disk": HOST,
    "filesystem": HOST,
    "load": HOST,
    "memory": HOST,
    "network": HOST,
    "paging": HOST,
    "processes": HOST,
    "temperature": HOST,
    "uptime": HOST,
    "http_probe": NAMED,
    "postgresql": NAMED,
    "prometheus": NAMED,
    "smtp_probe": NAMED,
    "tcp_probe": NAMED,
}


def source_module(kind: str) -> SourceModule:
    """Import the module of ``kind`` (a key of ``SOURCES``), so that a source nobody asked for costs no memory."""
    return cast("SourceModule", import_module(f"watchkeeper.collector.sources.{kind}"))
