"""What cannot be read goes to the topic ``dead-letters``: bytes, origin, reason."""

from collections.abc import Sequence

from watchkeeper.common.bus.consumer import Received
from watchkeeper.common.bus.errors import BusError
from watchkeeper.common.bus.producer import Producer, Record
from watchkeeper.common.events import DEAD_LETTERS_TOPIC, BadEventError, DeadLetter, encode
from watchkeeper.common.ids import dead_letter_id

VALUE_BYTES_MAX = 512 * 1024


class DeadLetters:
    """Sends the refused records of ``consumer`` on ``topic``."""

    def __init__(self, producer: Producer, consumer: str, topic: str) -> None:
        """Keep whose refusals these are."""
        self._producer = producer
        self._consumer = consumer
        self._topic = topic

    async def put(self, refused: Sequence[tuple[Received, BadEventError]], now_ms: int) -> None:
        """Send a dead letter for each of ``refused`` and wait for all acknowledgements.

        Raises ``BusError`` unless all were acknowledged; a repeat has the same ids.
        """
        letters = [self._letter(received, error, now_ms) for received, error in refused]
        answers = await self._producer.send_all(
            [Record(DEAD_LETTERS_TOPIC, letter.id, encode(letter)) for letter in letters]
        )
        for answer in answers:
            if isinstance(answer, BusError):
                raise answer

    def _letter(self, received: Received, error: BadEventError, now_ms: int) -> DeadLetter:
        return DeadLetter(
            id=dead_letter_id(self._consumer, self._topic, received.partition, received.offset),
            time_ms=now_ms,
            consumer=self._consumer,
            topic=self._topic,
            partition=received.partition,
            offset=received.offset,
            reason=error.reason,
            field=error.field,
            detail=error.detail[:2000],
            key=None if received.key is None else received.key[:1024],
            value=None if received.value is None else received.value[:VALUE_BYTES_MAX],
        )
