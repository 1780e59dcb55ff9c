"""Certificates: the contexts to check them with, and when one ends."""

import functools
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

DAY_S = 86400.0

_SEQUENCE, _CONTEXT_0, _UTC_TIME, _GENERALIZED_TIME = 0x30, 0xA0, 0x17, 0x18


@functools.lru_cache(maxsize=32)
def tls_context(ca_file: Path | None, *, verify: bool) -> ssl.SSLContext:
    """Return a client's context; one for all who ask for the same, since each holds all the system's authorities.

    Raises ``OSError`` where ``ca_file`` cannot be read.
    """
    if not verify:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    return ssl.create_default_context(cafile=ca_file)


def days_left(certificate: bytes, now_s: float) -> float:
    """Return the days until ``certificate`` (DER) ends, negative after its end; raises ``ValueError`` for none."""
    return (not_after(certificate).timestamp() - now_s) / DAY_S


def not_after(certificate: bytes) -> datetime:
    """Return when a certificate (DER, RFC 5280) ends; raises ``ValueError`` for what is none.

    The ssl module tells this only for a certificate that it has verified; here an expired one counts, too.
    """
    (outer, *_) = _elements(certificate)
    (signed, *_) = _elements(outer[1])
    fields = [element for element in _elements(signed[1]) if element[0] != _CONTEXT_0]
    # serial number, signature algorithm, issuer, validity, …
    if outer[0] != _SEQUENCE or len(fields) < 4:
        raise ValueError("not a certificate")
    _, (tag, moment) = list(_elements(fields[3][1]))[:2]
    return _time(tag, moment.decode("ascii"))


def _time(tag: int, text: str) -> datetime:
    """RFC 5280, 4.1.2.5: two digits of the year mean 1950 to 2049."""
    if tag == _UTC_TIME:
        century = "19" if int(text[:2]) >= 50 else "20"
        text = century + text
    elif tag != _GENERALIZED_TIME:
        raise ValueError("not a time")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and content of each DER element (X.690) in ``data``."""
    position = 0
    while position < len(data):
        if position + 2 > len(data):
            raise ValueError("truncated")
        tag, size = data[position], data[position + 1]
        position += 2
        if size & 0x80:
            octets = size & 0x7F
            size = int.from_bytes(data[position : position + octets], "big")
            position += octets
        if position + size > len(data):
            raise ValueError("truncated")
        yield tag, data[position : position + size]
        position += size
