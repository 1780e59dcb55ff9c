"""The engines that tests run on, and a database, topics and a store of their own for each test.

Where the engines come from, in this order: addresses in the environment (``WK_TEST_KAFKA_SERVERS``; and
``WK_TEST_DATABASE_URL``, a superuser's); Docker, where an engine answers; else the embedded ones, in a temporary
folder.
"""

import asyncio
import contextlib
import functools
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import hypothesis
import pytest
from pydantic import SecretStr

from watchkeeper.common.bus import TOPICS, KafkaSettings, Topic, ensure_topics
from watchkeeper.common.store import DatabaseSettings, Store, migrate, open_store
from watchkeeper.embedded.docker_engines import docker_answers, docker_database, docker_kafka
from watchkeeper.embedded.engine import running
from watchkeeper.embedded.kafka import Kafka
from watchkeeper.embedded.postgres import Postgres

PARTITIONS = 4
TOPIC_S = 10.0
TRIES = 60
TRY_AGAIN_S = 0.25

# Tests do not time things, and a busy machine is slow now and then. The rest of hypothesis's own profile stays.
hypothesis.settings.register_profile("untimed", parent=hypothesis.settings(), deadline=None)
hypothesis.settings.load_profile("untimed")

MakeTopic = Callable[..., Awaitable[str]]
NewDatabase = Callable[[], contextlib.AbstractAsyncContextManager[str]]


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaSettings]:
    """A real Kafka for the whole run, shared by all tests (and others): never assume a topic or a group empty.

    Topics made with these settings get 4 partitions.
    """
    with contextlib.ExitStack() as stack:
        servers = os.environ.get("WK_TEST_KAFKA_SERVERS")
        if servers is None and docker_answers():
            servers = stack.enter_context(docker_kafka())
        if servers is None:
            servers = stack.enter_context(running(Kafka(tmp_path_factory.mktemp("kafka")))).servers
        yield KafkaSettings(servers=servers, partitions=PARTITIONS)


@pytest.fixture
async def topics(kafka: KafkaSettings) -> tuple[Topic, ...]:
    """The standard topics, made if missing; not emptied. For tests that run what has these names fixed."""
    await ensure_topics(kafka)
    return TOPICS


@pytest.fixture
async def topic(kafka: KafkaSettings) -> str:
    """The name of a topic of the test's own: new, empty, 4 partitions."""
    name = f"test-{secrets.token_hex(6)}"
    await ensure_topics(kafka, [Topic(name)])
    return name


@pytest.fixture(scope="session")
def database_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A superuser's address of a real PostgreSQL (or TimescaleDB) for the whole run."""
    with contextlib.ExitStack() as stack:
        address = os.environ.get("WK_TEST_DATABASE_URL")
        if address is None and docker_answers():
            address = stack.enter_context(docker_database())
        if address is None:
            address = stack.enter_context(running(Postgres(tmp_path_factory.mktemp("pg"), durable=False))).admin_url
        yield address


@pytest.fixture(scope="session")
def new_database(database_server: str) -> NewDatabase:
    """A block with a database of its own: its superuser's address; empty but for template1's extensions."""
    return functools.partial(_new_database, database_server)


@pytest.fixture
async def database_url(new_database: NewDatabase) -> AsyncIterator[str]:
    """The superuser's address of a database of the test's own: empty but for template1's extensions, dropped after."""
    async with new_database() as address:
        yield address


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """An open store on a migrated database of the test's own; ``store.settings`` has its address for processes."""
    async with open_store(DatabaseSettings(url=SecretStr(database_url))) as opened:
        await migrate(opened)
        yield opened


@contextlib.asynccontextmanager
async def _new_database(server: str) -> AsyncIterator[str]:
    name = f"test_{secrets.token_hex(6)}"
    await _administer(server, f"CREATE DATABASE {name} TEMPLATE template1")
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        await _administer(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


async def _administer(server: str, statement: str) -> None:
    connection = await asyncpg.connect(server, timeout=10, command_timeout=60)
    try:
        for _ in range(TRIES):
            try:
                await connection.execute(statement)
                break
            except asyncpg.ObjectInUseError:
                # TimescaleDB's own workers look into template1 now and then, and a database in use is not copied.
                await asyncio.sleep(TRY_AGAIN_S)
        else:
            await connection.execute(statement)
    finally:
        await connection.close()
