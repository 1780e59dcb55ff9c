r"""What a Prometheus endpoint exposes: the text format 0.0.4 and OpenMetrics 1.0. Pure.

A parser of our own for two reasons. prometheus_client's renames counters that do not end in ``_total``, and we promise
names as exposed. And it takes twenty times as long: here a series' text is taken apart once and looked up afterwards.
What the bus does not carry is left out: timestamps (a batch has one time, that of the scrape), exemplars, and the
``_created`` instants of counters and histograms.

https://prometheus.io/docs/instrumenting/exposition_formats/ and
https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md
"""

import contextlib
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from watchkeeper.collector.reading import Kind

OPENMETRICS = "application/openmetrics-text"
ACCEPT = f"{OPENMETRICS};version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"

_TEXT = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_SAMPLE = re.compile(
    r"(?P<series>[a-zA-Z_:][a-zA-Z0-9_:]*"
    rf'(?:[ \t]*\{{[^"}}]*(?:{_TEXT}[^"}}]*)*\}})?)'
    r"[ \t]*(?<=[ \t}])(?P<value>[^ \t]+)"
    r"(?:[ \t]+[-+0-9.eE]+)?"  # a timestamp
    r"(?:[ \t]+#[ \t]*\{.*)?[ \t]*"  # an exemplar
)
_PAIR = re.compile(rf"[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*({_TEXT})[ \t]*(?:,|$)")
_ESCAPED = re.compile(r"\\(.)")
_SUFFIXES = ("_total", "_bucket", "_sum", "_count", "_created", "_gsum", "_gcount", "_info")
_UNITS = {
    "seconds": "s",
    "bytes": "By",
    "ratio": "1",
    "celsius": "Cel",
    "meters": "m",
    "volts": "V",
    "amperes": "A",
    "joules": "J",
    "grams": "g",
}
_SUMS: Mapping[str, tuple[str, ...]] = {
    "counter": ("", "_total"),
    "histogram": ("_bucket", "_sum", "_count"),
    "summary": ("_sum", "_count"),
}
"""Type of a family → the suffixes whose samples only grow. Everything else goes up and down."""


class ExpositionError(ValueError):
    """A text that is not in the format; the message names the line."""


class Labelled(NamedTuple):
    """A series as exposed."""

    name: str
    labels: dict[str, str]


class Exposed(NamedTuple):
    """One sample as exposed; ``value`` may be NaN or infinite. ``unit`` is UCUM, or "" where nothing tells it."""

    series: Labelled
    value: float
    kind: Kind
    unit: str


class _Families:
    """The types and units that the text has told so far."""

    def __init__(self) -> None:
        self.types: dict[str, str] = {}
        self.units: dict[str, str] = {}
        self._about: dict[str, tuple[Kind, str] | None] = {}

    def note(self, line: str) -> None:
        """Read a line that begins with a number sign; comments are no concern of ours."""
        words = line.split(None, 3)
        if len(words) < 4 or words[0] != "#":
            return
        if words[1] == "TYPE":
            self.types[words[2]] = words[3].strip()
            self._about.clear()
        elif words[1] == "UNIT":
            self.units[words[2]] = words[3].strip()

    def about(self, name: str) -> tuple[Kind, str] | None:
        """Return kind and unit of the samples named ``name``, None for those that are left out."""
        if name not in self._about:
            self._about[name] = self._find(name)
        return self._about[name]

    def _find(self, name: str) -> tuple[Kind, str] | None:
        family, suffix = self._family(name)
        if suffix == "_created" and self.types.get(family) in _SUMS:
            return None
        sums = _SUMS.get(self.types.get(family, ""), ())
        unit = self.units.get(family, family.removesuffix("_total").rsplit("_", 1)[-1])
        counted = suffix in ("_bucket", "_count", "_gcount")
        return "counter" if suffix in sums else "gauge", "1" if counted else _UNITS.get(unit, "")

    def _family(self, name: str) -> tuple[str, str]:
        """Return the family that ``name`` belongs to, and what follows its name.

        The text format names a counter's family with ``_total`` and its instant of creation without.
        """
        for suffix in _SUFFIXES:
            base = name.removesuffix(suffix)
            if base == name:
                continue
            for family in (base, f"{base}_total") if suffix == "_created" else (base,):
                if self.types.get(family) in _SUMS:
                    return family, suffix
        return name, ""


def parse(text: str, known: dict[str, Labelled], *, openmetrics: bool) -> Iterator[Exposed]:
    """Yield the samples of ``text``; raises ``ExpositionError`` at the first line that breaks the format.

    ``known`` remembers the series by their text as exposed; hand in the same one again to parse faster. A text of
    OpenMetrics must end with ``# EOF``, so that one cut short is told apart.
    """
    families, ended = _Families(), False
    for number, line in enumerate(text.split("\n"), 1):
        if not line or line.isspace():
            continue
        if ended:
            raise ExpositionError(f"line {number}: something follows # EOF")
        if line[0] == "#":
            ended = openmetrics and line.rstrip() == "# EOF"
            families.note(line)
            continue
        series, value = _split(line, known, number)
        about = families.about(series.name)
        if about is not None:
            yield Exposed(series, value, *about)
    if openmetrics and not ended:
        raise ExpositionError("cut short: # EOF is missing")


def _split(line: str, known: dict[str, Labelled], number: int) -> tuple[Labelled, float]:
    """Return series and value of a line; a known one that only its value follows is not taken apart."""
    text, _, value = line.rpartition(" ")
    series = known.get(text)
    if series is not None:
        return series, _value(value, number)
    found = _SAMPLE.fullmatch(line.strip())
    if found is None:
        raise ExpositionError(f"line {number}: not a sample: {line[:80]!r}")
    return _series(found["series"], known, number), _value(found["value"], number)


def _series(text: str, known: dict[str, Labelled], number: int) -> Labelled:
    series = known.get(text)
    if series is None:
        name, _, inner = text.partition("{")
        series = known[text] = Labelled(name.rstrip(), _labels(inner.rstrip()[:-1], number) if inner else {})
    return series


def _labels(inner: str, number: int) -> dict[str, str]:
    labels: dict[str, str] = {}
    position = 0
    while inner[position:].strip():
        pair = _PAIR.match(inner, position)
        if pair is None or pair[1] in labels:
            raise ExpositionError(f"line {number}: malformed labels: {inner[:80]!r}")
        labels[pair[1]] = _ESCAPED.sub(_unescape, pair[2][1:-1])
        position = pair.end()
    return labels


def _unescape(escape: re.Match[str]) -> str:
    r"""``\n``, ``\"`` and ``\\`` are escapes; any other stays as it is, as Prometheus reads it."""
    return {"n": "\n", '"': '"', "\\": "\\"}.get(escape[1], escape[0])


def _value(text: str, number: int) -> float:
    if "_" not in text:  # which Python would take
        with contextlib.suppress(ValueError):
            return float(text)
    raise ExpositionError(f"line {number}: not a number: {text[:40]!r}")
