"""Refused records on a real topic of dead letters."""

import asyncio
import secrets

import pytest

from watchkeeper.common.bus import BusError, DeadLetters, KafkaSettings, Received, Topic, open_producer, tail
from watchkeeper.common.bus.dead_letters import VALUE_BYTES_MAX
from watchkeeper.common.events import DEAD_LETTERS_TOPIC, BadEventError, DeadLetter, decode_dead_letter
from watchkeeper.common.ids import dead_letter_id


async def letters_of(kafka: KafkaSettings, consumer: str, since_ms: int, count: int) -> list[DeadLetter]:
    """The dead letters of ``consumer``, of which ``count`` are waited for."""
    found: list[DeadLetter] = []
    async with asyncio.timeout(20):
        async for received in tail(kafka, DEAD_LETTERS_TOPIC, since_ms=since_ms):
            read = [decode_dead_letter(record.value or b"") for record in received]
            found.extend(letter for letter in read if letter.consumer == consumer)
            if len(found) >= count:
                break
    return found


async def test_a_refused_record_keeps_its_bytes_origin_and_reason(kafka: KafkaSettings, topics: tuple[Topic]) -> None:
    consumer = f"recorder-{secrets.token_hex(4)}"
    garbage = b"\xff\x00 not JSON"
    refused = [
        (Received(3, 17, 1, b"host-1", garbage), BadEventError("not-json", "", "malformed")),
        (Received(3, 18, 1, None, None), BadEventError("schema", "values", "x" * 5000)),
        (Received(3, 19, 1, b"k" * 5000, b"v" * (VALUE_BYTES_MAX + 1)), BadEventError("schema", "", "long")),
    ]
    async with open_producer(kafka, "test-dead") as producer:
        await DeadLetters(producer, consumer, "metrics").put(refused, now_ms=1_764_000_000_000)
    found = {letter.offset: letter for letter in await letters_of(kafka, consumer, 0, 3)}
    assert found[17] == DeadLetter(
        id=dead_letter_id(consumer, "metrics", 3, 17),
        time_ms=1_764_000_000_000,
        consumer=consumer,
        topic="metrics",
        partition=3,
        offset=17,
        reason="not-json",
        detail="malformed",
        key=b"host-1",
        value=garbage,
    )
    assert (found[18].key, found[18].value, found[18].field, len(found[18].detail)) == (None, None, "values", 2000)
    assert (len(found[19].key or b""), len(found[19].value or b"")) == (1024, VALUE_BYTES_MAX)


async def test_a_repeat_has_the_same_ids(kafka: KafkaSettings, topics: tuple[Topic]) -> None:
    consumer = f"recorder-{secrets.token_hex(4)}"
    refused = [(Received(0, 5, 1, None, b"x"), BadEventError("schema", "", "bad"))]
    async with open_producer(kafka, "test-dead") as producer:
        letters = DeadLetters(producer, consumer, "metrics")
        await letters.put(refused, now_ms=1)
        await letters.put(refused, now_ms=2)
    one, other = await letters_of(kafka, consumer, 0, 2)
    assert one.id == other.id


async def test_none_counts_as_put_unless_all_are_acknowledged(away: KafkaSettings) -> None:
    async with open_producer(away, "test-dead") as producer:
        with pytest.raises(BusError):
            await DeadLetters(producer, "recorder", "metrics").put(
                [(Received(0, 5, 1, None, b"x"), BadEventError("schema", "", "bad"))], now_ms=1
            )
