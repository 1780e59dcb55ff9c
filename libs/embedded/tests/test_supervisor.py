"""The supervisor's turns, over small real processes."""

import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from watchkeeper.embedded.process import Command
from watchkeeper.embedded.up.data_folder import CannotStartError
from watchkeeper.embedded.up.part import Part, Phase
from watchkeeper.embedded.up.supervisor import TRIES, Supervisor

from .waiting import wait_until

SLEEP = "import time; time.sleep(600)"
DEAF = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
FAIL = "import sys; sys.exit('cannot work here')"
NOTES = """
import signal, sys, time
def end(*_):
    open("{file}", "a").write("{name} ")
    sys.exit()
signal.signal(15, end)
print("up", flush=True)
time.sleep(600)
"""

MakePart = Callable[..., Part]


@pytest.fixture
def made(tmp_path: Path) -> MakePart:
    """Make a part that runs some Python and is ready at once."""

    def make(name: str, code: str, needs: tuple[str, ...] = (), *, ready: bool = True) -> Part:
        command = Command((sys.executable, "-c", code))
        return Part(name, lambda: command, lambda: ready, tmp_path / f"{name}.log", tmp_path / f"{name}.json", needs)

    return make


@pytest.fixture
def said() -> list[str]:
    """What the supervisor told."""
    return []


@pytest.fixture
def supervise(said: list[str]) -> Iterator[Callable[..., Supervisor]]:
    """Make a supervisor that is stopped when the test ends."""
    made: list[Supervisor] = []

    def make(*parts: Part) -> Supervisor:
        made.append(Supervisor(parts, said.append))
        return made[-1]

    yield make
    for supervisor in made:
        supervisor.kill()
        supervisor.stop()


def turn(supervisor: Supervisor, holds: Callable[[], object], what: str) -> None:
    """Turn until ``holds``."""

    def once() -> object:
        supervisor.tick()
        return holds()

    wait_until(once, what)


def test_a_part_waits_for_what_it_needs(made: MakePart, supervise: Callable[..., Supervisor]) -> None:
    engine, service = made("engine", SLEEP, ready=False), made("service", SLEEP, ("engine",))
    supervisor = supervise(service, engine)
    for _ in range(3):
        supervisor.tick()
    assert (engine.phase, service.phase) == (Phase.STARTING, Phase.WAITING)
    assert supervisor.awaited() == ["service", "engine"]
    engine.is_ready = lambda: True
    turn(supervisor, supervisor.are_running, "both")


def test_parts_stop_group_by_group(made: MakePart, supervise: Callable[..., Supervisor], tmp_path: Path) -> None:
    parts = [made(name, NOTES.format(file=tmp_path / "ends", name=name)) for name in ("engine", "collector", "api")]
    supervisor = supervise(*parts)
    turn(supervisor, lambda: all(part.log.exists() and "up" in part.log.read_text() for part in parts), "their start")
    supervisor.stop([("collector", "absent"), ("api",)])
    assert (tmp_path / "ends").read_text().split() == ["collector", "api", "engine"]


def test_a_part_that_ends_is_started_again_though_what_it_needs_is_away(
    made: MakePart, supervise: Callable[..., Supervisor], said: list[str]
) -> None:
    engine, service = made("engine", SLEEP), made("service", SLEEP, ("engine",))
    supervisor = supervise(engine, service)
    turn(supervisor, supervisor.are_running, "both")
    assert engine.child is not None
    assert service.child is not None
    before = service.child.pid
    engine.is_ready = lambda: False
    engine.child.kill()
    service.child.kill()
    turn(supervisor, lambda: service.phase is Phase.RUNNING and service.child and service.child.pid != before, "again")
    assert "service was killed by signal 9; starts again in 0.5 s" in said
    assert any(line.startswith("service is back after") for line in said)


def test_a_part_that_never_gets_ready_ends_the_start_with_its_last_words(
    made: MakePart, supervise: Callable[..., Supervisor], said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watchkeeper.embedded.up.restarts.FIRST_S", 0.01)
    supervisor = supervise(made("service", FAIL, ready=False))
    with pytest.raises(CannotStartError, match=r"^service does not start: ended with code 1 \(cannot work here\)$"):
        turn(supervisor, lambda: False, "the end of the start")
    assert len(said) == TRIES - 1


def test_what_ignores_its_signal_is_killed_when_a_stop_must_not_wait(
    made: MakePart, supervise: Callable[..., Supervisor]
) -> None:
    part = made("deaf", DEAF)
    supervisor = supervise(part)
    turn(supervisor, lambda: part.log.exists() and part.log.read_text() == "deaf\n", "its start")
    child = part.child
    assert child is not None
    supervisor.kill()
    supervisor.stop()
    assert child.exit_code() == -signal.SIGKILL
    assert part.phase is Phase.WAITING
