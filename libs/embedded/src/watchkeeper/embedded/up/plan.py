"""Which processes ``up`` runs, with what environment. Pure but for the names of paths."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from watchkeeper.embedded.ports import LOOPBACK
from watchkeeper.embedded.process import Command
from watchkeeper.embedded.up.data_folder import DataFolder

DRAIN_S = 8.0  # a service hands over within 5 s, then ends by itself
SPOOL_BYTES = 256 * 1024 * 1024
ENGINES = ("kafka", "postgres")
SERVICES = ("recorder", "api", "collector")
"""Every service; a new one is a name here, what it needs, and its own environment below."""
NEEDS = {"recorder": ("postgres",), "api": ("postgres",), "collector": ("kafka", "api")}
"""What runs before a service starts the first time. Recorder and api wait for Kafka themselves; the collector's first
look is at the api and at Kafka, and what does not answer it counts as an outage."""
STOPPING = (("collector",), ("recorder", "api"), ENGINES)
"""Who stops together, one group after the other: the collector first, so that it sees none of the others end."""


@dataclass(frozen=True)
class Addresses:
    """Where everything listens."""

    kafka: str
    database: str
    port: int
    health: Mapping[str, int]

    @property
    def url(self) -> str:
        """The page's address."""
        return f"http://{LOOPBACK}:{self.port}"


def commands(
    folder: DataFolder, addresses: Addresses, pages: Path | None, inherited: Mapping[str, str]
) -> dict[str, Command]:
    """Each service's command; ``pages`` is the built UI, ``inherited`` our own environment."""
    own = own_environment(folder, addresses, pages)
    shared = without_ours(inherited) | {
        "WK_KAFKA_SERVERS": addresses.kafka,
        "WK_DATABASE_URL": addresses.database,
        "WK_LOG_FORMAT": "json",
        "WK_HEALTH_HOST": LOOPBACK,
        "PYTHONUNBUFFERED": "1",
    }
    return {
        name: Command(
            (sys.executable, "-m", f"watchkeeper.{name}"),
            environment=shared | {"WK_HEALTH_PORT": str(addresses.health[name])} | own.get(name, {}),
            stop_s=DRAIN_S,
        )
        for name in SERVICES
    }


def own_environment(folder: DataFolder, addresses: Addresses, pages: Path | None) -> dict[str, dict[str, str]]:
    """What each service has beyond what all have."""
    api = {
        "WK_API_HOST": LOOPBACK,
        "WK_API_PORT": str(addresses.port),
        "WK_API_DATA_DIR": str(folder.root),
        "WK_API_SECURE_COOKIES": "false",  # plain HTTP on loopback
        "WK_API_SERVICES": json.dumps(
            {name: f"http://{LOOPBACK}:{port}" for name, port in addresses.health.items() if name != "api"}
        ),
    }
    if pages is not None:
        api["WK_API_UI_DIR"] = str(pages)
    return {
        "api": api,
        "recorder": {"WK_RECORDER_INSTANCE": "up"},  # there is one: after a crash it goes on at once
        "collector": {
            "WK_COLLECTOR_CONFIG": str(collector_configuration(folder)),
            "WK_COLLECTOR_SPOOL_DIR": str(folder.spool),
            "WK_COLLECTOR_SPOOL_BYTES_MAX": str(SPOOL_BYTES),
        },
    }


def without_ours(environment: Mapping[str, str]) -> dict[str, str]:
    """``environment`` without Watchkeeper's own variables, but for the level of the logs: ``up`` decides the rest."""
    return {name: value for name, value in environment.items() if name == "WK_LOG_LEVEL" or not name.startswith("WK_")}


def collector_configuration(folder: DataFolder) -> Path:
    """Where the collector's configuration file stands."""
    return folder.run / "collector.toml"


def collector_toml(addresses: Addresses) -> str:
    """What the collector watches besides its host: Watchkeeper's own services and engines."""
    kafka_host, kafka_port = addresses.kafka.rsplit(":", 1)
    blocks = [
        "# Written by `wk up` at every start.",
        '[identity]\nenvironment = "local"\nrole = "watchkeeper"',
        f"[defaults]\ninterval_s = {INTERVAL_S}\njitter_s = 0",
        _block("http_probe", name="api", url=f"{addresses.url}/api/system/health"),
        _block("tcp_probe", name="kafka", host=kafka_host, port=int(kafka_port)),
        _block("postgresql", name="store", url=addresses.database),
        *(
            _block("prometheus", name=name, url=f"http://{LOOPBACK}:{port}/metrics")
            for name, port in addresses.health.items()
        ),
    ]
    return "\n\n".join(blocks) + "\n"


INTERVAL_S = 5
"""Half the collector's default: the first look shows a moving chart."""


def _block(kind: str, **values: str | int) -> str:
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    return "\n".join([f"[[sources.{kind}]]", *lines])
