"""What the gateway counts about itself, for its ``/metrics``."""

from prometheus_client import Counter, Gauge, Histogram

ACTIVE_S = 300.0
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNMATCHED = "unmatched"

# Names and labels are OpenTelemetry's http.server.request.duration, as Prometheus writes them; its buckets too.
REQUESTS = Histogram(
    "http_server_request_duration_seconds",
    "Time to answer a request; of an event stream, to its beginning.",
    ["http_request_method", "http_route", "http_response_status_code"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10),
)
ACTIVE_USERS = Gauge("watchkeeper_active_users", "People with a request in the last 5 minutes.")
THREATS = Counter("watchkeeper_threats_blocked", "Requests refused as a threat.", ["kind"])
"""Kinds: ``sign_in``, ``credentials``, ``csrf``, ``origin``, ``rate_limit``, ``body_size``."""

for _kind in ("sign_in", "credentials", "csrf", "origin", "rate_limit", "body_size"):
    THREATS.labels(_kind)  # a counter that is there from the start has a rate from its first increase on


class ActiveUsers:
    """Who had a request in the last ``ACTIVE_S`` seconds."""

    def __init__(self) -> None:
        """Nobody yet."""
        self._seen_s: dict[str, float] = {}

    def saw(self, user_id: str, now_s: float) -> None:
        """Note a request of the user."""
        self._seen_s[user_id] = now_s

    def count(self, now_s: float) -> int:
        """How many users are active; forgets the others."""
        self._seen_s = {user: seen_s for user, seen_s in self._seen_s.items() if now_s - seen_s < ACTIVE_S}
        return len(self._seen_s)


def observe(method: str, route: str, status: int, duration_s: float) -> None:
    """Count one answered request; ``route`` is a template, empty where no route matched."""
    known = method if method in METHODS else "_OTHER"
    REQUESTS.labels(known, route or UNMATCHED, str(status)).observe(duration_s)
