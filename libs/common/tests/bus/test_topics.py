"""Making topics on a real Kafka."""

import asyncio
import secrets

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from watchkeeper.common.bus import TOPICS, BusUnavailableError, KafkaSettings, Topic, ensure_topics
from watchkeeper.common.bus.topics import topic_names


def fresh(count: int) -> list[Topic]:
    """Topics that nobody has."""
    stem = secrets.token_hex(5)
    return [Topic(f"made-{stem}-{n}", {"retention.ms": "60000"}) for n in range(count)]


async def test_what_is_missing_is_made_with_its_settings_and_the_rest_left_alone(kafka: KafkaSettings) -> None:
    one, other = fresh(2)
    assert await ensure_topics(kafka, [one]) == [one.name]
    assert await ensure_topics(kafka, [one, other]) == [other.name]
    assert await ensure_topics(kafka, [one, other]) == []
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.servers)
    await admin.start()
    try:
        (described,) = await admin.describe_topics([one.name])
        (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, one.name)])
    finally:
        await admin.close()
    assert len(described["partitions"]) == kafka.partitions
    settings = {entry[0]: entry[1] for entry in answer.resources[0][4]}
    assert settings["retention.ms"] == "60000"


async def test_several_starters_may_make_them_at_once(kafka: KafkaSettings) -> None:
    topics = fresh(3)
    made = await asyncio.gather(*(ensure_topics(kafka, topics) for _ in range(5)))
    assert sorted(name for names in made for name in names) == sorted(topic.name for topic in topics)


async def test_the_standard_topics_can_be_made(kafka: KafkaSettings) -> None:
    await ensure_topics(kafka)
    assert await ensure_topics(kafka) == []
    assert {topic.name for topic in TOPICS} == {"metrics", "dead-letters"}


async def test_what_kafka_refuses_is_told_with_the_topic(kafka: KafkaSettings) -> None:
    """More replicas than there are brokers."""
    (topic,) = fresh(1)
    with pytest.raises(BusUnavailableError, match=topic.name):
        await ensure_topics(kafka.model_copy(update={"replication": 9}), [topic])


async def test_kafka_away_is_told(away: KafkaSettings) -> None:
    with pytest.raises(BusUnavailableError):
        await ensure_topics(away)


async def test_all_topics_are_listed(kafka: KafkaSettings, away: KafkaSettings) -> None:
    topics = fresh(2)
    await ensure_topics(kafka, topics)
    names = await topic_names(kafka)
    assert names == sorted(names)
    assert {topic.name for topic in topics} <= set(names)
    with pytest.raises(BusUnavailableError):
        await topic_names(away)
