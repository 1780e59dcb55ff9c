"""When a certificate ends."""

from datetime import UTC, datetime

import pytest

from watchkeeper.collector.probing.certificates import days_left, not_after


def element(tag: int, content: bytes) -> bytes:
    """One DER element."""
    if len(content) < 128:
        return bytes((tag, len(content))) + content
    size = len(content).to_bytes(2, "big")
    return bytes((tag, 0x82)) + size + content


def certificate(end: bytes, *, versioned: bool = True, tag: int = 0x17) -> bytes:
    """As much of a certificate as it takes."""
    validity = element(0x30, element(0x17, b"200101000000Z") + element(tag, end))
    version = element(0xA0, element(0x02, b"\x02")) if versioned else b""
    issuer = element(0x30, b"\x05\x00" * 100)
    signed = version + element(0x02, b"\x01") + element(0x30, b"") + issuer + validity
    return element(0x30, element(0x30, signed))


@pytest.mark.parametrize(
    ("der", "expected"),
    [
        (certificate(b"301224101112Z"), datetime(2030, 12, 24, 10, 11, 12, tzinfo=UTC)),
        (certificate(b"490101000000Z"), datetime(2049, 1, 1, tzinfo=UTC)),
        (certificate(b"500101000000Z"), datetime(1950, 1, 1, tzinfo=UTC)),
        (certificate(b"20500101000000Z", tag=0x18), datetime(2050, 1, 1, tzinfo=UTC)),
        (certificate(b"301224101112Z", versioned=False), datetime(2030, 12, 24, 10, 11, 12, tzinfo=UTC)),
    ],
)
def test_the_end(der: bytes, expected: datetime) -> None:
    """Both ways to write a time, with and without a version (RFC 5280)."""
    assert not_after(der) == expected
    assert days_left(der, expected.timestamp() - 86400 * 2) == 2
    assert days_left(der, expected.timestamp() + 86400) == -1


@pytest.mark.parametrize(
    "der", [b"", b"\x30", b"\x30\x03\x02\x01\x01", certificate(b"301224101112Z")[:40], certificate(b"x", tag=0x0C)]
)
def test_what_is_no_certificate(der: bytes) -> None:
    """An error, whatever it is."""
    with pytest.raises(ValueError, match=r"."):
        not_after(der)
