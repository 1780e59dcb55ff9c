"""A portion of a partition's records: decided and written, again and again until the database has it."""

import functools
from collections.abc import Sequence
from datetime import timedelta

from watchkeeper.common.bus import BusError, DeadLetters, Received
from watchkeeper.common.clock import Clock
from watchkeeper.common.events import BadEventError
from watchkeeper.common.logging import get_logger
from watchkeeper.common.service import Running
from watchkeeper.recorder import metrics
from watchkeeper.recorder.domain.arrivals import resolve
from watchkeeper.recorder.domain.judging import BadRun
from watchkeeper.recorder.domain.reading import Reading, read
from watchkeeper.recorder.domain.retention import floors_of, span_of
from watchkeeper.recorder.settings import RecorderSettings
from watchkeeper.recorder.store.errors import is_contention, is_data_error, is_missing_partition
from watchkeeper.recorder.store.offsets import Step
from watchkeeper.recorder.store.room import TABLES
from watchkeeper.recorder.waiting import Backoff, HeldUp, passes
from watchkeeper.recorder.writing import FloorMovedError, Writer

WIDTHS: dict[str, timedelta] = {resolution: table.width for resolution, table in TABLES.items()}

log = get_logger(__name__)


class BadRecordsError(Exception):
    """Too many malformed records: the partition is to stop before they are written off. The message says how many."""


class Portions:
    """Decides what becomes of records, and sees to it that it happens once."""

    def __init__(self, settings: RecorderSettings, writer: Writer, letters: DeadLetters, running: Running) -> None:
        """Keep what deciding and writing need."""
        self._settings = settings
        self._writer = writer
        self._letters = letters
        self._running = running
        self._judge = BadRun()
        self._held_up = HeldUp(running, "recording")

    async def take(self, records: Sequence[Received], step: Step, clock: Clock) -> bool:
        """Store ``records`` and move the offset by ``step``; answers False when stopped before it was done.

        A database or Kafka that is away is waited for. Raises ``BadRecordsError`` before anything is written, and
        ``FencedError``.
        """
        return await self._write(records, step, clock, judged=False)

    def forget(self, partition: int) -> None:
        """``partition`` begins anew, here or elsewhere."""
        self._judge.forget(partition)
        self._held_up.over()

    def _read(self, records: Sequence[Received], clock: Clock) -> Reading:
        now_ms, settings = clock.now_ms(), self._settings
        wanted = floors_of(now_ms, settings.kept, WIDTHS)
        return read(records, span_of(now_ms, self._writer.floors, wanted, settings.ahead_s))

    async def _write(self, records: Sequence[Received], step: Step, clock: Clock, *, judged: bool) -> bool:
        backoff = Backoff(self._running.until_stopped)
        acknowledged: set[int] = set()
        reading = self._read(records, clock)
        while not self._running.until_stopped.is_set():
            arrivals, unknown = resolve(reading, self._writer.dictionary)
            judged = judged or self._judged(step.partition, reading)
            before_commit = functools.partial(self._bury, reading, acknowledged, clock)
            try:
                await self._writer.write(step, arrivals, unknown, before_commit, clock.now_ms())
            except FloorMovedError:
                reading = self._read(records, clock)
            except Exception as error:  # noqa: BLE001 - sorted in _missed, which raises what is not ours
                if is_data_error(error) and len(records) > 1:
                    return await self._halve(records, step, clock)
                self._missed(error, records, reading)
                await backoff.pause()
            else:
                self._running.ready("database", ok=True)
                self._held_up.over()
                for refusal in reading.refusals:
                    metrics.REFUSED.labels(refusal.error.reason).inc()
                return True
        return False

    def _judged(self, partition: int, reading: Reading) -> bool:
        """Count what is malformed; raises ``BadRecordsError`` where it is too much."""
        reason = self._judge.judge(partition, list(reading.verdicts.values()))
        if reason is not None and self._settings.stop_on_bad:
            raise BadRecordsError(reason)
        return True

    async def _halve(self, records: Sequence[Received], step: Step, clock: Clock) -> bool:
        """Look for the record that the database refuses, so that it alone goes to the dead letters."""
        middle = len(records) // 2
        between = records[middle].offset
        halves = (
            (records[:middle], step._replace(next_offset=between)),
            (records[middle:], step._replace(expected=between)),
        )
        for half, its_step in halves:
            if not await self._write(half, its_step, clock, judged=True):
                return False
        return True

    def _missed(self, error: Exception, records: Sequence[Received], reading: Reading) -> None:
        """Sort an error by what helps against it; raises those that nothing here helps against."""
        detail = f"{type(error).__name__}: {error}"
        if is_data_error(error):
            log.error("refused by the database", error=detail, offset=records[0].offset)
            reading.batches.clear()
            reading.refuse(records[0], BadEventError("store", "", detail))
        elif is_missing_partition(error):
            log.warning("no partition for a row", error=detail)
            self._held_up.again(detail)
            self._writer.room.forget()
        elif not passes(error):
            raise error
        elif is_contention(error):
            self._held_up.again(detail)
        elif isinstance(error, BusError):
            self._running.ready("kafka", ok=False, detail=detail)
        else:
            self._running.ready("database", ok=False, detail=detail)
            self._writer.forget()
        metrics.RETRIED.labels(type(error).__name__).inc()

    async def _bury(self, reading: Reading, acknowledged: set[int], clock: Clock) -> None:
        """Send the dead letters that Kafka has not acknowledged yet."""
        due = [refusal for refusal in reading.refusals if refusal.received.offset not in acknowledged]
        if not due:
            return
        await self._letters.put([(refusal.received, refusal.error) for refusal in due], clock.now_ms())
        acknowledged.update(refusal.received.offset for refusal in due)
