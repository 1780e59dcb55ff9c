"""``python -m watchkeeper.api``: serve; ``… bootstrap``: the first administrator; ``… openapi``: the API's document.

``bootstrap FILE`` also keeps what it made in FILE, from before it counts.
"""

import asyncio
import json
import sys
from pathlib import Path

import uvloop

from watchkeeper.api.access.bootstrap import bootstrap
from watchkeeper.api.offline import offline_app
from watchkeeper.api.serving import serve
from watchkeeper.api.settings import ApiSettings
from watchkeeper.common import logging as logs
from watchkeeper.common.service import run
from watchkeeper.common.settings import SettingsError, load

USAGE = "usage: python -m watchkeeper.api [bootstrap [FILE] | openapi]\n"


def main(arguments: list[str]) -> int:
    """Do what ``arguments`` ask for; answers the exit code. Serving ends the process itself."""
    match arguments:
        case []:
            run(serve, ApiSettings, loop_factory=uvloop.new_event_loop)
        case ["bootstrap"]:
            return _bootstrap(None)
        case ["bootstrap", file]:
            return _bootstrap(Path(file))
        case ["openapi"]:
            sys.stdout.write(json.dumps(offline_app().openapi(), indent=2) + "\n")
        case _:
            sys.stderr.write(USAGE)
            return 2
    return 0


def _bootstrap(file: Path | None) -> int:
    try:
        settings = load(ApiSettings)
    except SettingsError as error:
        sys.stderr.write(f"settings: {error}\n")
        return 2
    logs.configure("api", settings.log)
    try:
        made = asyncio.run(bootstrap(settings.database, file))
    except Exception as error:  # noqa: BLE001 - one clear line is the answer of a command
        sys.stderr.write(f"bootstrap: {type(error).__name__}: {error}\n")
        return 1
    sys.stdout.write(json.dumps(made._asdict()) + "\n")
    return 0


sys.exit(main(sys.argv[1:]))
