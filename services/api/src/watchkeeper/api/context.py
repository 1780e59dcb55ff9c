"""What the routes and the background tasks share: settings, store, producer, clock, and the service's state."""

from dataclasses import dataclass, field

from starlette.requests import HTTPConnection

from watchkeeper.api.access.authenticate import Remembered
from watchkeeper.api.access.passwords import Passwords
from watchkeeper.api.health.report import Board
from watchkeeper.api.instruments import ActiveUsers
from watchkeeper.api.live.hub import Hub
from watchkeeper.api.metrics.remembered import Answers
from watchkeeper.api.metrics.turns import Turns
from watchkeeper.api.problems import DATABASE_AWAY, unavailable
from watchkeeper.api.settings import ApiSettings
from watchkeeper.api.web.limits import Limits, limits_of
from watchkeeper.common.bus import Producer
from watchkeeper.common.clock import Clock, SystemClock
from watchkeeper.common.service import Running
from watchkeeper.common.store import Store


@dataclass
class Context:
    """One application's parts.

    ``store`` is there once the database has been reached and migrated; ``access_store`` is the same database by a few
    connections of their own, for who asks and for the health report, so that slow reads hold up neither.
    """

    settings: ApiSettings
    producer: Producer
    running: Running
    clock: Clock
    store: Store | None = None
    access_store: Store | None = None
    limits: Limits = field(init=False)
    passwords: Passwords = field(init=False)
    remembered: Remembered = field(init=False, default_factory=Remembered)
    active_users: ActiveUsers = field(init=False, default_factory=ActiveUsers)
    answers: Answers = field(init=False, default_factory=Answers)
    turns: Turns = field(init=False, default_factory=Turns)
    export_turns: Turns = field(init=False, default_factory=Turns)
    """Exports have turns of their own: a slow download keeps its turn for long, and no chart is to wait for it."""
    hub: Hub = field(init=False)
    board: Board = field(init=False, default_factory=Board)

    def __post_init__(self) -> None:
        """Make what the settings alone decide."""
        self.limits = limits_of(self.settings)
        self.passwords = Passwords(self.settings.password_hashes_max)
        self.hub = Hub(self.settings.live_readers_max, self.settings.live_readers_per_caller)

    def require_store(self) -> Store:
        """The store; raises the 503 problem while the database has not been reached yet."""
        if self.store is None:
            raise unavailable(DATABASE_AWAY)
        return self.store

    def require_access_store(self) -> Store:
        """The store for short statements about users, sessions and keys, and for health; raises as the other does."""
        store = self.require_store()
        return self.access_store or store


def new_context(settings: ApiSettings, producer: Producer, running: Running) -> Context:
    """A context on the host's clock; nothing is connected yet."""
    return Context(settings, producer, running, SystemClock())


def get_context(request: HTTPConnection) -> Context:
    """The context of the application that answers ``request``; also a FastAPI dependency."""
    context: Context = request.app.state.context
    return context


def store_of(request: HTTPConnection) -> Store:
    """The store; raises the 503 problem while the database is away. Also a FastAPI dependency."""
    return get_context(request).require_store()
