"""``python -m watchkeeper.collector [--once]``; exits 0 after a clean end, 1 after an error, 2 for bad settings."""

import argparse
import asyncio
import sys
from functools import partial

from watchkeeper.collector.collect import Collection
from watchkeeper.collector.configuration import Configuration, read_configuration
from watchkeeper.collector.identity import find_host_id, resource
from watchkeeper.collector.once import once
from watchkeeper.collector.service import collect
from watchkeeper.collector.settings import CollectorSettings, PublishingSettings
from watchkeeper.collector.spool import Spool, SpoolBusyError
from watchkeeper.collector.tally import Tally
from watchkeeper.common.clock import SystemClock
from watchkeeper.common.logging import configure
from watchkeeper.common.service import run
from watchkeeper.common.settings import SettingsError, load


def main() -> None:
    """Read the command line, the settings and the configuration, and do what they say."""
    parser = argparse.ArgumentParser(prog="watchkeeper-collector", description="Collects this host's metrics.")
    parser.add_argument("--once", action="store_true", help="print what would be sent, as JSON lines, and end")
    arguments = parser.parse_args()
    try:
        if arguments.once:
            _once()
        else:
            _serve()
    except SettingsError as error:
        sys.stderr.write(f"settings: {error}\n")
        sys.exit(2)


def _serve() -> None:
    settings = load(PublishingSettings)
    configuration = read_configuration(settings.config)
    host = resource(settings, configuration.identity, partial(find_host_id, settings.spool_dir))
    try:
        spool = Spool(settings.spool_dir, settings.spool_bytes_max)
    except SpoolBusyError as error:
        raise SettingsError(f"WK_COLLECTOR_SPOOL_DIR: {error}") from error
    except OSError as error:
        raise SettingsError(f"WK_COLLECTOR_SPOOL_DIR: {settings.spool_dir}: {error.strerror or error}") from error
    run(lambda loaded: collect(loaded, configuration, host, spool), PublishingSettings)


def _once() -> None:
    settings = load(CollectorSettings)
    configure("collector", settings.log)
    asyncio.run(_print(settings, read_configuration(settings.config)))


async def _print(settings: CollectorSettings, configuration: Configuration) -> None:
    host = resource(settings, configuration.identity, partial(find_host_id, settings.spool_dir))
    async for line in once(Collection(configuration, host, SystemClock(), Tally())):
        sys.stdout.buffer.write(line + b"\n")


if __name__ == "__main__":
    main()
