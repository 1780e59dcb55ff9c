"""Child processes that end with us, and the ones that an earlier run left behind."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from watchkeeper.embedded import leash

KILL_S = 5.0
POLL_S = 0.05
PID_FILE = "process.json"
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Account:
    """A system user to run as."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Command:
    """What to run: the program by its full path, its environment, and how it is asked to end."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_s: float = 10.0
    folder: Path | None = None

    def leashed(self) -> list[str]:
        """The arguments of the program that becomes this one and ends with us (see ``leash``)."""
        uid, gid = (self.account.uid, self.account.gid) if self.account else (-1, -1)
        script = str(Path(leash.__file__))
        numbers = [os.getpid(), int(self.stop_signal), uid, gid]
        return [sys.executable, "-I", "-S", script, *map(str, numbers), *self.arguments]


class Child:
    """A running process. Start it from a thread that lives as long as it is needed: its leash is that thread's end.

    ``pid_file`` remembers who it is, so that a later run can end it should we be killed.
    """

    def __init__(self, command: Command, log: Path, pid_file: Path) -> None:
        """Start it, with its output appended to ``log``; raises ``OSError`` where that is not possible."""
        self._command = command
        self._pid_file = pid_file
        with log.open("ab") as output:
            self._popen = subprocess.Popen(
                command.leashed(),
                env=dict(command.environment),
                cwd=command.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.pid = self._popen.pid
        try:
            remember(pid_file, self.pid)
        except BaseException:  # nobody would know of it, and the next try would start another beside it
            self.kill()
            self._popen.wait(KILL_S)
            raise

    def exit_code(self) -> int | None:
        """Its exit code (minus the signal that ended it), or ``None`` while it runs."""
        return self._popen.poll()

    def ask_to_stop(self) -> None:
        """Send its stop signal."""
        if self._popen.poll() is None:
            self._popen.send_signal(self._command.stop_signal)

    def wait(self) -> int:
        """Wait for its end, ``stop_s`` seconds at most; then it is killed. Answers the exit code."""
        try:
            code = self._popen.wait(self._command.stop_s)
        except subprocess.TimeoutExpired:
            self.kill()
            code = self._popen.wait(KILL_S)
        self._pid_file.unlink(missing_ok=True)
        return code

    def kill(self) -> None:
        """End it and its process group at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def stop(self) -> int:
        """Ask, wait, at last kill; answers the exit code."""
        self.ask_to_stop()
        return self.wait()


def remember(pid_file: Path, pid: int) -> None:
    """Write who ``pid`` is: its number and when it started, which together no other process has."""
    with contextlib.suppress(psutil.NoSuchProcess):
        pid_file.write_text(json.dumps({"pid": pid, "started": started(psutil.Process(pid))}))


def started(process: psutil.Process) -> str:
    """When ``process`` started, by a clock that nobody sets; raises ``psutil.NoSuchProcess``.

    On Linux, which boot it was and the ticks since then (field 22 in proc_pid_stat(5)): psutil's own start time is
    counted from the wall clock, so it moves when that is set. Elsewhere psutil's start time, to the second.
    """
    if sys.platform != "linux":
        return f"{process.create_time():.0f}"
    try:
        status = Path(f"/proc/{process.pid}/stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError) as error:
        raise psutil.NoSuchProcess(process.pid) from error
    ticks = status.rpartition(")")[2].split()[19]  # a program's name, in parentheses, may hold anything
    return f"{BOOT_ID.read_text().strip()} {ticks}"


def recall(pid_file: Path) -> psutil.Process | None:
    """The process that ``pid_file`` tells of, if that very one still runs."""
    try:
        known = json.loads(pid_file.read_text())
        process = psutil.Process(known["pid"])
        return process if started(process) == known["started"] and is_alive(process) else None
    except (FileNotFoundError, ValueError, KeyError, TypeError, psutil.Error):
        return None


def end_leftover(pid_file: Path, stop_signal: signal.Signals, stop_s: float) -> bool:
    """End the process that a killed run left behind, if there is one; answers whether there was."""
    process = recall(pid_file)
    if process is not None:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(stop_signal)
            if not wait_gone(process, stop_s):
                process.kill()
                wait_gone(process, KILL_S)
    pid_file.unlink(missing_ok=True)
    return process is not None


def wait_gone(process: psutil.Process, wait_s: float) -> bool:
    """Wait for the end of a process that need not be our child; answers whether it ended within ``wait_s`` seconds.

    One that has ended counts as gone even if its own parent does not ask for its exit code, as in a container whose
    first process does not.
    """
    deadline_s = time.monotonic() + wait_s
    while is_alive(process):
        if time.monotonic() > deadline_s:
            return False
        time.sleep(POLL_S)
    return True


def is_alive(process: psutil.Process) -> bool:
    """Whether that very process still runs."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
