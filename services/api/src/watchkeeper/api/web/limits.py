"""All rate limits of the gateway."""

from dataclasses import dataclass

from watchkeeper.api.settings import ApiSettings
from watchkeeper.api.web.rate_limit import RateLimit


@dataclass(frozen=True)
class Limits:
    """``callers`` by user or key, ``strangers`` and ``failures`` by address, sign-ins by address and by user name."""

    callers: RateLimit
    strangers: RateLimit
    failures: RateLimit
    sign_ins: RateLimit
    user_sign_ins: RateLimit


def limits_of(settings: ApiSettings) -> Limits:
    """The limits that ``settings`` ask for; wrong credentials count as attempts to sign in do, six times as many."""
    return Limits(
        callers=RateLimit("requests", settings.requests_per_minute),
        strangers=RateLimit("anonymous", settings.anonymous_per_minute),
        failures=RateLimit("wrong credentials", 6 * settings.sign_ins_per_minute),
        sign_ins=RateLimit("sign-ins", settings.sign_ins_per_minute),
        user_sign_ins=RateLimit("sign-ins of this user", settings.sign_ins_per_user_per_minute),
    )
