"""The recorder: metrics from Kafka into the store, each sample once, with rollups and retention.

"Once" holds for as long as single samples are kept: docs/decisions/0012-none-twice-and-how-long.md.
"""
