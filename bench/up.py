"""How long `./wk up` takes until everything is ready and real metrics come out of the api, once installed.

./wk bench up
"""

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from figures import most, say, say_machine
from rig import wait_until

from watchkeeper.embedded.ports import free_port

ROOT = Path(__file__).resolve().parent.parent
READY_S = 180.0
STOP_S = 30.0


def _start_and_stop(data: Path) -> tuple[float, float]:
    """Seconds until ready, and seconds from Ctrl-C to the end."""
    ready = data.parent / "ready.json"
    ready.unlink(missing_ok=True)
    options = ["--data", str(data), "--port", str(free_port()), "--no-browser", "--ready-file", str(ready)]
    started_s = time.monotonic()
    process = subprocess.Popen(
        [str(ROOT / "wk"), "up", *options],
        env=os.environ | {"WK_LOG_LEVEL": "warning"},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_until(ready.exists, READY_S, lambda: f"not ready after {READY_S:g} s", pause_s=0.05)
        ready_s = time.monotonic() - started_s
        started_s = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.wait(STOP_S)
        return ready_s, time.monotonic() - started_s
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()


def main() -> None:
    """Run it and print the figures."""
    with tempfile.TemporaryDirectory(prefix="watchkeeper-bench-") as name:
        Path(name).chmod(0o755)
        data = Path(name) / "data"
        for run in ("first start on a new data folder", "second start on the same data"):
            ready_s, stop_s = _start_and_stop(data)
            say("up", f"{run}: ready", ready_s, "s", most(15))
            say("up", f"{run}: from Ctrl-C to the end", stop_s, "s")
    say_machine()


if __name__ == "__main__":
    main()
