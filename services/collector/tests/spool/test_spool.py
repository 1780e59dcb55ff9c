"""The spool against a plain list, with kills in the middle of a write."""

import errno
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from structlog.testing import capture_logs

from watchkeeper.collector.spool import Kept, Spool, SpoolBusyError
from watchkeeper.collector.spool import store as spool_store
from watchkeeper.collector.spool.frames import frame

SEGMENT_BYTES = 300
BYTES_MAX = 2000


def batch(number: int, size: int = 40) -> Kept:
    """A batch that can be told from every other one."""
    return Kept("host", f"{number:010d}".encode().ljust(size, b"."))


def contents(spool: Spool) -> list[Kept]:
    """All that waits, taken out."""
    found: list[Kept] = []
    while (chunk := spool.oldest(3, 10_000)) is not None:
        found += chunk.kept
        spool.sent(chunk.ends[-1])
    return found


class SpoolAgainstList(RuleBasedStateMachine):
    """A list holds what must be in the spool. Dropping may take from its front only, and must be counted."""

    @initialize()
    def open_first(self) -> None:
        """Begin with an empty folder; segments are small, so that there are many."""
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(spool_store, "segment_bytes", lambda _: SEGMENT_BYTES)
        self.folder = Path(tempfile.mkdtemp(prefix="spool-"))
        self.spool = Spool(self.folder, BYTES_MAX)
        self.expected: list[Kept] = []
        self.number = 0
        self.dropped_before = 0

    def teardown(self) -> None:
        """Compare the whole at the end."""
        if hasattr(self, "spool"):
            found = contents(self.spool)
            assert found == self.expected
            assert self.spool.empty
            assert self.spool.size == 0
            self.spool.close()
            shutil.rmtree(self.folder)
            self.patch.undo()

    def some(self, sizes: list[int]) -> list[Kept]:
        """New batches of these sizes."""
        self.number += len(sizes)
        return [batch(self.number + index, size) for index, size in enumerate(sizes)]

    @rule(sizes=st.lists(st.integers(10, 200), max_size=6))
    def add(self, sizes: list[int]) -> None:
        """What is added stands at the end; what had to go is the oldest, and is counted."""
        added = self.some(sizes)
        before = self.spool.dropped
        self.spool.add(added)
        gone = self.spool.dropped - before
        self.expected = (self.expected + added)[gone:]

    @rule(count=st.integers(1, 5), size=st.integers(1, 500), acknowledged=st.integers(0, 5))
    def send(self, count: int, size: int, acknowledged: int) -> None:
        """The oldest come first; only what was acknowledged is gone."""
        chunk = self.spool.oldest(count, size)
        if chunk is None:
            assert self.expected == []
            return
        assert 0 < len(chunk.kept) <= count
        assert chunk.kept == self.expected[: len(chunk.kept)]
        acknowledged = min(acknowledged, len(chunk.kept))
        if acknowledged:
            self.spool.sent(chunk.ends[acknowledged - 1])
            self.expected = self.expected[acknowledged:]

    @rule()
    def restart(self) -> None:
        """A new process finds all that was kept, and where sending stood."""
        self.reopen()

    @rule(sizes=st.lists(st.integers(10, 100), min_size=1, max_size=4), share=st.floats(0, 0.999))
    def kill_while_adding(self, sizes: list[int], share: float) -> None:
        """Part of a write is on disk, nobody was told that it is kept: whole frames come back, the torn does not."""
        added = self.some(sizes)
        encoded = [frame(each) for each in added]
        data = b"".join(encoded)
        cut = int(len(data) * share)
        paths = sorted(self.folder.glob("*.spool"))
        new = self.folder / f"{int(paths[-1].stem) + 1 if paths else 10**6 + self.number:020d}.spool"
        target = paths[-1] if paths and self.spool._writing is not None else new
        with target.open("ab") as file:
            file.write(data[:cut])
        end = 0
        for each, frame_bytes in zip(added, encoded, strict=True):
            end += len(frame_bytes)
            if end <= cut:
                self.expected.append(each)
        self.reopen()

    @rule(junk=st.binary(max_size=30))
    @precondition(lambda self: self.expected)
    def lose_the_position(self, junk: bytes) -> None:
        """Without a position sending repeats what the oldest segment holds, and loses nothing."""
        (self.folder / "position").write_bytes(b"x" + junk)
        self.reopen()
        found = contents(self.spool)
        assert found[len(found) - len(self.expected) :] == self.expected
        self.expected = []

    @invariant()
    def never_too_large(self) -> None:
        """The bound holds, but for what a torn write added."""
        if hasattr(self, "spool"):
            assert self.spool.size <= BYTES_MAX + 500
            assert self.spool.empty == (self.expected == [])

    def reopen(self) -> None:
        """Another process takes over."""
        self.spool.close()
        self.spool = Spool(self.folder, BYTES_MAX)


SpoolAgainstList.TestCase.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestSpoolAgainstList = SpoolAgainstList.TestCase


def test_one_process_at_a_time(tmp_path: Path) -> None:
    """A second one is refused until the first has closed."""
    first = Spool(tmp_path, 1_000_000)
    with pytest.raises(SpoolBusyError):
        Spool(tmp_path, 1_000_000)
    first.close()
    Spool(tmp_path, 1_000_000).close()


def test_a_full_disk_keeps_what_was_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that fails half-way counts as nothing; once there is room again, order and contents are whole."""
    spool = Spool(tmp_path, 1_000_000)
    spool.add([batch(1)])
    real = os.write
    room = [len(frame(batch(2))) + 5]

    def full(descriptor: int, data: bytes) -> int:
        if room[0] == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = real(descriptor, data[: room[0]])
        room[0] -= taken
        return taken

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space left"):
        spool.add([batch(2), batch(3)])
    assert spool.size == len(frame(batch(1)))
    monkeypatch.undo()
    spool.add([batch(2), batch(3)])
    assert contents(spool) == [batch(1), batch(2), batch(3)]
    spool.close()


def test_files_are_small_and_go_as_they_are_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A segment is closed once it is large enough, and removed once all of it was acknowledged."""
    monkeypatch.setattr(spool_store, "segment_bytes", lambda _: 100)
    spool = Spool(tmp_path, 1_000_000)
    for number in range(10):
        spool.add([batch(number)])
    assert len(list(tmp_path.glob("*.spool"))) == 5
    for left in (5, 5, 4, 4):
        assert len(list(tmp_path.glob("*.spool"))) == left
        chunk = spool.oldest(1, 1000)
        assert chunk is not None
        spool.sent(chunk.ends[0])
    spool.close()


def test_what_was_dropped_meanwhile_may_still_be_acknowledged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A chunk on its way while its segment is dropped: its acknowledgement touches nothing else."""
    monkeypatch.setattr(spool_store, "segment_bytes", lambda _: 100)
    spool = Spool(tmp_path, 300)
    spool.add([batch(1), batch(2)])
    chunk = spool.oldest(10, 1000)
    assert chunk is not None
    spool.add([batch(number) for number in range(3, 8)])
    assert spool.dropped == 2
    spool.sent(chunk.ends[-1])
    assert contents(spool) == [batch(number) for number in range(3, 8)]
    spool.close()


def test_a_position_that_cannot_be_written_costs_a_repeat_and_nothing_else(tmp_path: Path) -> None:
    """What was acknowledged is gone, though the position cannot be written; a restart repeats, and loses nothing."""
    spool = Spool(tmp_path, 1_000_000)
    spool.add([batch(number) for number in range(4)])
    (tmp_path / "position.new").mkdir()
    with capture_logs() as logs:
        for number in range(2):
            chunk = spool.oldest(1, 1000)
            assert chunk is not None
            assert chunk.kept == [batch(number)]
            spool.sent(chunk.ends[0])
    assert [line["event"] for line in logs] == ["position not written, a restart will repeat batches"]
    spool.close()
    spool = Spool(tmp_path, 1_000_000)
    assert contents(spool) == [batch(number) for number in range(4)]
    spool.close()
