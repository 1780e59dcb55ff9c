"""TCP ports on loopback."""

import secrets
import socket
from collections.abc import Collection
from pathlib import Path

LOOPBACK = "127.0.0.1"
DRAWN = range(20_000, 32_000)
TRIES = 100


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether one could listen on ``port`` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def free_port(taken: Collection[int] = ()) -> int:
    """A port that nobody listens on now, and none of ``taken``.

    Drawn below the range that the kernel takes outgoing connections' ports from: while an engine is away, one of its
    own clients could else get the very port that the engine will want again.
    """
    for _ in range(TRIES):
        port = secrets.choice(DRAWN)
        if port not in taken and is_free(port):
            return port
    while True:
        with socket.socket() as probe:
            probe.bind((LOOPBACK, 0))
            port = int(probe.getsockname()[1])
        if port not in taken:
            return port


def kept_port(file: Path, taken: set[int]) -> int:
    """The port written in ``file``, so that a second start has the same address; a fresh one if it is taken.

    ``taken`` are the ports of the same start, on which nobody may listen yet; the answer is added to them.
    """
    try:
        port = int(file.read_text())
    except (FileNotFoundError, ValueError):
        port = 0
    if not (0 < port < 65536 and port not in taken and is_free(port)):
        port = free_port(taken)
        file.write_text(f"{port}\n")
    taken.add(port)
    return port


def answers(port: int, host: str = LOOPBACK, timeout_s: float = 1.0) -> bool:
    """Whether somebody accepts connections on ``port``."""
    try:
        with socket.create_connection((host, port), timeout=timeout_s):
            return True
    except OSError:
        return False
