"""The application without engines: for its OpenAPI document, and for tests of what needs none."""

from pydantic import SecretStr

from watchkeeper.api.app import Gateway, create_app
from watchkeeper.api.context import new_context
from watchkeeper.api.settings import ApiSettings
from watchkeeper.common.bus import KafkaSettings, Producer
from watchkeeper.common.service import Running
from watchkeeper.common.store import DatabaseSettings


def offline_app() -> Gateway:
    """The application with addresses where nothing is; it connects to nothing unless its lifespan is run."""
    kafka = KafkaSettings(servers="127.0.0.1:1")
    database = DatabaseSettings(url=SecretStr("postgresql://127.0.0.1:1/none"))
    settings = ApiSettings(kafka=kafka, database=database)
    return create_app(new_context(settings, Producer(kafka, "offline", 100), Running("api")))
