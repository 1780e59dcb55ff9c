"""The data folder: whose format it has, who uses it, what stands where in it.

version        number of its layout           kafka/, postgres/   the engines' data
lock           held while ``up`` runs         spool/              what the collector keeps while Kafka is away
run/           process ids, settings          secrets/            the first administrator's answer (0600)
logs/          each process's output          up.json             what runs, for ``status`` and ``down``
"""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from watchkeeper.embedded.claim import claim
from watchkeeper.embedded.engine import LOCK

VERSION = 1
VERSION_PART = ".version.*.part"
MIB = 1024 * 1024
FREE_TO_START = 512 * MIB
FREE_TO_GO_ON = 128 * MIB


class CannotStartError(Exception):
    """``up`` cannot start, or go on; the message is the one line that a person needs. Nothing was damaged."""


class DataFolder:
    """Paths in the folder, and the small files in it."""

    def __init__(self, root: Path) -> None:
        """The folder ``root``, which may not exist yet."""
        self.root = root.resolve()
        self.run = self.root / "run"
        self.logs = self.root / "logs"
        self.secrets = self.root / "secrets"
        self.spool = self.root / "spool"
        self.kafka = self.root / "kafka"
        self.postgres = self.root / "postgres"
        self.lock = self.root / "lock"
        self.state = self.root / "up.json"
        self.identity = self.run / "up.json"
        self.bootstrap = self.secrets / "bootstrap.json"
        self._version = self.root / "version"

    def check(self) -> None:
        """Raise ``CannotStartError`` for a newer layout, or a folder of something else; changes nothing."""
        try:
            self._check_version()
        except OSError as error:
            raise CannotStartError(f"the data folder {self.root}: {error.strerror or error}") from error

    def open(self) -> None:
        """Make what is missing, once ``check`` has passed and the lock is held; raises ``CannotStartError``."""
        try:
            for cut_short in self.root.glob(VERSION_PART):
                cut_short.unlink()
            if not self._version.exists():  # first: it tells that all the rest is ours
                write_private(self._version, f"{VERSION}\n")
            for folder in (self.logs, self.spool):
                folder.mkdir(exist_ok=True)
            for private in (self.run, self.secrets):
                private.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise CannotStartError(f"the data folder {self.root}: {error.strerror or error}") from error

    @contextlib.contextmanager
    def engines_claimed(self) -> Iterator[None]:
        """Hold both engines' folders for the block: other programs may run one of them (``engine.running``).

        Raises ``InUseError`` where one does. Only once ``lock`` is held, and the folder is ours.
        """
        with claim(self.kafka / LOCK), claim(self.postgres / LOCK):
            yield

    def is_made(self) -> bool:
        """Whether ``open`` has made it."""
        return self._version.exists()

    def free_bytes(self) -> int:
        """Free space of its disk."""
        return shutil.disk_usage(self.root).free

    def pid_file(self, name: str) -> Path:
        """Where the process of ``name`` is remembered (an engine's is in the engine's own folder)."""
        return self.run / f"{name}.json"

    def log(self, name: str) -> Path:
        """Where the output of ``name`` goes."""
        return self.logs / f"{name}.log"

    def _check_version(self) -> None:
        if not self.root.exists():
            return
        if not self._version.exists():
            strangers = sorted(
                entry.name
                for entry in self.root.iterdir()
                if entry.name != self.lock.name and not entry.match(VERSION_PART)
            )
            if strangers:
                raise CannotStartError(f"{self.root} is not a Watchkeeper data folder: it holds {strangers[0]}")
            return
        text = self._version.read_text().strip()
        if not text.isdecimal():
            raise CannotStartError(f"{self._version} does not hold a version: {text[:40]!r}")
        if int(text) > VERSION:
            raise CannotStartError(
                f"{self.root} was made by a newer Watchkeeper (data version {text}; this one knows {VERSION})"
            )


def check_free(free_bytes: int, needed_bytes: int, folder: Path) -> None:
    """Raise ``CannotStartError`` when the disk of ``folder`` has less than ``needed_bytes`` free."""
    if free_bytes < needed_bytes:
        raise CannotStartError(
            f"the disk of {folder} is full: {free_bytes // MIB} MiB are free, {needed_bytes // MIB} MiB are needed"
        )


def write_private(file: Path, text: str) -> None:
    """Write ``file`` whole or not at all, readable by its owner only."""
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(text)
    part.replace(file)


def read_json(file: Path) -> dict[str, Any]:
    """The JSON object in ``file``; empty where there is none."""
    try:
        found = json.loads(file.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
