"""Where a browser says that a request comes from: a defence against forged requests beside the token.

OWASP's "Cross-Site Request Forgery Prevention" recommends both: a token bound to the session, and Fetch Metadata with
the Origin header where that is missing.
"""

from urllib.parse import urlsplit

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def is_foreign(site: str | None, origin: str | None, host: str | None) -> bool:
    """Whether another site's page sent the request.

    ``site`` is ``Sec-Fetch-Site``, ``origin`` and ``host`` the headers of those names. A client that sends neither of
    the first two is no browser of today. An origin that is no address is foreign.
    """
    if site is not None:
        return site not in {"same-origin", "none"}
    if origin is None:
        return False
    try:
        return urlsplit(origin).netloc.lower() != (host or "").lower()
    except ValueError:
        return True
