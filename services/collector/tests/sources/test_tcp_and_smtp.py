"""The TCP and SMTP probes, against real servers."""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from watchkeeper.collector.reading import Reading
from watchkeeper.collector.source import Tools
from watchkeeper.collector.sources import smtp_probe, tcp_probe
from watchkeeper.embedded.ports import free_port

Values = Callable[[Sequence[Reading]], dict[str, float]]
Listen = Callable[..., AbstractAsyncContextManager[int]]
Context = Callable[[Path], ssl.SSLContext]


def tcp(tools: Tools, port: int, **given: Any) -> tcp_probe.TcpProbe:
    """A probe of a port on loopback."""
    given = {"name": "p", "host": "127.0.0.1", "port": port, "interval_s": 10, "timeout_s": 1, **given}
    return tcp_probe.open_source(tcp_probe.Settings(**given), tools)


def smtp(tools: Tools, port: int, **given: Any) -> smtp_probe.SmtpProbe:
    """A probe of a mail server on loopback."""
    given = {"name": "p", "host": "localhost", "port": port, "interval_s": 10, "timeout_s": 2, **given}
    return smtp_probe.open_source(smtp_probe.Settings(**given), tools)


def success(found: dict[str, float], kind: str = "tcp") -> float:
    """The probe's result."""
    return found[f'watchkeeper.probe.success{{kind="{kind}",probe="p"}}']


async def redis(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer PING as Redis does, in two parts."""
    assert await reader.readline() == b"PING\r\n"
    for part in (b"+PO", b"NG\r\n"):
        writer.write(part)
        await writer.drain()
        await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({}, 1, id="connected is enough"),
        pytest.param({"send": "PING\r\n", "expect": r"\+PONG"}, 1, id="the answer matches"),
        pytest.param({"send": "PING\r\n", "expect": "absent"}, 0, id="it does not, and ends"),
        pytest.param({"expect": "greeting", "timeout_s": 0.1}, 0, id="nothing is said in time"),
    ],
)
async def test_a_port(tools: Tools, values: Values, listen: Listen, given: dict[str, Any], expected: int) -> None:
    """Connected, and answered as expected where that is asked for."""
    async with listen(redis) as port:
        assert success(values(await tcp(tools, port, **given).read())) == expected


async def test_an_endless_answer_is_bounded(tools: Tools, values: Values, listen: Listen) -> None:
    """Reading ends at a bound, not at the time-out."""

    async def pour(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"x" * 10_000)
            await writer.drain()

    async with listen(pour) as port:
        found = values(await tcp(tools, port, expect="absent", timeout_s=9).read())
    assert success(found) == 0
    assert found['watchkeeper.probe.duration{kind="tcp",phase="total",probe="p"}'] < 8


async def test_a_closed_port(tools: Tools, values: Values) -> None:
    """Refused is a failure with a duration."""
    found = values(await tcp(tools, free_port()).read())
    assert success(found) == 0
    assert 'watchkeeper.probe.duration{kind="tcp",phase="connect",probe="p"}' in found


async def test_a_secured_port(
    tools: Tools, values: Values, listen: Listen, server_context: Context, certificate: Path
) -> None:
    """The certificate is checked, and its days are told."""

    async def wait(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with listen(wait, server_context(certificate)) as port:
        found = values(await tcp(tools, port, tls=True, ca_file=certificate).read())
        assert success(found) == 1
        assert found['watchkeeper.probe.tls.days_left{kind="tcp",probe="p"}'] == pytest.approx(30, abs=0.01)
        assert success(values(await tcp(tools, port, tls=True).read())) == 0
        assert success(values(await tcp(tools, port, tls=True, tls_verify=False).read())) == 1


class MailServer:
    """A small mail server (RFC 5321): EHLO, STARTTLS, QUIT; ``said`` holds the commands that came."""

    def __init__(self, context: ssl.SSLContext | None = None, greeting: str = "220 mail.test ESMTP") -> None:
        """Offer STARTTLS where there is a context."""
        self.context, self.greeting, self.said = context, greeting, list[str]()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak with one client."""
        writer.write(f"{self.greeting}\r\n".encode())
        offers = self.context is not None
        while line := await reader.readline():
            command = line.decode().strip()
            self.said.append(command)
            verb = command.split(" ")[0].upper()
            if verb == "EHLO":
                writer.write(b"250-mail.test\r\n250-STARTTLS\r\n250 SIZE 100\r\n" if offers else b"250 mail.test\r\n")
            elif verb == "STARTTLS" and self.context is not None:
                writer.write(b"220 go ahead\r\n")
                await writer.drain()
                await writer.start_tls(self.context)
                offers = False
            elif verb == "QUIT":
                writer.write(b"221 bye\r\n")
                await writer.drain()
                return
            else:
                writer.write(b"502 no\r\n")


async def test_a_mail_server_greets(tools: Tools, values: Values, listen: Listen) -> None:
    """EHLO with the name given, then QUIT; no mail is begun."""
    server = MailServer()
    async with listen(server.serve) as port:
        found = values(await smtp(tools, port, ehlo_name="probe.test").read())
    assert success(found, "smtp") == 1
    assert server.said == ["EHLO probe.test", "QUIT"]
    phases = {text.split('phase="')[1].split('"')[0] for text in found if "duration" in text}
    assert phases == {"dns", "connect", "wait", "total"}


async def test_a_mail_server_secures_the_connection(
    tools: Tools, values: Values, listen: Listen, server_context: Context, certificate: Path
) -> None:
    """EHLO again after STARTTLS, as RFC 3207 wants it; days left are told; an unknown authority fails."""
    server = MailServer(server_context(certificate))
    async with listen(server.serve) as port:
        found = values(await smtp(tools, port, security="starttls", ca_file=certificate).read())
        assert success(found, "smtp") == 1
        assert [said.split(" ")[0] for said in server.said] == ["EHLO", "STARTTLS", "EHLO", "QUIT"]
        assert found['watchkeeper.probe.tls.days_left{kind="smtp",probe="p"}'] == pytest.approx(30, abs=0.01)
        assert 'watchkeeper.probe.duration{kind="smtp",phase="tls",probe="p"}' in found
        assert success(values(await smtp(tools, port, security="starttls").read()), "smtp") == 0


async def test_a_mail_server_secured_from_the_start(
    tools: Tools, values: Values, listen: Listen, server_context: Context, certificate: Path
) -> None:
    """Port 465's way."""
    async with listen(MailServer().serve, server_context(certificate)) as port:
        found = values(await smtp(tools, port, security="tls", ca_file=certificate).read())
    assert success(found, "smtp") == 1
    assert found['watchkeeper.probe.tls.days_left{kind="smtp",probe="p"}'] == pytest.approx(30, abs=0.01)


@pytest.mark.parametrize(
    ("greeting", "given"),
    [
        pytest.param("554 go away", {}, id="refused in the greeting"),
        pytest.param("hello", {}, id="no mail server at all"),
        pytest.param("220 mail.test", {"security": "starttls"}, id="does not offer what is asked for"),
    ],
)
async def test_a_mail_server_that_fails(
    tools: Tools, values: Values, listen: Listen, greeting: str, given: dict[str, Any]
) -> None:
    """A failure, told in time."""
    async with listen(MailServer(greeting=greeting).serve) as port:
        assert success(values(await smtp(tools, port, **given).read()), "smtp") == 0


async def test_a_mail_server_that_hangs(tools: Tools, values: Values, listen: Listen) -> None:
    """It never greets: the time-out decides."""

    async def wait(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with listen(wait) as port:
        assert success(values(await smtp(tools, port, timeout_s=0.2).read()), "smtp") == 0
