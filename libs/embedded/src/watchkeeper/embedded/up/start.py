"""``wk up`` itself: everything started in order, told when ready, kept running, and stopped."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from watchkeeper.embedded import jars, pages
from watchkeeper.embedded.claim import InUseError, claim
from watchkeeper.embedded.engine import Engine, EngineError
from watchkeeper.embedded.kafka import Kafka
from watchkeeper.embedded.ports import is_free, kept_port
from watchkeeper.embedded.postgres import Postgres
from watchkeeper.embedded.process import PID_FILE, Command, end_leftover, remember
from watchkeeper.embedded.up import api_client, plan
from watchkeeper.embedded.up.data_folder import (
    FREE_TO_GO_ON,
    FREE_TO_START,
    CannotStartError,
    DataFolder,
    check_free,
    write_private,
)
from watchkeeper.embedded.up.database import bring_up_to_date
from watchkeeper.embedded.up.first_access import FirstAccess
from watchkeeper.embedded.up.logs import rotate
from watchkeeper.embedded.up.part import Part
from watchkeeper.embedded.up.supervisor import Supervisor

TICK_S = 0.1
HOUSEKEEPING_S = 5.0
METRICS_S = 0.5
PATIENCE_S = 15.0
ENGINES = ("kafka", "postgres")

Say = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """What ``wk up`` was asked for."""

    data: Path
    port: int
    ready_file: Path | None = None


def up(options: Options, say: Say, announce: Callable[[dict[str, str | None], DataFolder], None]) -> None:
    """Run everything until SIGINT, SIGTERM or SIGHUP.

    ``announce`` is called once, when real metrics come out of the api, with what the ready file holds. Raises
    ``CannotStartError`` with one line where it cannot start or go on; then nothing is left running either.
    """
    folder = DataFolder(options.data)
    folder.check()
    try:
        with claim(folder.lock):
            folder.open()
            _Run(options, folder, say, announce).run()
    except InUseError as error:
        raise CannotStartError(f"the data folder {folder.root} is in use by another `wk up`") from error
    except (EngineError, pages.PagesError) as error:
        raise CannotStartError(str(error)) from error


class _Run:
    """One run of ``up``, in a folder that is ours."""

    def __init__(
        self,
        options: Options,
        folder: DataFolder,
        say: Say,
        announce: Callable[[dict[str, str | None], DataFolder], None],
    ) -> None:
        self._options, self._folder, self._say, self._announce = options, folder, say, announce
        self._began = datetime.now(UTC)
        self._began_s = time.monotonic()
        self._stopping = threading.Event()
        self._kafka = Kafka(folder.kafka)
        self._postgres = Postgres(folder.postgres)
        self._supervisor: Supervisor | None = None
        self._told = False
        self._next_housekeeping_s = self._next_metrics_s = 0.0
        self._next_patience_s = self._began_s + PATIENCE_S

    def run(self) -> None:
        """Start, go on, stop."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        remember(self._folder.identity, os.getpid())
        try:
            self._prepare()
            self._go_on()
        except KeyboardInterrupt:
            self._say("stopped before everything was started")
        finally:
            self._stop()
            for file in (self._folder.identity, self._folder.state, self._options.ready_file):
                if file is not None:
                    file.unlink(missing_ok=True)

    def _prepare(self) -> None:
        """End what a killed run left; check what must hold; fetch and make what is missing; plan the processes."""
        options, folder = self._options, self._folder
        if options.ready_file is not None:
            options.ready_file.unlink(missing_ok=True)
        self._end_leftovers()
        if not is_free(options.port):
            raise CannotStartError(f"port {options.port} is taken by another program; `--port N` takes another")
        check_free(folder.free_bytes(), FREE_TO_START, folder.root)
        built = pages.build(self._say)
        if not jars.are_there():
            self._say("fetching Kafka (45 MB, once)")
        jars.classpath()
        self._prepare_engines()
        health = {name: kept_port(folder.run / f"{name}.port") for name in plan.SERVICES}
        self._addresses = plan.Addresses(self._kafka.servers, self._postgres.url, options.port, health)
        write_private(plan.collector_configuration(folder), plan.collector_toml(self._addresses))
        commands = plan.commands(folder, self._addresses, built, os.environ)
        self._access = FirstAccess(folder, commands["api"])
        self._supervisor = Supervisor([*self._engine_parts(), *self._service_parts(commands)], self._say)
        self._write_state(ready=False)

    def _end_leftovers(self) -> None:
        files = [self._folder.pid_file(name) for name in plan.SERVICES]
        engines = [self._folder.kafka / PID_FILE, self._folder.postgres / PID_FILE]
        left = [end_leftover(file, signal.SIGTERM, plan.DRAIN_S) for file in files]
        left += [
            end_leftover(file, number, 20.0)
            for file, number in zip(engines, (signal.SIGTERM, signal.SIGINT), strict=True)
        ]
        if any(left):
            self._say(f"ended {sum(left)} processes that an earlier run had left")

    def _prepare_engines(self) -> None:
        with ThreadPoolExecutor(2) as threads:
            for done in [threads.submit(engine.prepare) for engine in (self._kafka, self._postgres)]:
                done.result()

    def _engine_parts(self) -> list[Part]:
        def start(engine: Engine) -> Command:
            engine.prepare()
            return engine.command()

        def ready() -> None:
            self._postgres.complete()
            bring_up_to_date(self._postgres.url)
            if not self._access.is_known:
                self._access.ask()

        kafka, postgres = self._kafka, self._postgres
        log = self._folder.log
        return [
            Part("kafka", partial(start, kafka), kafka.is_ready, log("kafka"), kafka.folder / PID_FILE),
            Part(
                "postgres", partial(start, postgres), postgres.is_ready, log("postgres"), postgres.folder / PID_FILE,
                on_ready=ready,
            ),
        ]  # fmt: skip

    def _service_parts(self, commands: dict[str, Command]) -> list[Part]:
        def made(name: str) -> Part:
            ready = partial(api_client.is_ready, self._addresses.health[name])
            log, pid_file = self._folder.log(name), self._folder.pid_file(name)
            return Part(name, lambda: commands[name], ready, log, pid_file, needs=ENGINES)

        return [made(name) for name in commands]

    def _go_on(self) -> None:
        supervisor = self._supervisor
        if supervisor is None:
            return
        while not self._stopping.wait(TICK_S):
            supervisor.tick()
            now_s = time.monotonic()
            if now_s >= self._next_housekeeping_s:
                self._next_housekeeping_s = now_s + HOUSEKEEPING_S
                self._keep_house()
            if not self._told:
                self._tell_if_ready(supervisor, now_s)

    def _keep_house(self) -> None:
        for name in (*ENGINES, *plan.SERVICES):
            rotate(self._folder.log(name))
        check_free(self._folder.free_bytes(), FREE_TO_GO_ON, self._folder.root)

    def _tell_if_ready(self, supervisor: Supervisor, now_s: float) -> None:
        if now_s >= self._next_patience_s:
            self._next_patience_s = now_s + PATIENCE_S
            self._say(f"still waiting for {', '.join(supervisor.awaited()) or 'the first metrics'}")
        if not supervisor.are_running() or now_s < self._next_metrics_s or self._access.is_asking():
            return
        self._next_metrics_s = now_s + METRICS_S
        if self._access.error:
            raise CannotStartError(f"the first administrator could not be made: {self._access.error}")
        answer = self._access.answer
        if answer is None:
            self._access.ask()
        elif self._metrics_flow(answer):
            self._tell(answer)

    def _metrics_flow(self, answer: dict[str, str | None]) -> bool:
        key = answer["read_key"]
        if key is None:  # users, but no key of ours: the api's own word must do
            return api_client.ask(self._options.port, "GET", "/api/system/health").status == 200
        current = api_client.current(self._options.port, key)
        if current.status == 401:  # the keys are of a database that is gone, or were revoked
            self._access.ask()
            return False
        return current.status == 200 and api_client.metrics_flow(current.body, self._began)

    def _tell(self, answer: dict[str, str | None]) -> None:
        user, password = answer["user"], answer["password"]
        known = user is not None and password is not None
        if (
            known
            and not self._access.fresh
            and not api_client.is_one_time_password(self._options.port, str(user), str(password))
        ):
            password = None  # it has been changed, and is its owner's secret
        told = {"url": self._addresses.url, **answer, "password": password}
        if self._options.ready_file is not None:
            write_private(self._options.ready_file, json.dumps(told) + "\n")
        self._write_state(ready=True)
        self._told = True
        self._say(f"ready after {time.monotonic() - self._began_s:.1f} s")
        self._announce(told, self._folder)

    def _write_state(self, *, ready: bool) -> None:
        state: dict[str, Any] = {
            "pid": os.getpid(),
            "url": self._addresses.url,
            "port": self._addresses.port,
            "since": self._began.isoformat(),
            "ready": ready,
            "health": dict(self._addresses.health),
            "kafka": self._addresses.kafka,
        }
        write_private(self._folder.state, json.dumps(state) + "\n")

    def _stop(self) -> None:
        if self._supervisor is not None:
            self._say("stopping")
            self._supervisor.stop(ENGINES)
            self._say("stopped")

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if self._supervisor is None:
            raise KeyboardInterrupt
        if self._stopping.is_set():
            self._supervisor.kill()
        self._stopping.set()
