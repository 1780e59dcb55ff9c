"""Whether a mail server greets, answers EHLO, secures the connection if asked to, and takes leave; no mail is sent."""

import time
from pathlib import Path
from typing import Literal

import aiosmtplib
from pydantic import Field

from watchkeeper.collector.probing.certificates import days_left, tls_context
from watchkeeper.collector.probing.dialling import ProbeError, dial
from watchkeeper.collector.probing.probe import Attempt, Probe
from watchkeeper.collector.source import NamedSettings, Tools


class Settings(NamedSettings):
    """Block [[sources.smtp_probe]]."""

    host: str = Field(min_length=1, max_length=255, description="Name or address.")
    port: int = Field(default=25, ge=1, le=65535, description="25 between servers, 587 for submission, 465 with tls.")
    security: Literal["none", "starttls", "tls"] = Field(
        default="none", description="starttls: secured after EHLO, which must be offered; tls: from the first byte."
    )
    tls_verify: bool = Field(default=True, description="False accepts any certificate.")
    ca_file: Path | None = Field(None, description="Authorities that the server's certificate is checked against.")
    ehlo_name: str = Field(
        default="watchkeeper.invalid", pattern=r"^[A-Za-z0-9.\-\[\]:]+$", description="How the probe introduces itself."
    )


class SmtpProbe(Probe[Settings]):
    """Greets one mail server (RFC 5321, RFC 3207)."""

    kind = "smtp"

    async def attempt(self, attempt: Attempt) -> None:
        """Connect, EHLO, STARTTLS if asked for, QUIT."""
        settings, allowed_s = self.settings, self.settings.timeout_s or 5.0
        dialled = await dial(settings.host, settings.port, allowed_s, self.tools.names, attempt.watch)
        context = None
        if settings.security != "none":
            context = tls_context(settings.ca_file, verify=settings.tls_verify)
        client = aiosmtplib.SMTP(
            hostname=settings.host,
            local_hostname=settings.ehlo_name,
            sock=dialled,
            timeout=allowed_s,
            use_tls=settings.security == "tls",
            start_tls=False,
            tls_context=context,
        )
        try:
            await self._talk(client, attempt)
        except aiosmtplib.SMTPException as error:
            raise ProbeError(f"{type(error).__name__}: {error}") from error
        finally:
            client.close()
            dialled.close()

    async def _talk(self, client: aiosmtplib.SMTP, attempt: Attempt) -> None:
        security = self.settings.security
        with attempt.watch.phase("tls" if security == "tls" else "wait"):
            await client.connect()
        with attempt.watch.phase("wait"):
            await client.ehlo()
        if security == "starttls":
            with attempt.watch.phase("tls"):
                await client.starttls()
            with attempt.watch.phase("wait"):
                await client.ehlo()
        secured = client.get_transport_info("ssl_object")
        if secured is not None:
            left = days_left(secured.getpeercert(binary_form=True), time.time())
            attempt.note("watchkeeper.probe.tls.days_left", left, "d")
        await client.quit()


def open_source(settings: Settings, tools: Tools) -> SmtpProbe:
    """Return the probe of one mail server."""
    return SmtpProbe(settings, tools)
