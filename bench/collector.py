"""What the collector costs its host at a 10 s interval: processor time and memory, publishing to a real Kafka.

./wk bench collector [--minutes 5]
"""

import argparse
import time

import psutil
from figures import most, say, say_machine
from rig import engines, service

WARM_S = 35.0


def main() -> None:
    """Run it and print the figures."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--minutes", type=float, default=5)
    span_s = arguments.parse_args().minutes * 60
    with engines() as rig:
        spool = rig.folder / "spool"
        with service(rig, "collector", {"WK_COLLECTOR_SPOOL_DIR": str(spool)}) as collector:
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
