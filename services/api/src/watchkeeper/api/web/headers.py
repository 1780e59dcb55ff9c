"""Security headers (OWASP Secure Headers Project), on every answer."""

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
"""For the pages: everything from here, nothing inline."""

API_POLICY = "default-src 'none'; frame-ancestors 'none'"

_ALWAYS = (
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("permissions-policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
)
_PAGE = (("content-security-policy", PAGE_POLICY),)
_API = (("content-security-policy", API_POLICY), ("cache-control", "no-store"))
_SECURE = (("strict-transport-security", "max-age=31536000"),)

Headers = list[tuple[bytes, bytes]]


def security_headers(*, page: bool, secure: bool) -> Headers:
    """The headers of a page or of an answer of the API; ``secure`` where the service is reached by TLS only."""
    own = _PAGE if page else _API
    return [(name.encode(), value.encode()) for name, value in (*own, *_ALWAYS, *(_SECURE if secure else ()))]


def completed(given: Headers, defaults: Headers) -> Headers:
    """``given`` and those of ``defaults`` whose name is not among them."""
    names = {name.lower() for name, _ in given}
    return [*given, *(header for header in defaults if header[0] not in names)]
