"""What can go wrong on the bus, sorted by what one does about it.

BusError
├── BusUnavailableError   wait and try again
└── RecordRefusedError    this record never goes through
"""


class BusError(Exception):
    """Anything wrong on the bus."""


class BusUnavailableError(BusError):
    """Kafka is away, starting, overloaded, or grants no right to this: the same call may succeed later.

    A missing right (to the topic, the cluster, a transactional id) is the operator's to grant, and no fault of what is
    sent: the sender keeps it and says that it is not ready.
    """


class RecordRefusedError(BusError):
    """Kafka will never take this record: it is too large."""
