"""Kafka and TimescaleDB in Docker, for tests where a Docker engine answers; needs the development dependencies."""

import contextlib
import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator

from watchkeeper.embedded.engine import POLL_S, EngineError
from watchkeeper.embedded.kafka import brokers
from watchkeeper.embedded.ports import LOOPBACK, answers, free_port

KAFKA_IMAGE = "apache/kafka:4.3.1"
DATABASE_IMAGE = "timescale/timescaledb:2.25.0-pg17"
SOCKET = "/var/run/docker.sock"
PING_S = 2
READY_S = 120.0  # the image may have to be fetched first


def docker_answers() -> bool:
    """Whether a Docker engine answers within ``PING_S`` seconds."""
    if "DOCKER_HOST" not in os.environ and not _listens(SOCKET):
        return False  # docker's own client leaves sockets open when nobody answers
    try:
        import docker  # type: ignore[import-untyped]  # noqa: PLC0415 - tests only; its types are a package of their own
    except ImportError:
        return False
    try:
        with contextlib.closing(docker.from_env(timeout=PING_S)) as client:
            return bool(client.ping())
    except (docker.errors.DockerException, OSError):
        return False


def _listens(address: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(PING_S)
        return probe.connect_ex(address) == 0


@contextlib.contextmanager
def docker_kafka() -> Iterator[str]:
    """A Kafka for the block; its bootstrap address. Raises ``EngineError`` if it does not get ready."""
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415 - tests only

    port = free_port()
    container = DockerContainer(KAFKA_IMAGE).with_bind_ports(port, port)
    for name, value in {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_LISTENERS": f"PLAINTEXT://:{port},CONTROLLER://:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{LOOPBACK}:{port}",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
    }.items():
        container = container.with_env(name, value)
    with container:
        _wait("kafka", lambda: brokers(LOOPBACK, port) > 0)
        yield f"{LOOPBACK}:{port}"


@contextlib.contextmanager
def docker_database() -> Iterator[str]:
    """A TimescaleDB for the block; its superuser's address. Raises ``EngineError`` if it does not get ready."""
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415 - tests only

    port, password = free_port(), secrets.token_urlsafe(16)
    container = (
        DockerContainer(DATABASE_IMAGE)
        .with_bind_ports(5432, port)
        .with_env("POSTGRES_PASSWORD", password)
        .with_command("postgres -c fsync=off -c max_connections=200 -c shared_preload_libraries=timescaledb")
    )
    with container as started:
        # The image's first server, which makes the data, listens on a socket only; the one on TCP is the real one.
        ready = ["pg_isready", "-h", LOOPBACK, "-U", "postgres"]
        _wait("database", lambda: started.exec(ready).exit_code == 0 and answers(port))
        yield f"postgresql://postgres:{password}@{LOOPBACK}:{port}/postgres"


def _wait(name: str, is_ready: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + READY_S
    while not is_ready():
        if time.monotonic() > deadline_s:
            raise EngineError(f"{name} in Docker is not ready after {READY_S:g} s")
        time.sleep(POLL_S)
