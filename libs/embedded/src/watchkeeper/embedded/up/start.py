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

from watchkeeper.embedded import jars, kafka_archive, pages
from watchkeeper.embedded.claim import InUseError, claim
from watchkeeper.embedded.engine import Engine, EngineError
from watchkeeper.embedded.kafka import Kafka
from watchkeeper.embedded.ports import is_free, kept_port
from watchkeeper.embedded.postgres import Postgres
from watchkeeper.embedded.process import PID_FILE, Command, remember
from watchkeeper.embedded.up import api_client, plan
from watchkeeper.embedded.up.arrival import Arrival, Told
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
from watchkeeper.embedded.up.leftovers import end_leftovers
from watchkeeper.embedded.up.logs import rotate
from watchkeeper.embedded.up.part import Part
from watchkeeper.embedded.up.supervisor import Supervisor

TICK_S = 0.1
HOUSEKEEPING_S = 5.0
PATIENCE_S = 15.0

Say = Callable[[str], None]
Announce = Callable[[Told, DataFolder], None]


@dataclass(frozen=True)
class Options:
    """What ``wk up`` was asked for."""

    data: Path
    port: int
    ready_file: Path | None = None


def up(options: Options, say: Say, announce: Announce) -> None:
    """Run everything until SIGINT, SIGTERM or SIGHUP.

    ``announce`` is called once, when real metrics come out of the api, with what the ready file holds. Raises
    ``CannotStartError`` with one line where it cannot start or go on, ``KeyboardInterrupt`` where it is stopped while
    it still prepares; then nothing is left running either, but for threads that prepare.
    """
    folder = DataFolder(options.data)
    folder.check()
    try:
        with claim(folder.lock):
            folder.open()
            with folder.engines_claimed():
                _Run(options, folder, say, announce).run()
    except InUseError as error:
        raise CannotStartError(f"the data folder: {error}") from error
    except (EngineError, pages.PagesError) as error:
        raise CannotStartError(str(error)) from error
    except OSError as error:
        raise CannotStartError(f"{error.filename or folder.root}: {error.strerror or error}") from error


class _Run:
    """One run of ``up``, in a folder that is ours. Its methods stand in the order in which they happen."""

    def __init__(self, options: Options, folder: DataFolder, say: Say, announce: Announce) -> None:
        self._options, self._folder, self._say, self._announce = options, folder, say, announce
        self._began = datetime.now(UTC)
        self._began_s = time.monotonic()
        self._stopping = threading.Event()
        self._kafka = Kafka(folder.kafka)
        self._postgres = Postgres(folder.postgres)
        self._health: dict[str, int] = {}
        self._supervisor: Supervisor | None = None

    def run(self) -> None:
        """Start, go on, stop."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        remember(self._folder.identity, os.getpid())
        try:
            built = self._prepare()
            self._go_on(*self._plan(built))
        finally:
            self._stop()

    def _prepare(self) -> Path | None:
        """End what a killed run left, check what must hold, fetch and make what is missing; answers the built pages."""
        options, folder = self._options, self._folder
        if options.ready_file is not None:
            options.ready_file.unlink(missing_ok=True)
        left = end_leftovers(folder)
        if left:
            self._say(f"ended {left} processes that an earlier run had left")
        if not is_free(options.port):
            raise CannotStartError(f"port {options.port} is taken by another program; `--port N` takes another")
        check_free(folder.free_bytes(), FREE_TO_START, folder.root)
        self._settle_ports()
        threads = ThreadPoolExecutor(3)
        try:
            built = threads.submit(pages.build, self._say)
            for made in [threads.submit(self._prepare_kafka), threads.submit(self._postgres.prepare)]:
                made.result()
            return built.result()
        finally:
            threads.shutdown(wait=False, cancel_futures=True)

    def _settle_ports(self) -> None:
        """All from one pot, so that no two are the same."""
        taken = {self._options.port}
        self._kafka.settle_ports(taken)
        self._postgres.settle_port(taken)
        self._health = {name: kept_port(self._folder.run / f"{name}.port", taken) for name in plan.SERVICES}

    def _prepare_kafka(self) -> None:
        if not jars.are_there():
            self._say("fetching Kafka (45 MB, once)")
            jars.classpath()
        if not kafka_archive.is_there():
            self._say("preparing Kafka's classes (once)")
            kafka_archive.make()
        self._kafka.prepare()

    def _plan(self, built: Path | None) -> tuple[Supervisor, Arrival]:
        """Settle addresses, environments and order."""
        folder = self._folder
        addresses = plan.Addresses(self._kafka.servers, self._postgres.url, self._options.port, self._health)
        write_private(plan.collector_configuration(folder), plan.collector_toml(addresses))
        commands = plan.commands(folder, addresses, built, os.environ)
        access = FirstAccess(folder, commands["api"])
        parts = [*self._engine_parts(access), *(self._service_part(name, commands[name]) for name in commands)]
        self._addresses = addresses
        self._write_state(ready=False)
        self._supervisor = Supervisor(parts, self._say)
        return self._supervisor, Arrival(access, addresses.url, addresses.port, self._began)

    def _engine_parts(self, access: FirstAccess) -> list[Part]:
        def start(engine: Engine) -> Command:
            engine.prepare()
            return engine.command()

        def serves() -> None:
            self._postgres.complete()
            bring_up_to_date(self._postgres.url)
            if not access.is_known:
                access.ask()

        def made(engine: Engine) -> Part:
            log, pid_file = self._folder.log(engine.name), engine.folder / PID_FILE
            return Part(engine.name, partial(start, engine), engine.is_ready, log, pid_file)

        kafka, postgres = made(self._kafka), made(self._postgres)
        postgres.on_ready = serves
        return [kafka, postgres]

    def _service_part(self, name: str, command: Command) -> Part:
        is_ready = partial(self._is_ready, name)
        log, pid_file = self._folder.log(name), self._folder.pid_file(name)
        return Part(name, lambda: command, is_ready, log, pid_file, needs=plan.NEEDS[name])

    def _is_ready(self, name: str) -> bool:
        """What the service says itself; and the api also answers, which is what the collector looks at."""
        return api_client.is_ready(self._health[name]) and (name != "api" or api_client.is_well(self._options.port))

    def _go_on(self, supervisor: Supervisor, arrival: Arrival) -> None:
        """Turn until a stop is asked for."""
        arrived = False
        next_housekeeping_s, next_patience_s = 0.0, self._began_s + PATIENCE_S
        while not self._stopping.wait(TICK_S):
            supervisor.tick()
            now_s = time.monotonic()
            if now_s >= next_housekeeping_s:
                next_housekeeping_s = now_s + HOUSEKEEPING_S
                self._keep_house()
            if arrived:
                continue
            if now_s >= next_patience_s:
                next_patience_s = now_s + PATIENCE_S
                self._say(f"still waiting for {', '.join(supervisor.awaited()) or 'the first metrics'}")
            told = arrival.look(now_s) if supervisor.are_running() else None
            if told is not None:
                arrived = True
                self._tell(told)

    def _keep_house(self) -> None:
        for name in (*plan.ENGINES, *plan.SERVICES):
            rotate(self._folder.log(name))
        check_free(self._folder.free_bytes(), FREE_TO_GO_ON, self._folder.root)

    def _tell(self, told: Told) -> None:
        if self._options.ready_file is not None:
            write_private(self._options.ready_file, json.dumps(told) + "\n")
        self._write_state(ready=True)
        self._say(f"ready after {time.monotonic() - self._began_s:.1f} s")
        self._announce(told, self._folder)

    def _write_state(self, *, ready: bool) -> None:
        state = {
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
            self._supervisor.stop(plan.STOPPING)
            self._say("stopped")
        for file in (self._folder.identity, self._folder.state, self._options.ready_file):
            if file is not None:
                file.unlink(missing_ok=True)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if self._supervisor is None:
            raise KeyboardInterrupt
        if self._stopping.is_set():  # asked twice: without waiting
            self._supervisor.kill()
        self._stopping.set()
