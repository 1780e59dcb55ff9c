"""What Kafka and PostgreSQL have in common: a folder, a command, a way to tell that they are ready."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, TypeVar

from watchkeeper.embedded.claim import claim
from watchkeeper.embedded.process import PID_FILE, Child, Command

READY_S = 60.0
LOCK = "lock"
"""In an engine's folder: held by who runs it."""
POLL_S = 0.05
LOG_LINES = 5


class EngineError(Exception):
    """An engine could not be prepared or did not start; the message is one line with its last words."""


class Engine(Protocol):
    """An engine in a folder. Calls, in order: ``prepare``, ``command`` (then it is run), ``is_ready``, ``complete``."""

    name: str
    folder: Path

    def prepare(self) -> None:
        """Make its data the first time, mend what a killed run left; raises ``EngineError``."""
        ...

    def command(self) -> Command:
        """How it is run."""
        ...

    def is_ready(self) -> bool:
        """Whether it serves clients; answers within about a second."""
        ...

    def complete(self) -> None:
        """What is done once it serves; may be repeated. Raises ``EngineError``."""
        ...


E = TypeVar("E", bound=Engine)


def log_file(engine: Engine) -> Path:
    """Where its output goes when it is run by ``running``."""
    return engine.folder / f"{engine.name}.log"


def last_lines(log: Path, lines: int = LOG_LINES) -> str:
    """The end of ``log`` as one line."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 4096))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    return " | ".join(line.strip() for line in text.splitlines()[-lines:] if line.strip())


@contextlib.contextmanager
def running(engine: E) -> Iterator[E]:
    """Run ``engine`` for the block; the first time makes its folder.

    Raises ``InUseError`` if another process runs it, ``EngineError`` if it does not get ready within ``READY_S``.
    It ends with the thread that entered the block.
    """
    engine.folder.mkdir(parents=True, exist_ok=True)
    with claim(engine.folder / LOCK):
        engine.prepare()
        child = Child(engine.command(), log_file(engine), engine.folder / PID_FILE)
        try:
            _wait_ready(engine, child)
            engine.complete()
            yield engine
        finally:
            child.stop()


def _wait_ready(engine: Engine, child: Child) -> None:
    deadline_s = time.monotonic() + READY_S
    while not engine.is_ready():
        if child.exit_code() is not None:
            raise EngineError(f"{engine.name} ended ({child.exit_code()}): {last_lines(log_file(engine))}")
        if time.monotonic() > deadline_s:
            raise EngineError(f"{engine.name} is not ready after {READY_S:g} s: {last_lines(log_file(engine))}")
        time.sleep(POLL_S)
