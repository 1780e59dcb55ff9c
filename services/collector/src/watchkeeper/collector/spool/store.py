"""The spool's files. All methods block; the publisher calls them in a thread, one at a time.

A folder of segments, ``<number>.spool``, each a run of frames, the lowest number the oldest. Only the highest is
written to, and only by the process that began it: a restart begins another, so that nothing ever follows a torn frame.
The file ``position`` says how far the oldest segment was sent, so that a restart does not send it again.
"""

import contextlib
import fcntl
import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from watchkeeper.collector.spool.frames import Kept, frame, frames
from watchkeeper.collector.spool.plan import Segment, last_fitting, segment_bytes, to_drop
from watchkeeper.common.logging import get_logger

SUFFIX = ".spool"

log = get_logger(__name__)


class SpoolBusyError(Exception):
    """Another process has the folder."""


class Place(NamedTuple):
    """A position in the spool: segment and offset, before which all was sent."""

    number: int
    offset: int


@dataclass(frozen=True)
class Chunk:
    """The oldest batches, and the place after each of them."""

    kept: list[Kept]
    ends: list[Place]


class Spool:
    """Batches in a folder, in the order in which they were added, ``bytes_max`` at most.

    ``add`` answers only when the disk has them. What ``sent`` was told of is gone; everything else survives a kill.
    ``dropped`` counts the batches that had to go, ``torn_bytes`` what a kill had left half written.
    """

    def __init__(self, folder: Path, bytes_max: int) -> None:
        """Open ``folder`` and find what an earlier process left. Raises ``OSError``, or ``SpoolBusyError``."""
        self._folder = folder
        self._bytes_max = bytes_max
        self._segment_bytes = segment_bytes(bytes_max)
        self._writing: int | None = None
        self._forgetful = False
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = self._locked()
        self.dropped = 0
        self.torn_bytes = 0
        self._segments, self._sent = self._found(), self._position()
        self._next = max([segment.number for segment in self._segments] + [self._sent.number]) + 1

    @property
    def size(self) -> int:
        """Bytes that wait."""
        size = sum(segment.size for segment in self._segments)
        return size - (self._sent.offset if self._reading_first() else 0)

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return self.size <= 0

    def add(self, kept: Sequence[Kept]) -> None:
        """Keep ``kept`` after all that is kept already; the oldest are dropped, and counted, where that is too much.

        Raises ``OSError`` (a full disk, say); then none of ``kept`` counts as kept.
        """
        encoded = [frame(each) for each in kept]
        first = last_fitting([len(each) for each in encoded], self._bytes_max)
        adding = encoded[first:]
        size = sum(len(each) for each in adding)
        for segment in to_drop(self._segments, size, self._bytes_max):
            self._drop(segment)
        if adding:
            self._append(b"".join(adding), len(adding))
        self.dropped += first

    def oldest(self, count_max: int, bytes_max: int) -> Chunk | None:
        """Return up to ``count_max`` batches and ``bytes_max`` bytes, at least one batch; None where nothing waits."""
        while self._segments:
            segment = self._segments[0]
            offset = self._sent.offset if self._reading_first() else 0
            found = list(islice(frames(self._path(segment.number).read_bytes(), offset), count_max))
            if found:
                fitting = found[: max(1, sum(each.end - offset <= bytes_max for each in found))]
                return Chunk([each.kept for each in fitting], [Place(segment.number, each.end) for each in fitting])
            self._remove(segment)
        return None

    def sent(self, end: Place) -> None:
        """Forget everything up to ``end``, one of those that ``oldest`` answered; harmless when dropped meanwhile."""
        if not self._segments or end.number != self._segments[0].number:
            return
        segment = self._segments[0]
        if end.offset < segment.size:
            self._sent = end
            self._remember()
        else:
            self._remove(segment)

    def close(self) -> None:
        """Let another process have the folder."""
        os.close(self._lock)

    def _append(self, data: bytes, count: int) -> None:
        if self._writing is None or self._segments[-1].size >= self._segment_bytes:
            self._begin()
        segment = self._segments[-1]
        path = self._path(segment.number)
        try:
            with path.open("ab", buffering=0) as file:
                _write(file.fileno(), data)
                os.fsync(file.fileno())
        except OSError:
            self._writing = None  # nothing may follow what is torn
            with contextlib.suppress(OSError):
                os.truncate(path, segment.size)
            raise
        self._segments[-1] = Segment(segment.number, segment.count + count, segment.size + len(data))

    def _begin(self) -> None:
        """Begin a segment, so that its name survives a loss of power, too."""
        number = self._next
        with self._path(number).open("xb"):
            pass
        self._next += 1
        self._segments.append(Segment(number, 0, 0))
        self._sync_folder()
        self._writing = number

    def _drop(self, segment: Segment) -> None:
        sent = 0
        if self._reading_first() and self._sent.offset:
            data = self._path(segment.number).read_bytes()
            sent = sum(each.end <= self._sent.offset for each in frames(data))
        self._remove(segment)
        self.dropped += segment.count - sent

    def _remove(self, segment: Segment) -> None:
        """Remove the oldest segment."""
        self._path(segment.number).unlink(missing_ok=True)
        self._segments.remove(segment)
        if segment.number == self._writing:
            self._writing = None

    def _reading_first(self) -> bool:
        return bool(self._segments) and self._segments[0].number == self._sent.number

    def _remember(self) -> None:
        """Write the position; losing it costs a repeat of batches with the same ids after a restart, nothing else.

        So a disk that does not take it (a full one) must not hold up what was acknowledged: that is said once, and the
        next position is tried again. The file is synced before its name is, and the rename is atomic: a power cut
        leaves the old position or the new one, whole. The rename itself is not synced; the old one only repeats more.
        """
        fresh = self._folder / "position.new"
        try:
            with fresh.open("wb", buffering=0) as file:
                _write(file.fileno(), f"{self._sent.number} {self._sent.offset}\n".encode("ascii"))
                os.fsync(file.fileno())
            fresh.replace(self._folder / "position")
        except OSError as error:
            if not self._forgetful:
                log.warning("position not written, a restart will repeat batches", error=f"{error}")
            self._forgetful = True
        else:
            self._forgetful = False

    def _found(self) -> list[Segment]:
        numbers = sorted(int(path.stem) for path in self._folder.glob(f"*{SUFFIX}") if path.stem.isdecimal())
        segments = []
        for number in numbers:
            data = self._path(number).read_bytes()
            ends = [each.end for each in frames(data)]
            self.torn_bytes += len(data) - (ends[-1] if ends else 0)
            if ends:
                segments.append(Segment(number, len(ends), ends[-1]))
            else:
                self._path(number).unlink(missing_ok=True)
        return segments

    def _position(self) -> Place:
        try:
            number, offset = (self._folder / "position").read_text(encoding="ascii").split()
            return Place(int(number), int(offset))
        except (FileNotFoundError, ValueError):
            return Place(0, 0)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:020d}{SUFFIX}"

    def _sync_folder(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _locked(self) -> int:
        lock = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock)
            raise SpoolBusyError(f"another collector uses {self._folder}") from error
        return lock


def _write(descriptor: int, data: bytes) -> None:
    """Write all of ``data``; a full disk may take a part of it first."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
