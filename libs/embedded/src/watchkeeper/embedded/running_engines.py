"""The engines of a data folder that ``wk up`` runs, for the consoles on them."""

from pathlib import Path

from watchkeeper.embedded.process import recall
from watchkeeper.embedded.up.data_folder import DataFolder, read_json


def kafka_servers(data: Path) -> str | None:
    """The bootstrap address of the Kafka that runs on ``data``; ``None`` where none does."""
    folder = DataFolder(data)
    if recall(folder.identity) is None:
        return None
    servers = read_json(folder.state).get("kafka")
    return str(servers) if servers else None
