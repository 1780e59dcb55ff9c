"""What the tests of the bus share."""

import secrets
import socket
from collections.abc import Iterator

import pytest

from watchkeeper.common.bus import KafkaSettings


@pytest.fixture
def group() -> str:
    """A consumer group of the test's own."""
    return f"group-{secrets.token_hex(6)}"


@pytest.fixture
def away() -> Iterator[KafkaSettings]:
    """Settings of a Kafka that is not there: nothing listens on its port while the test runs."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but it does not listen
        yield KafkaSettings(servers=f"127.0.0.1:{taken.getsockname()[1]}", request_timeout_s=1)


@pytest.fixture
def silent() -> Iterator[KafkaSettings]:
    """Settings of a Kafka that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield KafkaSettings(servers=f"127.0.0.1:{listening.getsockname()[1]}", request_timeout_s=0.5)
