"""aiokafka logs each failed attempt to connect, many times a second: here the same line passes once in a while."""

import logging
import time

REPEAT_S = 30.0
DISTINCT_MAX = 256


class OnceInAWhile(logging.Filter):
    """Lets a line with the same template through once in ``repeat_s`` seconds."""

    def __init__(self, repeat_s: float = REPEAT_S) -> None:
        """Begin with nothing seen."""
        super().__init__()
        self._repeat_s = repeat_s
        self._seen: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether ``record`` is new enough."""
        now_s = time.monotonic()
        if now_s - self._seen.get(str(record.msg), -self._repeat_s) < self._repeat_s:
            return False
        if len(self._seen) >= DISTINCT_MAX:
            self._seen.clear()
        self._seen[str(record.msg)] = now_s
        return True


_filter = OnceInAWhile()


def quieten() -> None:
    """Put the filter on aiokafka's loggers; harmless when repeated."""
    for name in ("aiokafka", "aiokafka.producer.sender", "aiokafka.consumer.fetcher", "aiokafka.consumer.consumer"):
        logging.getLogger(name).addFilter(_filter)
    for name in ("aiokafka.consumer.group_coordinator", "aiokafka.conn", "aiokafka.cluster", "aiokafka.client"):
        logging.getLogger(name).addFilter(_filter)
