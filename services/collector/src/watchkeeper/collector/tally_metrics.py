"""The collector's counts on /metrics; imported when they are first asked for, since what it imports takes memory."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from watchkeeper.collector.tally import Tally


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
