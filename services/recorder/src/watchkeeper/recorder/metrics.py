"""The recorder's own figures, for Prometheus."""

from prometheus_client import Counter, Gauge, Histogram

STORED = Counter("watchkeeper_recorder_samples_stored", "Samples stored, each counted once.")
REPEATED = Counter("watchkeeper_recorder_samples_repeated", "Samples that were stored already.")
MERGED = Counter("watchkeeper_recorder_samples_merged", "Samples older than raw, merged into rollups.")
BATCHES = Counter("watchkeeper_recorder_batches", "Batches (records) stored.")
REFUSED = Counter("watchkeeper_recorder_records_refused", "Records sent to the dead letters.", ["reason"])
CARDINALITY = Counter("watchkeeper_recorder_samples_refused", "Samples refused by the limit of series per resource.")
TRANSACTION_S = Histogram(
    "watchkeeper_recorder_transaction_seconds",
    "Time that one transaction took.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
FENCED = Counter("watchkeeper_recorder_fenced", "Transactions given up since the offset had moved.")
RETRIED = Counter("watchkeeper_recorder_retries", "Transactions tried again.", ["because"])
LAG = Gauge("watchkeeper_recorder_lag_records", "Records not stored yet.", ["partition"])
SKIPPED = Counter("watchkeeper_recorder_records_skipped", "Offsets that the topic no longer had when they were due.")
PARTITION_STOPPED = Gauge("watchkeeper_recorder_partition_stopped", "1: stopped by malformed records.", ["partition"])
ROLLUP_BACKLOG = Gauge("watchkeeper_recorder_rollup_backlog", "Marked buckets not rolled up yet.")
ROLLED = Counter("watchkeeper_recorder_rollups", "Buckets rolled up, counted per resource.", ["resolution"])
ROLLUP_S = Histogram("watchkeeper_recorder_rollup_seconds", "Time that one look for rollups took.")
DROPPED = Counter("watchkeeper_recorder_partitions_dropped", "Partitions dropped by retention.", ["resolution"])
RETENTION_HELD = Gauge("watchkeeper_recorder_retention_held", "1: floors would leap, and are waited with.")
