"""Ids are derived, not drawn: the same facts give the same id, so that a replay changes nothing (RFC 9562, UUIDv5)."""

import uuid

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "watchkeeper.invalid")


def derived_id(kind: str, *facts: object) -> str:
    """The UUIDv5 of ``facts`` within ``kind``, as text.

    Facts are joined by the unit separator, so ``("a", "bc")`` and ``("ab", "c")`` differ.
    """
    return str(uuid.uuid5(NAMESPACE, "\x1f".join((kind, *map(str, facts)))))


def batch_id(resource_id: str, source: str, time_ms: int) -> str:
    """The id of the batch that ``source`` collected on ``resource_id`` at ``time_ms``."""
    return derived_id("metrics-batch", resource_id, source, time_ms)


def dead_letter_id(consumer: str, topic: str, partition: int, offset: int) -> str:
    """The id of the dead letter for one record; a replayed refusal has the same id."""
    return derived_id("dead-letter", consumer, topic, partition, offset)
