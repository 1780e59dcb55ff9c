"""``wk down`` where no ``wk up`` can be found."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from watchkeeper.embedded.claim import claim
from watchkeeper.embedded.engine import LOCK
from watchkeeper.embedded.process import PID_FILE, recall, remember
from watchkeeper.embedded.up.control import down
from watchkeeper.embedded.up.data_folder import DataFolder

SLEEP = (sys.executable, "-c", "import time; time.sleep(600)")


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    made = DataFolder(tmp_path)
    made.open()
    made.lock.touch()
    return made


def test_a_folder_in_use_is_left_alone_though_its_up_is_not_found(
    folder: DataFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else it would end the services of an ``up`` that lives, and that starts them again."""
    with subprocess.Popen(SLEEP) as service:
        remember(folder.pid_file("api"), service.pid)
        with claim(folder.lock):
            assert down(folder.root) == 1
        assert capsys.readouterr().out == f"{folder.root} is in use, but by no `wk up` that can be found\n"
        assert recall(folder.pid_file("api")) is not None
        assert down(folder.root) == 0
        assert service.wait(10) == -signal.SIGTERM
    assert capsys.readouterr().out == "ended 1 processes that a killed run had left\n"


def test_an_engine_that_another_program_runs_is_left_alone(
    folder: DataFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    with subprocess.Popen(SLEEP) as engine, claim(folder.postgres / LOCK):
        remember(folder.postgres / PID_FILE, engine.pid)
        assert down(folder.root) == 1
        assert "is in use" in capsys.readouterr().out
        assert recall(folder.postgres / PID_FILE) is not None
        engine.kill()


def test_a_folder_where_nothing_ever_ran_is_not_touched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        assert down(folder) == 0
        assert capsys.readouterr().out == f"not running ({folder})\n"
    assert not list(tmp_path.iterdir())
