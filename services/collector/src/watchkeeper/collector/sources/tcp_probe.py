"""Whether a port answers: connected, secured if asked for, and greeted as expected."""

import asyncio
import re
import time
from pathlib import Path

from pydantic import Field

from watchkeeper.collector.patterns import Pattern
from watchkeeper.collector.probing.certificates import days_left, tls_context
from watchkeeper.collector.probing.dialling import ProbeError, dial
from watchkeeper.collector.probing.probe import Attempt, Probe
from watchkeeper.collector.source import NamedSettings, Tools

ANSWER_BYTES_MAX = 64 * 1024


class Settings(NamedSettings):
    """Block [[sources.tcp_probe]]."""

    host: str = Field(min_length=1, max_length=255, description="Name or address.")
    port: int = Field(ge=1, le=65535, description="Port.")
    tls: bool = Field(default=False, description="Secure the connection, and report how long the certificate lasts.")
    tls_verify: bool = Field(default=True, description="False accepts any certificate.")
    ca_file: Path | None = Field(None, description="Authorities that the server's certificate is checked against.")
    send: str | None = Field(None, max_length=4096, description="What to send once connected.")
    expect: Pattern | None = Field(
        None, description="What the answer must contain (a regular expression, searched for)."
    )


class TcpProbe(Probe[Settings]):
    """Connects to one port."""

    kind = "tcp"

    def __init__(self, settings: Settings, tools: Tools) -> None:
        """Compile what is expected."""
        super().__init__(settings, tools)
        self._expect = None if settings.expect is None else re.compile(settings.expect.encode())

    async def attempt(self, attempt: Attempt) -> None:
        """Connect, and send and expect what the settings say."""
        settings = self.settings
        dialled = await dial(settings.host, settings.port, settings.timeout_s or 5.0, self.tools.names, attempt.watch)
        try:
            if not settings.tls:
                reader, writer = await asyncio.open_connection(sock=dialled)
            else:
                with attempt.watch.phase("tls"):
                    reader, writer = await asyncio.open_connection(
                        sock=dialled,
                        ssl=tls_context(settings.ca_file, verify=settings.tls_verify),
                        server_hostname=settings.host,
                    )
        except BaseException:
            dialled.close()
            raise
        try:
            secured = writer.get_extra_info("ssl_object")
            if secured is not None:
                left = days_left(secured.getpeercert(binary_form=True), time.time())
                attempt.note("watchkeeper.probe.tls.days_left", left, "d")
            await self._talk(reader, writer, attempt)
        finally:
            writer.transport.abort()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, attempt: Attempt) -> None:
        if self.settings.send is not None:
            writer.write(self.settings.send.encode())
            await writer.drain()
        if self._expect is None:
            return
        with attempt.watch.phase("wait"):
            answer = b""
            while not self._expect.search(answer):
                more = await reader.read(4096)
                answer += more
                if not more or len(answer) > ANSWER_BYTES_MAX:
                    raise ProbeError(f"the answer ({len(answer)} bytes) does not match")


def open_source(settings: Settings, tools: Tools) -> TcpProbe:
    """Return the probe of one port."""
    return TcpProbe(settings, tools)
