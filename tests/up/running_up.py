"""A ``wk up`` in a process of its own, and what a test asks of it."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from watchkeeper.embedded.process import is_alive, recall
from watchkeeper.embedded.up.data_folder import DataFolder
from watchkeeper.embedded.up.leftovers import processes

READY_S = 150.0
STOP_S = 60.0
WK = [sys.executable, "-m", "watchkeeper.embedded"]


def wait_until(holds: Callable[[], object], what: str, wait_s: float = 30.0) -> None:
    """Return once ``holds`` answers something true; fails the test after ``wait_s`` seconds, naming ``what``."""
    deadline_s = time.monotonic() + wait_s
    while not holds():
        assert time.monotonic() < deadline_s, f"waited {wait_s:g} s for {what}"
        time.sleep(0.1)


def wk(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end."""
    return subprocess.run([*WK, *arguments], capture_output=True, text=True, timeout=READY_S, check=False)


@dataclass
class Up:
    """One data folder on one port; it may run, be killed, and run again."""

    data: Path
    port: int
    told: dict[str, Any] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def ready_file(self) -> Path:
        """Where the answer comes."""
        return self.data.with_suffix(".ready.json")

    @property
    def output(self) -> Path:
        """What it printed."""
        return self.data.with_suffix(".out")

    def arguments(self) -> list[str]:
        """The command line."""
        return ["up", "--data", str(self.data), "--port", str(self.port), "--no-browser"]

    def start(self) -> dict[str, Any]:
        """Start it, wait until it is ready; answers what it told."""
        self.ready_file.unlink(missing_ok=True)  # a killed one leaves its own
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [*WK, *self.arguments(), "--ready-file", str(self.ready_file)], stdout=output, stderr=subprocess.STDOUT
            )
        wait_until(lambda: self.ready_file.exists() or self._running().poll() is not None, "the ready file", READY_S)
        assert self.ready_file.exists(), self.output.read_text()
        self.told = json.loads(self.ready_file.read_text())
        return self.told

    def kill(self) -> None:
        """End it without warning."""
        self._running().kill()
        self._running().wait(10)

    def stop(self) -> int:
        """End it as Ctrl-C does; answers its exit code."""
        self._running().send_signal(signal.SIGINT)
        return self._running().wait(STOP_S)

    def end(self) -> None:
        """Leave nothing behind, whatever the test did."""
        if self.process is not None and self.process.poll() is None:
            self.stop()
        wk("down", "--data", str(self.data))

    def parts(self) -> dict[str, psutil.Process | None]:
        """The process of each part."""
        return processes(DataFolder(self.data))

    def pid(self) -> int | None:
        """The process id by which ``status`` and ``down`` know it."""
        found = recall(DataFolder(self.data).identity)
        return None if found is None else found.pid

    def get(self, path: str, key: str = "read_key") -> Any:
        """The JSON answer of the api at ``path``; raises what urllib raises."""
        request = urllib.request.Request(self.told["url"] + path, headers={"Authorization": f"Bearer {self.told[key]}"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=10) as response:
            return json.load(response)

    def _running(self) -> "subprocess.Popen[bytes]":
        assert self.process is not None
        return self.process


def alive(processes_: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still run."""
    return [each for each in processes_ if is_alive(each)]


def is_root() -> bool:
    """Whether we may mount."""
    return os.geteuid() == 0
