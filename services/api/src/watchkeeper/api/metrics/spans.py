"""Spans of time and steps, as requests write them. Pure: the time of day comes in as an argument."""

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
SPAN_MAX_S = 400 * 86_400
POINTS_DEFAULT = 600
POINTS_MAX = 50_000
UNIX_MAX_S = 253_402_300_799
STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 180, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400)

_LENGTH = re.compile(r"([0-9]{1,9})([smhdw]?)")
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,9})?")


class BadSpanError(ValueError):
    """A parameter that says no usable time; ``field`` names it."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(f"{field}: {detail}")
        self.field = field
        self.detail = detail


@dataclass(frozen=True)
class Span:
    """From ``from_s`` to before ``to_s``, unix seconds."""

    from_s: float
    to_s: float

    @property
    def length_s(self) -> float:
        """How long it is."""
        return self.to_s - self.from_s


@dataclass(frozen=True)
class Asked:
    """A span as a request's parameters say it: ``range`` back from now, or ``from`` and perhaps ``to``."""

    range: str | None = None
    from_: str | None = None
    to: str | None = None


def parse_span(asked: Asked, now_s: float, default: str = "1h") -> Span:
    """The span that ``asked`` means at ``now_s``; raises ``BadSpanError``.

    ``range`` goes with ``to`` (its end, else now) but not with ``from``. Without any of them it is ``default``.
    """
    if asked.range is not None and asked.from_ is not None:
        raise BadSpanError("range", "give range, or from and to, not both")
    to_s = now_s if asked.to is None else parse_time("to", asked.to)
    if asked.from_ is None:
        length_s = parse_length("range", asked.range if asked.range is not None else default)
        return _checked(Span(to_s - length_s, to_s), "range")
    return _checked(Span(parse_time("from", asked.from_), to_s), "from")


def parse_length(field: str, text: str) -> int:
    """Seconds of a length such as ``90``, ``15m``, ``1h``, ``7d`` or ``4w``; raises ``BadSpanError``."""
    match = _LENGTH.fullmatch(text.strip())
    if match is None or (field == "range" and not match[2]):
        raise BadSpanError(
            field, f"{text[:40]!r} is no length of time: write a number and s, m, h, d or w, such as 24h"
        )
    length_s = int(match[1]) * SECONDS[match[2] or "s"]
    if length_s < 1:
        raise BadSpanError(field, "must be at least 1s")
    if length_s > SPAN_MAX_S:
        raise BadSpanError(field, f"at most {SPAN_MAX_S // 86_400}d")
    return length_s


def parse_time(field: str, text: str) -> float:
    """Unix seconds of an instant: ISO 8601 (without a zone it is UTC) or unix seconds; raises ``BadSpanError``."""
    stripped = text.strip()
    if _NUMBER.fullmatch(stripped):
        return _in_range(field, float(stripped))
    try:
        # A plus sign that a client forgot to encode arrives as a space.
        moment = datetime.fromisoformat(re.sub(r" (\d\d:?\d\d)$", r"+\1", stripped) if "T" in stripped else stripped)
    except ValueError:
        raise BadSpanError(
            field, f"{text[:40]!r} is no time: write ISO 8601 (2026-11-24T08:00:00Z) or unix seconds"
        ) from None
    return _in_range(field, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def step_for(length_s: float, points: int) -> int:
    """The least round step, in seconds, that cuts ``length_s`` into at most ``points`` pieces."""
    least = max(1, math.ceil(length_s / points))
    for step_s in STEPS_S:
        if step_s >= least:
            return step_s
    return -(-least // 86_400) * 86_400


def _in_range(field: str, time_s: float) -> float:
    if not 0 <= time_s <= UNIX_MAX_S:
        raise BadSpanError(field, "must lie between 1970 and 9999")
    return time_s


def _checked(span: Span, field: str) -> Span:
    if span.length_s <= 0:
        raise BadSpanError(field, "the span must end after it begins")
    if span.length_s > SPAN_MAX_S:
        raise BadSpanError(field, f"the span is longer than {SPAN_MAX_S // 86_400} days")
    if span.from_s < 0:
        raise BadSpanError(field, "must lie between 1970 and 9999")
    return span
