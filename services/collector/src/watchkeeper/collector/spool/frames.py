"""The framing of a spool's files: what was written whole is read back, what was torn is told apart. Pure.

A frame is: the payload's length (4 bytes, little-endian), the CRC-32 of the payload (4 bytes), the payload. The payload
is: the key's length (2 bytes), the key (UTF-8), the value. A kill in the middle of a write leaves a file whose last
frame is short or whose sum is wrong; reading ends there.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

_HEAD = struct.Struct("<II")
_KEY = struct.Struct("<H")

PAYLOAD_BYTES_MAX = 16 * 1024 * 1024
"""No batch is as long; a longer length is a torn one."""


class Kept(NamedTuple):
    """One batch as it is kept: the topic's key, and the value."""

    key: str
    value: bytes


class Frame(NamedTuple):
    """A batch read back, and the offset at which the next one begins."""

    kept: Kept
    end: int


def frame(kept: Kept) -> bytes:
    """Return the bytes to append for ``kept``; raises ``ValueError`` for a key or value that is too long."""
    key = kept.key.encode()
    if len(key) > 0xFFFF or len(key) + len(kept.value) + _KEY.size > PAYLOAD_BYTES_MAX:
        raise ValueError("too long for the spool")
    payload = _KEY.pack(len(key)) + key + kept.value
    return _HEAD.pack(len(payload), zlib.crc32(payload)) + payload


def frames(data: bytes, start: int = 0) -> Iterator[Frame]:
    """Yield the whole frames in ``data`` from offset ``start`` on; ends silently where one is torn."""
    position = start
    while True:
        payload = _payload(data, position)
        if payload is None:
            return
        position += _HEAD.size + len(payload)
        (key_size,) = _KEY.unpack_from(payload)
        body = _KEY.size + key_size
        yield Frame(Kept(payload[_KEY.size : body].decode(), payload[body:]), position)


def _payload(data: bytes, position: int) -> bytes | None:
    """Return the payload of the frame at ``position``, None where it is torn."""
    start = position + _HEAD.size
    if len(data) < start:
        return None
    size, checksum = _HEAD.unpack_from(data, position)
    payload = data[start : start + size]
    if not _KEY.size <= size <= PAYLOAD_BYTES_MAX or len(payload) < size or zlib.crc32(payload) != checksum:
        return None
    return payload
