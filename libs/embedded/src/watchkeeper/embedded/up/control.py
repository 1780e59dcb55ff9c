"""``wk status`` and ``wk down``: what runs on a data folder, and its end."""

import signal
import time
from pathlib import Path

import psutil

from watchkeeper.embedded.claim import InUseError, claim
from watchkeeper.embedded.process import recall, wait_gone
from watchkeeper.embedded.up import api_client
from watchkeeper.embedded.up.data_folder import DataFolder, read_json
from watchkeeper.embedded.up.leftovers import end_leftovers, processes

STOP_S = 60.0


def status(data: Path) -> int:
    """Print what runs on ``data``; answers 0 if `wk up` runs there and all its parts do, else 1."""
    folder = DataFolder(data)
    runner, parts = recall(folder.identity), processes(folder)
    if runner is None:
        left = [name for name, process in parts.items() if process is not None]
        print(f"not running ({folder.root})" + (f"; left by a killed run: {', '.join(left)}" if left else ""))
        return 1
    state = read_json(folder.state)
    print(f"{'ready' if state.get('ready') else 'starting'}  {state.get('url', '')}  data {folder.root}")
    for name, process in {"up": runner, **parts}.items():
        print(f"  {name:<10} {_line(process)}")
    if state.get("port"):
        health = api_client.ask(int(state["port"]), "GET", "/api/system/health")
        print(f"  health     {health.body.get('status') or 'the api does not answer'}")
    return 0 if all(process is not None for process in parts.values()) else 1


def down(data: Path) -> int:
    """Stop the `wk up` that runs on ``data``, or what a killed one left; answers 0 when nothing runs any more."""
    folder = DataFolder(data)
    runner = recall(folder.identity)
    if runner is None:
        return _end_leftovers(folder)
    runner.send_signal(signal.SIGTERM)
    if not wait_gone(runner, STOP_S):
        print(f"wk up (pid {runner.pid}) has not ended within {STOP_S:g} s")
        return 1
    print("stopped")
    return 0


def _end_leftovers(folder: DataFolder) -> int:
    """End what a killed run left, while no ``up`` can begin there; a folder that is in use is left alone."""
    if not folder.is_made():  # nothing ever ran here, and nothing is to be made here
        print(f"not running ({folder.root})")
        return 0
    try:
        with claim(folder.lock), folder.engines_claimed():
            ended = end_leftovers(folder)
    except InUseError:
        print(f"{folder.root} is in use, but by no `wk up` that can be found")
        return 1
    print(f"ended {ended} processes that a killed run had left" if ended else f"not running ({folder.root})")
    return 0


def _line(process: psutil.Process | None) -> str:
    if process is None:
        return "not running"
    try:
        age_s = int(time.time() - process.create_time())
        memory = process.memory_info().rss // (1024 * 1024)
    except psutil.NoSuchProcess:
        return "not running"
    return f"pid {process.pid:<8} up {age_s // 3600}:{age_s // 60 % 60:02}:{age_s % 60:02}  {memory} MiB"
