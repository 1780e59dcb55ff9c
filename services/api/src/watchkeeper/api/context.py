"""What the routes and the background tasks share: settings, store, producer, clock, and the service's state."""

from dataclasses import dataclass

from starlette.requests import HTTPConnection

from watchkeeper.api.problems import DATABASE_AWAY, unavailable
from watchkeeper.api.settings import ApiSettings
from watchkeeper.common.bus import Producer
from watchkeeper.common.clock import Clock, SystemClock
from watchkeeper.common.service import Running
from watchkeeper.common.store import Store


@dataclass
class Context:
    """One application's parts. ``store`` is there once the database has been reached and migrated, for good."""

    settings: ApiSettings
    producer: Producer
    running: Running
    clock: Clock
    store: Store | None = None

    def require_store(self) -> Store:
        """The store; raises the 503 problem while the database has not been reached yet."""
        if self.store is None:
            raise unavailable(DATABASE_AWAY)
        return self.store


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
