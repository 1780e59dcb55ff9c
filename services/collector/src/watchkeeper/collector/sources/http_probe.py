"""Whether a web address answers as it should, how long each phase took, and how long its certificate lasts."""

import re
import ssl
import time
from dataclasses import replace
from urllib.parse import urljoin, urlsplit

from pydantic import Field

from watchkeeper.collector.patterns import Pattern
from watchkeeper.collector.probing.certificates import days_left, tls_context
from watchkeeper.collector.probing.dialling import ProbeError
from watchkeeper.collector.probing.http import Answer, Request, get
from watchkeeper.collector.probing.http_settings import HttpSettings, make_request
from watchkeeper.collector.probing.probe import Attempt, Probe
from watchkeeper.collector.probing.stopwatch import Stopwatch
from watchkeeper.collector.source import Tools

REDIRECTS = (301, 302, 303, 307, 308)


class Settings(HttpSettings):
    """Block [[sources.http_probe]]."""

    status: Pattern = Field(
        default=r"2\d\d", description="Which status is a success (a regular expression for all three digits)."
    )
    body: Pattern | None = Field(
        default=None, description="What the body must contain (a regular expression, searched for)."
    )
    body_bytes_max: int = Field(
        default=1024 * 1024, ge=0, le=64 * 1024 * 1024, description="Bytes of the body that are read and searched."
    )
    redirects_max: int = Field(
        default=5, ge=0, le=20, description="Redirects that are followed; 0 judges the redirect itself."
    )


def redirected(request: Request, answer: Answer, plain: Request) -> Request | None:
    """Return the request that ``answer`` to ``request`` asks for, None where it asks for none.

    Credentials and other headers go to the origin of ``plain``, the first request, only. Raises ``ProbeError`` for a
    redirect to something else than HTTP, or from https to http.
    """
    location = answer.headers.get("location")
    if answer.status not in REDIRECTS or location is None:
        return None
    url = urljoin(request.url, location)
    here, there, first = urlsplit(request.url), urlsplit(url), urlsplit(plain.url)
    if there.scheme not in ("http", "https") or not there.hostname or not url.isascii():
        raise ProbeError(f"redirected to what is no web address: {url[:200]}")
    if here.scheme == "https" and there.scheme == "http":
        raise ProbeError(f"redirected from https to http: {url[:200]}")
    same = (there.scheme, there.netloc) == (first.scheme, first.netloc)
    return replace(request, url=url, headers=plain.headers if same else ())


def judge(answer: Answer, status: re.Pattern[str], body: re.Pattern[bytes] | None) -> str:
    """Return what is wrong with ``answer``, nothing where it is as it should be."""
    if not status.fullmatch(str(answer.status)):
        return f"status {answer.status}"
    if body is not None and not body.search(answer.body):
        return "the body does not match" + ("" if answer.whole else f" in its first {len(answer.body)} bytes")
    return ""


class HttpProbe(Probe[Settings]):
    """Gets one address."""

    kind = "http"

    def __init__(self, settings: Settings, tools: Tools) -> None:
        """Compile what is expected."""
        super().__init__(settings, tools)
        self._status = re.compile(settings.status)
        self._body = None if settings.body is None else re.compile(settings.body.encode())

    async def attempt(self, attempt: Attempt) -> None:
        """Get the address, follow its redirects, judge the last answer."""
        first = request = await make_request(self.settings, self.tools.threads, self.settings.body_bytes_max)
        for _ in range(self.settings.redirects_max + 1):
            answer = await self._get(request, attempt)
            attempt.note("watchkeeper.probe.http.status_code", answer.status, "1")
            following = redirected(request, answer, first) if self.settings.redirects_max else None
            if following is None:
                break
            secured = urlsplit(following.url).scheme == "https"
            context = tls_context(self.settings.ca_file, verify=self.settings.tls_verify) if secured else None
            request = replace(following, context=context)
        else:
            raise ProbeError(f"more than {self.settings.redirects_max} redirects")
        problem = judge(answer, self._status, self._body)
        if problem:
            raise ProbeError(problem)

    async def _get(self, request: Request, attempt: Attempt) -> Answer:
        """Get one answer and note its certificate's end, also where the certificate is why there is no answer."""
        try:
            answer = await get(request, self.tools.names, attempt.watch)
        except ssl.SSLCertVerificationError:
            unchecked = replace(request, context=tls_context(None, verify=False), headers=(), body_bytes_max=0)
            _note_certificate(attempt, await get(unchecked, self.tools.names, Stopwatch()))
            raise
        _note_certificate(attempt, answer)
        return answer


def _note_certificate(attempt: Attempt, answer: Answer) -> None:
    if answer.certificate is not None:
        attempt.note("watchkeeper.probe.tls.days_left", days_left(answer.certificate, time.time()), "d")


def open_source(settings: Settings, tools: Tools) -> HttpProbe:
    """Return the probe of one address."""
    return HttpProbe(settings, tools)
