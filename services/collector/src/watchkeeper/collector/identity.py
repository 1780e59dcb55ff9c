"""Who this host is: the resource that every batch carries."""

import contextlib
import os
import socket
import uuid
from collections.abc import Callable
from pathlib import Path

from watchkeeper.collector.configuration import Identity
from watchkeeper.collector.settings import CollectorSettings
from watchkeeper.common.events import Resource
from watchkeeper.common.ids import derived_id
from watchkeeper.common.settings import SettingsError

MACHINE_ID = Path("/etc/machine-id")
DRAWN_ID = "host-id"


def resource(settings: CollectorSettings, identity: Identity, host_id: Callable[[], str]) -> Resource:
    """Return the host as its batches name it: the environment wins over the file, ``host_id`` is asked last."""
    return Resource(
        id=settings.host_id or identity.host_id or host_id(),
        kind="host",
        name=settings.host_name or identity.host_name or socket.gethostname(),
        environment=settings.environment or identity.environment,
        role=settings.role or identity.role,
        organisation=settings.organisation or identity.organisation,
        labels=identity.labels,
    )


def find_host_id(folder: Path, machine_id: Path = MACHINE_ID) -> str:
    """Return an id that stays: derived from the machine's, or else drawn once and kept in ``folder``.

    The machine's id itself is not shown, as machine-id(5) asks. Raises ``SettingsError`` where none can be kept.
    """
    with contextlib.suppress(OSError):
        text = machine_id.read_text(encoding="ascii", errors="replace").strip()
        if len(text) == 32 and not text.strip("0123456789abcdef"):
            return derived_id("host", text)
    kept = folder / DRAWN_ID
    try:
        return _kept_or_drawn(kept)
    except OSError as error:
        raise SettingsError(f"no host id: {machine_id} has none, and {kept}: {error.strerror or error}") from error


def _kept_or_drawn(kept: Path) -> str:
    with contextlib.suppress(FileNotFoundError):
        found = kept.read_text(encoding="ascii", errors="replace").strip()
        if found:
            return found
    kept.parent.mkdir(parents=True, exist_ok=True)
    drawn = str(uuid.uuid4())
    fresh = kept.with_suffix(".new")
    with fresh.open("w", encoding="ascii") as file:
        file.write(drawn + "\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(kept)
    return drawn
