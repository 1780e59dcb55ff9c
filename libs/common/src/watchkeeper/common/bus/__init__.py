"""The bus: Kafka, spoken by aiokafka, which nothing else imports."""

from watchkeeper.common.bus.consumer import Consumer, Fetched, Received, open_consumer
from watchkeeper.common.bus.dead_letters import DeadLetters
from watchkeeper.common.bus.errors import BusError, BusUnavailableError, RecordRefusedError
from watchkeeper.common.bus.producer import Position, Producer, Record, open_producer
from watchkeeper.common.bus.settings import TOPICS, KafkaSettings, Topic
from watchkeeper.common.bus.tail import end_offsets, tail
from watchkeeper.common.bus.topics import ensure_topics, topic_names

__all__ = [
    "TOPICS",
    "BusError",
    "BusUnavailableError",
    "Consumer",
    "DeadLetters",
    "Fetched",
    "KafkaSettings",
    "Position",
    "Producer",
    "Received",
    "Record",
    "RecordRefusedError",
    "Topic",
    "end_offsets",
    "ensure_topics",
    "open_consumer",
    "open_producer",
    "tail",
    "topic_names",
]
