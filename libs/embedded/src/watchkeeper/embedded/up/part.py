"""One supervised process: an engine or a service."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from watchkeeper.embedded.process import Child, Command
from watchkeeper.embedded.up.restarts import Restarts


class Phase(StrEnum):
    """Where a part stands."""

    WAITING = "waiting"  # for what it needs, or for the pause after its end
    STARTING = "starting"
    RUNNING = "running"


def _nothing() -> None:
    return


@dataclass
class Part:
    """What is run, how it is known to be ready, and how it stands.

    ``command`` is called before each start, and may mend what the last run left. ``needs`` names the parts that must
    be running before it is started the first time. ``on_ready`` is called each time that it has become ready.
    """

    name: str
    command: Callable[[], Command]
    is_ready: Callable[[], bool]
    log: Path
    pid_file: Path
    needs: tuple[str, ...] = ()
    on_ready: Callable[[], None] = _nothing

    phase: Phase = Phase.WAITING
    child: Child | None = None
    start_at_s: float = 0.0
    started_s: float = 0.0
    was_ready: bool = False
    trouble: str = ""
    restarts: Restarts = field(default_factory=Restarts)
