"""What the collector counts about itself: told on /metrics, and sent as series of its own."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

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


class TallyCollector(Collector):
    """Shows a tally on /metrics."""

    def __init__(self, tally: Tally) -> None:
        """Keep the tally."""
        self._tally = tally

    def collect(self) -> Iterator[Metric]:
        """Yield the counts by the names that /metrics shows."""
        tally, prefix = self._tally, "watchkeeper_collector"
        readings = CounterMetricFamily(f"{prefix}_readings", "Readings of sources.", labels=["result"])
        readings.add_metric(["ok"], tally.read)
        readings.add_metric(["failed"], tally.failed)
        yield readings
        batches = CounterMetricFamily(f"{prefix}_batches", "Batches by what became of them.", labels=["fate"])
        for fate in ("sent", "spooled", "refused", "dropped_from_spool", "dropped_from_queue"):
            batches.add_metric([fate], getattr(tally, fate))
        yield batches
        left_out = CounterMetricFamily(f"{prefix}_left_out", "Values left out of batches.", labels=["reason"])
        for reason, number in tally.left_out.copy().items():
            left_out.add_metric([reason], number)
        yield left_out
        yield GaugeMetricFamily(f"{prefix}_spool_bytes", "Bytes that wait on disk.", tally.spool_bytes)
        yield GaugeMetricFamily(f"{prefix}_queue_bytes", "Bytes that wait in memory.", tally.queue_bytes)
