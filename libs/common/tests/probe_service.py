"""A small service for the tests of the service frame; its first argument says how it behaves after the stop."""

import asyncio
import sys
import time

from watchkeeper.common.service import run, service
from watchkeeper.common.settings import ServiceSettings


async def main(settings: ServiceSettings) -> None:
    """Say the port once ready, wait for the stop, then behave as told."""
    behaviour = sys.argv[1]
    async with service("probe", settings) as running:
        running.ready("work", ok=True)
        if behaviour == "stops-itself-and-never-ends":
            running.until_stopped.set()
        sys.stdout.write(f"{running.health_port}\n")
        sys.stdout.flush()
        if behaviour == "fails":
            raise RuntimeError("the work went wrong")
        if behaviour == "hangs":
            time.sleep(3600)  # noqa: ASYNC251 - a loop that hangs is what is tested
        await running.until_stopped.wait()
        if behaviour.endswith("never-ends"):
            await asyncio.sleep(3600)
        if behaviour == "blocks":
            time.sleep(3600)  # noqa: ASYNC251 - the same, while it drains
        await asyncio.sleep(0.2)
        sys.stdout.write("handed over\n")
        sys.stdout.flush()


if __name__ == "__main__":
    run(main, ServiceSettings)
