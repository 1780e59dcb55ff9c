"""What the block of everything that speaks HTTP may say, and the request that it makes of it."""

import base64
import re
from functools import partial
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from watchkeeper.collector.probing.certificates import tls_context
from watchkeeper.collector.probing.http import Headers, Request
from watchkeeper.collector.secrets import read_secret
from watchkeeper.collector.source import NamedSettings
from watchkeeper.collector.threads import Threads

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_OWN_HEADERS = ("host", "connection", "accept-encoding", "content-length", "transfer-encoding")


def _is_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must begin with http:// or https:// and name a host")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold credentials; use user and password_file")
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("must be ASCII without spaces; encode what is not")
    if parts.port == 0:
        raise ValueError("port 0 is none")
    return text


def _are_headers(headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _OWN_HEADERS:
            raise ValueError(f"{name!r} is not a header that may be set")
        if not value.get_secret_value().isprintable():
            raise ValueError(f"the value of {name!r} must be printable")
    return headers


class HttpSettings(NamedSettings):
    """Where to ask, and as whom."""

    url: Annotated[str, AfterValidator(_is_url)] = Field(max_length=2000, description="http:// or https:// address.")
    headers: Annotated[dict[str, SecretStr], AfterValidator(_are_headers)] = Field(
        default_factory=dict, description="Further request headers."
    )
    bearer_token_file: Path | None = Field(None, description="File with a token, sent as Authorization: Bearer.")
    user: str | None = Field(None, description="User for basic authentication.")
    password_file: Path | None = Field(None, description="File with that user's password.")
    tls_verify: bool = Field(default=True, description="False accepts any certificate.")
    ca_file: Path | None = Field(None, description="Authorities that the server's certificate is checked against.")

    @model_validator(mode="after")
    def _one_credential(self) -> "HttpSettings":
        if (self.user is None) != (self.password_file is None):
            raise ValueError("user and password_file belong together")
        if self.user is not None and self.bearer_token_file is not None:
            raise ValueError("bearer_token_file and user exclude each other")
        return self


async def make_request(settings: HttpSettings, threads: Threads, body_bytes_max: int, headers: Headers = ()) -> Request:
    """Return the request that ``settings`` describe; secrets' files are read anew, so that they may be renewed.

    ``headers`` are sent, too, where the settings do not say otherwise.

    Raises ``OSError`` or ``ValueError`` naming a file that cannot be used.
    """
    given = {name.lower() for name in settings.headers}
    sent = [(name, value) for name, value in headers if name.lower() not in given]
    sent += [(name, value.get_secret_value()) for name, value in settings.headers.items()]
    if settings.bearer_token_file is not None:
        token = await threads.run(partial(read_secret, settings.bearer_token_file))
        sent.append(("Authorization", f"Bearer {token}"))
    elif settings.user is not None and settings.password_file is not None:
        password = await threads.run(partial(read_secret, settings.password_file))
        pair = base64.b64encode(f"{settings.user}:{password}".encode()).decode()
        sent.append(("Authorization", f"Basic {pair}"))
    secured = urlsplit(settings.url).scheme == "https"
    return Request(
        url=settings.url,
        headers=sent,
        context=tls_context(settings.ca_file, verify=settings.tls_verify) if secured else None,
        connect_s=settings.timeout_s or 5.0,
        body_bytes_max=body_bytes_max,
    )
