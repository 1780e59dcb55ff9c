"""The framing of the spool's files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.collector.spool.frames import Kept, frame, frames
from watchkeeper.collector.spool.plan import Segment, last_fitting, segment_bytes, to_drop

KEPT = st.builds(Kept, st.text(max_size=20), st.binary(max_size=100))


@given(st.lists(KEPT, max_size=10))
def test_what_is_written_is_read_back(kept: list[Kept]) -> None:
    """All of it, in order; each end is where the next frame begins."""
    data = b"".join(frame(each) for each in kept)
    found = list(frames(data))
    assert [each.kept for each in found] == kept
    if found:
        assert found[-1].end == len(data)
        assert [each.kept for each in frames(data, found[0].end)] == kept[1:]


@given(st.lists(KEPT, min_size=1, max_size=5), st.data())
def test_a_torn_end_costs_the_torn_frame_only(kept: list[Kept], data: st.DataObject) -> None:
    """Cut anywhere in the last frame, and with anything after the cut that a disk might hold there."""
    whole = b"".join(frame(each) for each in kept[:-1])
    last = frame(kept[-1])
    cut = data.draw(st.integers(0, len(last) - 1))
    rest = data.draw(st.sampled_from([b"", b"\0" * 50, b"\xff" * 50]))
    found = [each.kept for each in frames(whole + last[:cut] + rest)]
    assert found[: len(kept) - 1] == kept[:-1]
    # zeros may complete a frame that ended in zeros, and nothing else may
    assert found in (kept[:-1], kept)


@given(st.lists(KEPT, min_size=1, max_size=5), st.data())
def test_a_changed_bit_never_becomes_a_batch(kept: list[Kept], data: st.DataObject) -> None:
    """What is read is a prefix of what was written."""
    written = bytearray(b"".join(frame(each) for each in kept))
    place = data.draw(st.integers(0, len(written) - 1))
    written[place] ^= 1 << data.draw(st.integers(0, 7))
    found = [each.kept for each in frames(bytes(written))]
    assert found == kept[: len(found)]
    assert len(found) < len(kept)


def test_what_is_too_long_is_refused() -> None:
    """A key of more than 64 KiB, a value of more than 16 MiB."""
    with pytest.raises(ValueError, match="too long"):
        frame(Kept("k" * 70_000, b""))
    with pytest.raises(ValueError, match="too long"):
        frame(Kept("k", bytes(16 * 1024 * 1024)))


@given(st.lists(st.integers(0, 100), max_size=10), st.integers(0, 200), st.integers(0, 300))
def test_no_more_is_dropped_than_must_be(sizes: list[int], adding: int, bytes_max: int) -> None:
    """The oldest go, until the rest and the new fit; one fewer would not do."""
    segments = [Segment(number, 1, size) for number, size in enumerate(sizes)]
    going = to_drop(segments, adding, bytes_max)
    assert going == segments[: len(going)]
    left = sum(sizes[len(going) :]) + adding
    assert left <= bytes_max or len(going) == len(segments)
    if going:
        assert left + going[-1].size > bytes_max


@given(st.lists(st.integers(1, 100), max_size=10), st.integers(0, 300))
def test_the_newest_that_fit_are_kept(sizes: list[int], bytes_max: int) -> None:
    """As many of the newest as fit, and no more."""
    first = last_fitting(sizes, bytes_max)
    assert sum(sizes[first:]) <= bytes_max
    if first:
        assert sum(sizes[first - 1 :]) > bytes_max


def test_a_segment_is_a_small_part_of_the_spool() -> None:
    """A sixteenth, within bounds."""
    assert segment_bytes(1024 * 1024) == 64 * 1024
    assert segment_bytes(4 * 1024 * 1024) == 256 * 1024
    assert segment_bytes(1 << 40) == 1024 * 1024
