"""The root conftest's engines are real and separate."""

from watchkeeper.common.bus import KafkaSettings, Record, end_offsets, open_producer
from watchkeeper.common.store import Store


async def test_a_topic_of_its_own_is_new_and_takes_records(kafka: KafkaSettings, topic: str) -> None:
    async with open_producer(kafka, "test") as producer:
        answers = await producer.send_all([Record(topic, "key", b"value")])
    assert [type(answer).__name__ for answer in answers] == ["Position"]
    assert sum((await end_offsets(kafka, topic)).values()) == 1


async def test_a_store_is_migrated_and_empty(store: Store) -> None:
    async with store.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM schema_migrations") > 0
        assert await connection.fetchval("SELECT count(*) FROM series") == 0
