"""All rate limits of the gateway."""

from dataclasses import dataclass

from watchkeeper.api.settings import ApiSettings
from watchkeeper.api.web.client import prefix_of
from watchkeeper.api.web.rate_limit import RateLimit

UNKNOWN_NAMES_PER_MINUTE = 60


@dataclass(frozen=True)
class Limits:
    """``callers`` by user or key, ``strangers``, ``failures`` and ``sign_ins`` by address.

    Guesses at one user's password are few from one address, and more from all together: nobody locks a user out by
    wrong passwords from elsewhere, and many addresses together get no further than a person could. An address is that
    of IPv4, or an IPv6 network of 64 bits, which is what one customer has at least. ``unknown_names`` bounds the audit
    log's entries of refused sign-ins that are no user's; a user's own are bounded by the guesses at it.
    """

    callers: RateLimit
    strangers: RateLimit
    failures: RateLimit
    sign_ins: RateLimit
    user_sign_ins: RateLimit
    user_sign_ins_in_all: RateLimit
    unknown_names: RateLimit

    def guess(self, user: str, address: str, now_s: float) -> None:
        """Take what an attempt to tell ``user``'s password from ``address`` costs; raises the 429 problem."""
        for limit, client in self._of_guess(user, address):
            limit.spend(client, now_s)

    def guessed_right(self, user: str, address: str, now_s: float) -> None:
        """Give back what ``guess`` has taken: the password was the user's."""
        for limit, client in self._of_guess(user, address):
            limit.give_back(client, now_s)

    def _of_guess(self, user: str, address: str) -> tuple[tuple[RateLimit, str], ...]:
        """The limits in the order in which they are asked: what a stricter one refuses costs the next nothing."""
        prefix, name = prefix_of(address), user.lower()
        return (
            (self.sign_ins, prefix),
            (self.user_sign_ins, f"{prefix} {name}"),
            (self.user_sign_ins_in_all, name),
        )


def limits_of(settings: ApiSettings) -> Limits:
    """The limits that ``settings`` ask for; wrong credentials count as attempts to sign in do, six times as many."""
    return Limits(
        callers=RateLimit("requests", settings.requests_per_minute),
        strangers=RateLimit("anonymous", settings.anonymous_per_minute),
        failures=RateLimit("wrong credentials", 6 * settings.sign_ins_per_minute),
        sign_ins=RateLimit("sign-ins", settings.sign_ins_per_minute),
        user_sign_ins=RateLimit("sign-ins of this user", settings.sign_ins_per_user_per_minute),
        user_sign_ins_in_all=RateLimit(
            "sign-ins of this user from everywhere", settings.sign_ins_per_user_in_all_per_minute
        ),
        unknown_names=RateLimit("refused sign-ins of unknown names", UNKNOWN_NAMES_PER_MINUTE),
    )
