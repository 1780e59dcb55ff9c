"""Batches kept on disk while Kafka is away: ``frames`` and ``plan`` decide, ``store`` reads and writes."""

from watchkeeper.collector.spool.frames import Kept
from watchkeeper.collector.spool.store import Chunk, Place, Spool, SpoolBusyError

__all__ = ["Chunk", "Kept", "Place", "Spool", "SpoolBusyError"]
