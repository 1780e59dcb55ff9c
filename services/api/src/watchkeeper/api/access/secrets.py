"""Random secrets, what is stored of them, and what is derived from them."""

import base64
import hashlib
import hmac
import re
import secrets as drawn
from typing import NamedTuple

KEY_PREFIX = "wk_"
SECRET_BYTES = 32
HINT_LENGTH = 8

_RANDOM = r"[A-Za-z0-9_-]{43}"
_SESSION = re.compile(_RANDOM)
_KEY = re.compile(KEY_PREFIX + _RANDOM)
_WORDS_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


class Key(NamedTuple):
    """A fresh API key: the text that is shown once, its hash that is stored, its beginning by which people know it."""

    text: str
    hash: bytes
    hint: str


def draw_token() -> str:
    """A session's token: 256 random bits, 43 characters."""
    return drawn.token_urlsafe(SECRET_BYTES)


def draw_key() -> Key:
    """A fresh API key, ``wk_`` and 256 random bits."""
    text = KEY_PREFIX + drawn.token_urlsafe(SECRET_BYTES)
    return Key(text, digest(text), text[:HINT_LENGTH])


def draw_password() -> str:
    """A one-time password that people can type: four groups of five letters and digits, 99 bits."""
    return "-".join("".join(drawn.choice(_WORDS_ALPHABET) for _ in range(5)) for _ in range(4))


def digest(secret: str) -> bytes:
    """What is stored of a token or key. It has 256 random bits, so a plain SHA-256 cannot be searched."""
    return hashlib.sha256(secret.encode()).digest()


def csrf_token(session_token: str) -> str:
    """The token that a page sends with each change: derived from the session's, so that it fits that session alone."""
    mac = hmac.new(session_token.encode(), b"watchkeeper csrf", hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def csrf_fits(session_token: str, given: str) -> bool:
    """Whether ``given`` is the session's CSRF token; takes the same time for every wrong one."""
    return hmac.compare_digest(csrf_token(session_token).encode(), given.encode())


def looks_like_session(text: str) -> bool:
    """Whether ``text`` has the shape of a session's token; what has not needs no look into the database."""
    return _SESSION.fullmatch(text) is not None


def looks_like_key(text: str) -> bool:
    """Whether ``text`` has the shape of an API key."""
    return _KEY.fullmatch(text) is not None
