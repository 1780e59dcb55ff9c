"""The built pages: made by npm from services/ui when its sources have changed since the last build."""

import hashlib
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from watchkeeper.embedded import places
from watchkeeper.embedded.claim import claim
from watchkeeper.embedded.node import Node, NodeError, find_node
from watchkeeper.embedded.process import Command

NOT_SOURCES = {"node_modules", "dist", "coverage"}
NPM_S = 900.0


class PagesError(Exception):
    """The pages could not be built; the message is one line."""


def build(say: Callable[[str], None]) -> Path | None:
    """The folder of the built pages, built now if need be; ``None`` where there is no services/ui.

    Raises ``PagesError``. ``say`` tells what takes long.
    """
    root = places.clone()
    if root is None or not (root / "services" / "ui" / "package.json").is_file():
        return None
    folder = root / "services" / "ui"
    built = folder / "dist"
    stamp = places.tools() / "pages.stamp"
    with claim(places.tools() / "pages.lock", wait=True):
        wanted = fingerprint(folder)
        if (built / "index.html").is_file() and _read(stamp) == wanted:
            return built
        try:
            node = find_node(say)
        except NodeError as error:
            raise PagesError(str(error)) from error
        _install(folder, node, say)
        say("building the pages")
        _npm(node, folder, "run", "build")
        stamp.write_text(wanted)
    return built


def fingerprint(folder: Path) -> str:
    """A hash of the names and contents of all sources in ``folder``."""
    found = hashlib.sha256()
    for file in sources(folder):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        found.update(f"{file.relative_to(folder).as_posix()} {content}\n".encode())
    return found.hexdigest()


def sources(folder: Path) -> Iterator[Path]:
    """All files of ``folder`` that a build depends on, in order."""
    for entry in sorted(folder.iterdir()):
        if entry.is_dir():
            if entry.name not in NOT_SOURCES and not entry.name.startswith("."):
                yield from sources(entry)
        elif entry.is_file():
            yield entry


def _install(folder: Path, node: Node, say: Callable[[str], None]) -> None:
    """Install the packages that the lock file names, unless those are there."""
    stamp = places.tools() / "pages-packages.stamp"
    wanted = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    if (folder / "node_modules").is_dir() and _read(stamp) == wanted:
        return
    say("fetching the pages' packages")
    _npm(node, folder, "ci", "--no-audit", "--no-fund")
    stamp.write_text(wanted)


def _npm(node: Node, folder: Path, *arguments: str) -> None:
    log = places.tools() / "pages.log"
    command = Command((*node.npm, *arguments), environment=node.environment)
    with log.open("wb") as output:
        try:
            done = subprocess.run(
                command.leashed(), env=dict(command.environment), cwd=folder, stdin=subprocess.DEVNULL,
                stdout=output, stderr=subprocess.STDOUT, timeout=NPM_S, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise PagesError(f"npm {arguments[0]} took over {NPM_S:g} s (see {log})") from error
    if done.returncode != 0:
        said = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
        raise PagesError(f"npm {' '.join(arguments)} failed: {said[-1].strip() if said else ''} (see {log})")


def _read(file: Path) -> str | None:
    return file.read_text() if file.is_file() else None
