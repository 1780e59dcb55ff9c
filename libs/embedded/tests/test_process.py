"""Children end with us; what a killed run left is ended, and nothing else is."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from watchkeeper.embedded.process import Child, Command, end_leftover, recall, remember, wait_gone

from .waiting import wait_until

SLEEP = (sys.executable, "-c", "import time; time.sleep(600)")
DEAF = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)",
)
STARTER = """
import sys, time
from pathlib import Path
from watchkeeper.embedded.process import Child, Command
child = Child(Command((sys.executable, "-c", "import time; time.sleep(600)")), Path(sys.argv[1]), Path(sys.argv[2]))
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the next start ends what was left")
def test_a_child_ends_when_its_starter_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", STARTER, str(tmp_path / "log"), str(tmp_path / "pid")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        child = psutil.Process(int(starter.stdout.readline()))
        starter.kill()
    assert wait_gone(child, 30)


def test_a_child_that_ignores_its_stop_signal_is_killed(tmp_path: Path) -> None:
    child = Child(Command(DEAF, stop_s=0.2), tmp_path / "log", tmp_path / "pid")
    wait_until(lambda: (tmp_path / "log").read_text() == "deaf\n", "its start")
    assert child.stop() == -signal.SIGKILL
    assert not (tmp_path / "pid").exists()


def test_what_a_killed_run_left_is_ended(tmp_path: Path) -> None:
    with subprocess.Popen(SLEEP) as left:
        remember(tmp_path / "pid", left.pid)
        process = recall(tmp_path / "pid")
        assert process == psutil.Process(left.pid)
        assert end_leftover(tmp_path / "pid", signal.SIGTERM, 10)
        assert left.wait(10) == -signal.SIGTERM


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("not json", id="torn"),
        pytest.param(json.dumps({"pid": 2**22 + 1, "started": 1.0}), id="gone"),
        pytest.param(json.dumps({"pid": os.getpid(), "started": 1.0}), id="its number is another process's now"),
        pytest.param(json.dumps([1]), id="another shape"),
    ],
)
def test_a_pid_file_that_names_no_process_of_ours_ends_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "pid").write_text(text)
    assert not end_leftover(tmp_path / "pid", signal.SIGKILL, 1)
    assert not (tmp_path / "pid").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is only the wall clock's time")
@pytest.mark.parametrize("step_s", [-3600.0, 2.0, 86_400.0])
def test_a_step_of_the_wall_clock_makes_no_process_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step_s: float
) -> None:
    remember(tmp_path / "pid", os.getpid())
    told = psutil.Process().create_time()
    monkeypatch.setattr(psutil.Process, "create_time", lambda _: told + step_s)
    found = recall(tmp_path / "pid")
    assert found is not None
    assert found.pid == os.getpid()


def test_a_process_of_the_same_number_from_before_a_boot_is_another(tmp_path: Path) -> None:
    remember(tmp_path / "pid", os.getpid())
    known = json.loads((tmp_path / "pid").read_text())
    (tmp_path / "pid").write_text(json.dumps({**known, "started": f"another boot{known['started']}"}))
    assert recall(tmp_path / "pid") is None


def test_a_child_that_cannot_be_remembered_does_not_run_on(tmp_path: Path) -> None:
    before = psutil.Process().children()
    (tmp_path / "pid").mkdir()  # so that the pid file cannot be written
    with pytest.raises(IsADirectoryError):
        Child(Command(SLEEP), tmp_path / "log", tmp_path / "pid")
    assert psutil.Process().children() == before


def test_a_program_that_does_not_exist_ends_with_an_error_in_its_log(tmp_path: Path) -> None:
    child = Child(Command(("/nonexistent/program",)), tmp_path / "log", tmp_path / "pid")
    assert child.wait() != 0
    assert "No such file" in (tmp_path / "log").read_text()
