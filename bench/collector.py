"""What the collector costs its host at a 10 s interval: processor time and memory, publishing to a real Kafka.

./wk bench collector [--minutes 5]
"""

import argparse
import shlex
import subprocess
import sys
import time
from pathlib import Path

import psutil
from figures import most, say, say_machine
from rig import engines, service

ROOT = Path(__file__).resolve().parent.parent
UNIT = ROOT / "deploy/systemd/watchkeeper-collector.service"
INSTALL_S = 300
WARM_S = 60.0


def _install(folder: Path) -> str:
    """An environment with nothing but the collector; answers its Python."""
    python = str(folder / "bin/python")
    constraints = ["--constraint", str(ROOT / "requirements.txt")]
    members = [str(ROOT / "libs/common"), str(ROOT / "services/collector")]
    for arguments in (
        ["venv", "--quiet", "--python", sys.executable, str(folder)],
        ["pip", "install", "--quiet", "--compile-bytecode", "--python", python, *constraints, *members],
    ):
        subprocess.run([sys.executable, "-m", "uv", *arguments], check=True, timeout=INSTALL_S)
    return python


def _unit_environment() -> dict[str, str]:
    """What the unit sets for every host, but for what names folders."""
    pairs = [pair for line in UNIT.read_text().splitlines() if line.startswith("Environment=")
             for pair in shlex.split(line.partition("=")[2])]  # fmt: skip
    return {name: value for name, _, value in (pair.partition("=") for pair in pairs) if not name.startswith("WK_")}


def main() -> None:
    """Run it and print the figures."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--minutes", type=float, default=5)
    span_s = arguments.parse_args().minutes * 60
    with engines() as rig:
        environment = {**_unit_environment(), "WK_COLLECTOR_SPOOL_DIR": str(rig.folder / "spool")}
        with service(rig, "collector", environment, _install(rig.folder / "venv")) as collector:
            process = psutil.Process(collector.process.pid)
            time.sleep(WARM_S)
            before, started_s = process.cpu_times(), time.monotonic()
            time.sleep(span_s)
            after, ended_s = process.cpu_times(), time.monotonic()
            memory = process.memory_info().rss
            threads = process.num_threads()
    used_s = (after.user + after.system) - (before.user + before.system)
    say("collector", "share of one core", used_s / (ended_s - started_s) * 100, "%", most(0.15))
    say("collector", "resident memory", memory / 1e6, "MBy", most(45))
    say("collector", "threads", threads, "{thread}")
    say_machine()


if __name__ == "__main__":
    main()
