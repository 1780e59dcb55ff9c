"""When a source is read: at multiples of its interval by the clock, plus an offset of its own. Pure."""

import hashlib

CLOSEST_S = 0.001
"""Instants closer than this are the same one: the division's last bits, at unix times, are below a microsecond."""


def offset_s(host_id: str, label: str, jitter_s: float, interval_s: float) -> float:
    """Return the seconds after the aligned instant at which this host reads ``label``, always the same ones.

    Nine tenths of ``jitter_s`` spread the hosts of a fleet; the rest spreads the sources of one host, closely enough
    that what they read goes out together. Never more than half the interval.
    """
    spread_s = min(jitter_s, interval_s / 2)
    return spread_s * (0.9 * _share(host_id) + 0.1 * _share(f"{host_id}\x1f{label}"))


def next_due_s(now_s: float, last_due_s: float | None, interval_s: float, offset_s: float) -> float:
    """Return the first instant after ``now_s`` (unix seconds) that is ``offset_s`` past a multiple of ``interval_s``.

    Instants that passed meanwhile are left out, so that a late wake-up is followed by one reading and not by many.
    A timer that fires a little early does not make the same instant due twice; a clock that was set back by more
    than an interval starts over.
    """
    after_s = now_s
    if last_due_s is not None and 0 <= last_due_s - now_s < interval_s:
        after_s = last_due_s
    turns = (after_s - offset_s) // interval_s + 1
    due_s = turns * interval_s + offset_s
    if due_s < after_s + CLOSEST_S:
        due_s += interval_s
    return due_s


def _share(text: str) -> float:
    """Return a number from 0 up to 1 that ``text`` always gives."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") / 2**64
