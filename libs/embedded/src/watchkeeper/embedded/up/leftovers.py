"""The processes of a data folder: who they are, and the end of those that a killed run left behind."""

import signal

import psutil

from watchkeeper.embedded import kafka, postgres
from watchkeeper.embedded.process import PID_FILE, end_leftover, recall
from watchkeeper.embedded.up import plan
from watchkeeper.embedded.up.data_folder import DataFolder


def processes(folder: DataFolder) -> dict[str, psutil.Process | None]:
    """The process of each engine and service, ``None`` where it does not run."""
    engines = {"kafka": recall(folder.kafka / PID_FILE), "postgres": recall(folder.postgres / PID_FILE)}
    return engines | {name: recall(folder.pid_file(name)) for name in plan.SERVICES}


def end_leftovers(folder: DataFolder) -> int:
    """End what a killed run left, services before engines; answers how many. Only while no ``up`` runs there."""
    ended = [end_leftover(folder.pid_file(name), signal.SIGTERM, plan.DRAIN_S) for name in plan.SERVICES]
    ended.append(end_leftover(folder.kafka / PID_FILE, kafka.STOP_SIGNAL, kafka.STOP_S))
    ended.append(end_leftover(folder.postgres / PID_FILE, postgres.STOP_SIGNAL, postgres.STOP_S))
    return sum(ended)
