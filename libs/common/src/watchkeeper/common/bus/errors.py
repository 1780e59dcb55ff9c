"""What can go wrong on the bus, sorted by what one does about it.

BusError
├── BusUnavailableError   wait and try again
└── RecordRefusedError    this record never goes through
"""


class BusError(Exception):
    """Anything wrong on the bus."""


class BusUnavailableError(BusError):
    """Kafka is away, starting, or overloaded: the same call may succeed later."""


class RecordRefusedError(BusError):
    """Kafka will never take this record: it is too large, or a right is missing."""
