"""What the collector counts about itself: told on /metrics, and sent as series of its own."""

from collections import Counter
from dataclasses import dataclass, field

from watchkeeper.collector.reading import Reading, counter, gauge


@dataclass
class Tally:
    """Numbers since start, and the state of queue and spool."""

    read: int = 0
    failed: int = 0
    sent: int = 0
    spooled: int = 0
    refused: int = 0
    dropped_from_spool: int = 0
    dropped_from_queue: int = 0
    spool_bytes: int = 0
    queue_bytes: int = 0
    left_out: Counter[str] = field(default_factory=Counter)

    def leave_out(self, reason: str, number: int) -> None:
        """Count ``number`` values that were left out."""
        self.left_out[reason] += number

    def readings(self) -> list[Reading]:
        """Return what goes out as series: the spool's state, and whatever was lost on the way."""
        return [
            gauge("watchkeeper.spool.size", self.spool_bytes, "By"),
            counter("watchkeeper.spool.dropped", self.dropped_from_spool + self.dropped_from_queue, "{batch}"),
            counter("watchkeeper.collector.refused", self.refused, "{batch}"),
            *(
                counter("watchkeeper.collector.left_out", number, "{sample}", {"reason": reason})
                for reason, number in self.left_out.items()
            ),
        ]
