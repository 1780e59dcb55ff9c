"""What a person sees of ``wk up``."""

import contextlib
import os
import sys
import time
import webbrowser
from pathlib import Path

from watchkeeper.common import logging as logs
from watchkeeper.common.settings import LogSettings
from watchkeeper.embedded.up.data_folder import CannotStartError, DataFolder
from watchkeeper.embedded.up.start import Options, up

PAGE = "/performance-monitoring"


def run(data: Path, port: int, ready_file: Path | None, *, open_browser: bool) -> int:
    """Run ``wk up`` and tell about it on standard output; answers the exit code."""

    def announce(told: dict[str, str | None], folder: DataFolder) -> None:
        show(banner(told, folder))
        if open_browser and has_display():
            webbrowser.open(f"{told['url']}{PAGE}")

    logs.configure("up", LogSettings(level="warning", format="console"))
    try:
        up(Options(data, port, ready_file), say, announce)
    except CannotStartError as error:
        print(f"wk up: {error}", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        say("stopped before everything was started")
        os._exit(130)  # without waiting for downloads; what was started to prepare ends with us
    return 0


def say(line: str) -> None:
    """Tell what happens, with the time of day."""
    show(f"{time.strftime('%H:%M:%S')} {line}")


def show(text: str) -> None:
    """Print ``text``; if nobody reads our output any more, that is no reason to stop what runs."""
    with contextlib.suppress(OSError):
        print(text, flush=True)


def banner(told: dict[str, str | None], folder: DataFolder) -> str:
    """What is told when all is ready."""
    lines = ["", f"  Watchkeeper  {told['url']}{PAGE}"]
    if told["user"] is not None:
        drawn = f"{told['password']}  (for the first sign-in; the page asks for another)"
        lines += [
            f"  user         {told['user']}",
            f"  password     {'the one that was chosen since' if told['password'] is None else drawn}",
        ]
    if told["read_key"] is not None:
        lines.append(f"  API keys     {folder.bootstrap}")
    lines += [f"  data, logs   {folder.root}", "  stop         Ctrl-C, or ./wk down", ""]
    return "\n".join(lines)


def has_display() -> bool:
    """Whether a browser could show itself here."""
    if sys.platform in ("darwin", "win32"):
        return True
    return sys.stdout.isatty() and bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
