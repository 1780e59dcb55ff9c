"""A right that Kafka does not grant is waited for: a real broker with access control lists, which a test changes."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import CreateAclsRequest

from watchkeeper.common.bus import BusUnavailableError, KafkaSettings, Record, ensure_topics, open_producer
from watchkeeper.common.bus.settings import Topic
from watchkeeper.embedded.engine import running
from watchkeeper.embedded.kafka import Kafka

GUARDED = """
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=true
"""
# Numbers of the protocol (org.apache.kafka.common.resource.ResourceType, acl.AclOperation, acl.AclPermissionType).
TOPIC, CLUSTER = 2, 4
ALL, WRITE, DESCRIBE, IDEMPOTENT_WRITE = 2, 4, 8, 12
LITERAL, DENY, ALLOW = 3, 2, 3


class Guarded(Kafka):
    """Kafka that asks its access control lists; where none speaks of something, all is allowed."""

    def prepare(self) -> None:
        """Add the authorizer to the settings."""
        super().prepare()
        with (self.folder / "server.properties").open("a") as settings:
            settings.write(GUARDED)


@pytest.fixture(scope="module", name="guarded")
def _guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaSettings]:
    folder: Path = tmp_path_factory.mktemp("guarded")
    with running(Guarded(folder)) as engine:
        yield KafkaSettings(servers=engine.servers, request_timeout_s=3, partitions=1)


@contextlib.asynccontextmanager
async def administrator(settings: KafkaSettings) -> AsyncIterator[AIOKafkaAdminClient]:
    """A client that changes what is allowed."""
    admin = AIOKafkaAdminClient(**settings.connection())
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def deny(settings: KafkaSettings, kind: int, name: str, operation: int) -> None:
    """Take one right from everybody, and no other; aiokafka has the request, but no call for it."""
    async with administrator(settings) as admin:
        for what, permission in ((ALL, ALLOW), (operation, DENY)):
            request = CreateAclsRequest(kind, name, LITERAL, "User:*", "*", what, permission)
            answer = await admin._send_request(request)
            assert [code for code, _ in answer.creation_responses] == [0]


async def test_a_topic_that_may_not_be_written_to_is_waited_for(guarded: KafkaSettings) -> None:
    """Neither before nor after the producer has written to it is a record refused for good."""
    await ensure_topics(guarded, [Topic("lost")])
    async with open_producer(guarded, "test-rights") as producer:
        await producer.send("lost", None, b"while allowed")
        await deny(guarded, TOPIC, "lost", WRITE)
        for _ in range(2):
            answers = await producer.send_all([Record("lost", None, b"x")] * 3)
            assert [type(answer) for answer in answers] == [BusUnavailableError] * 3
            assert "TopicAuthorizationFailed" in str(answers[0])
    async with open_producer(guarded, "test-rights-anew") as producer:
        with pytest.raises(BusUnavailableError, match="TopicAuthorizationFailed"):
            await producer.send("lost", None, b"x")


async def test_a_topic_that_may_not_be_seen_is_waited_for(guarded: KafkaSettings) -> None:
    """The client learns it before it sends anything."""
    await ensure_topics(guarded, [Topic("hidden")])
    await deny(guarded, TOPIC, "hidden", DESCRIBE)
    async with open_producer(guarded, "test-hidden") as producer:
        with pytest.raises(BusUnavailableError, match="TopicAuthorizationFailed"):
            await producer.send("hidden", None, b"x")


async def test_a_cluster_that_gives_no_producer_id_is_waited_for(guarded: KafkaSettings) -> None:
    """The last of these tests: afterwards nobody may write anything."""
    await deny(guarded, CLUSTER, "kafka-cluster", IDEMPOTENT_WRITE)
    await deny(guarded, TOPIC, "*", WRITE)
    async with open_producer(guarded, "test-cluster") as producer:
        with pytest.raises(BusUnavailableError, match="ClusterAuthorizationFailed"):
            await producer.send("lost", None, b"x")
