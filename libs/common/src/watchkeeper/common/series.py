r"""Series: a metric's name and its labels, and their one canonical text.

The text follows the exposition notation of OpenMetrics 1.0 (``name{label="value"}``, with ``\\``, ``\"`` and
``\n`` escaped), but allows the dots of OpenTelemetry names in names and labels, sorts the labels by name and leaves
out empty braces. Two series are the same if and only if their texts are equal, so the text serves as a dictionary key.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

NAME_LENGTH_MAX = 255
LABELS_MAX = 64
LABEL_VALUE_LENGTH_MAX = 1024
SERIES_LENGTH_MAX = 4096

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:.\-/]*")
_PAIR = re.compile(r'([a-zA-Z_][a-zA-Z0-9_.\-/]*)="((?:[^"\\\n]|\\[\\"n])*)"')
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
_ESCAPED = re.compile(r"\\(.)")
_SURROGATE = re.compile("[\ud800-\udfff]")  # Python's stand-ins for bytes of a name that is not UTF-8


class BadSeriesError(ValueError):
    """A series text, name or label that breaks the grammar; the message says which and why."""


class Series(NamedTuple):
    """A metric name and its labels."""

    name: str
    labels: dict[str, str]


def series_text(name: str, labels: Mapping[str, str] | None = None) -> str:
    """The canonical text of a series; raises ``BadSeriesError`` naming what breaks the grammar.

    Labels with an empty value are left out: to OpenMetrics they are the same as absent ones.
    """
    check_name(name)
    pairs = sorted((key, value) for key, value in (labels or {}).items() if value != "")
    if not pairs:
        return name
    for key, value in pairs:
        check_label(key, value)
    if len(pairs) > LABELS_MAX:
        raise BadSeriesError(f"more than {LABELS_MAX} labels: {name[:80]!r}")
    inner = ",".join(f'{key}="{value.translate(_ESCAPES)}"' for key, value in pairs)
    text = f"{name}{{{inner}}}"
    if len(text) > SERIES_LENGTH_MAX:
        raise BadSeriesError(f"a series text longer than {SERIES_LENGTH_MAX} characters: {name[:80]!r}")
    return text


def check_name(name: str) -> None:
    """Raise ``BadSeriesError`` unless ``name`` is a metric name of at most 255 characters."""
    if len(name) > NAME_LENGTH_MAX or not _NAME.fullmatch(name):
        raise BadSeriesError(f"not a metric name: {name[:80]!r}")


def check_label(key: str, value: str) -> None:
    """Raise ``BadSeriesError`` unless ``key`` is a label name and ``value`` short enough, valid Unicode without NUL."""
    if len(key) > NAME_LENGTH_MAX or not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_.\-/]*", key):
        raise BadSeriesError(f"not a label name: {key[:80]!r}")
    if len(value) > LABEL_VALUE_LENGTH_MAX:
        raise BadSeriesError(f"the value of label {key!r} is longer than {LABEL_VALUE_LENGTH_MAX} characters")
    if "\0" in value:
        raise BadSeriesError(f"the value of label {key!r} contains a NUL character")
    if _SURROGATE.search(value):
        raise BadSeriesError(f"the value of label {key!r} is not valid Unicode")


def parse_series(text: str) -> Series:
    """Read a canonical series text; raises ``BadSeriesError`` for anything that ``series_text`` would not write."""
    if len(text) > SERIES_LENGTH_MAX:
        raise BadSeriesError(f"a series text longer than {SERIES_LENGTH_MAX} characters")
    name, brace, rest = text.partition("{")
    check_name(name)
    labels = _parse_labels(rest, text) if brace else {}
    if series_text(name, labels) != text:
        raise BadSeriesError(f"not in canonical form (labels sorted by name, none empty): {text[:120]!r}")
    return Series(name, labels)


def _parse_labels(rest: str, text: str) -> dict[str, str]:
    labels: dict[str, str] = {}
    position = 0
    while True:
        pair = _PAIR.match(rest, position)
        if pair is None:
            raise BadSeriesError(f"malformed labels: {text[:120]!r}")
        key, value = pair.groups()
        if key in labels:
            raise BadSeriesError(f"label {key!r} twice: {text[:120]!r}")
        labels[key] = _ESCAPED.sub(lambda escape: "\n" if escape[1] == "n" else escape[1], value)
        if len(labels) > LABELS_MAX:
            raise BadSeriesError(f"more than {LABELS_MAX} labels: {text[:120]!r}")
        position = pair.end()
        if rest[position:] == "}":
            return labels
        if rest[position : position + 1] != ",":
            raise BadSeriesError(f"malformed labels: {text[:120]!r}")
        position += 1
