"""What endpoints expose, read by us and by prometheus_client's own parsers."""

import math
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Enum, Gauge, Histogram, Info, Summary
from prometheus_client.exposition import generate_latest as write_text
from prometheus_client.openmetrics.exposition import generate_latest as write_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from watchkeeper.collector.exposition import Exposed, ExpositionError, parse

Key = tuple[str, tuple[tuple[str, str], ...]]


def text_of(registry: CollectorRegistry) -> str:
    """The text format."""
    written: bytes = write_text(registry)
    return written.decode()


def openmetrics_of(registry: CollectorRegistry) -> str:
    """OpenMetrics."""
    written: bytes = write_openmetrics(registry)  # type: ignore[no-untyped-call]  # prometheus_client leaves it untyped
    return written.decode()


def by_series(exposed: list[Exposed]) -> dict[Key, float]:
    """Samples by name and labels."""
    return {(each.series.name, tuple(sorted(each.series.labels.items()))): each.value for each in exposed}


def registry() -> CollectorRegistry:
    """One metric of every type, with labels that need escapes."""
    found = CollectorRegistry()
    requests = Counter("http_requests", "Requests.", ["path", "code"], registry=found)
    requests.labels('/a "quoted" \\ path\nline', "200").inc(5)
    requests.labels('/b{c="d",}# x', "500").inc(2.5)
    Gauge("queue_bytes", "Queue.", registry=found).set(-3)
    Gauge("temperature_celsius", "Heat.", registry=found).set(math.nan)
    Histogram("request_duration_seconds", "Duration.", buckets=(0.1, 1), registry=found).observe(0.5)
    Summary("work_seconds", "Work.", registry=found).observe(2)
    Info("build", "Build.", registry=found).info({"version": "1.2"})
    Enum("state", "State.", states=["up", "down"], registry=found).state("up")
    return found


def oracle(families: object) -> dict[Key, float]:
    """prometheus_client's reading, without what we leave out."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families  # type: ignore[attr-defined]
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


def same(ours: dict[Key, float], theirs: dict[Key, float]) -> None:
    """Equal, NaN included."""
    assert ours.keys() == theirs.keys()
    for key, value in ours.items():
        assert value == theirs[key] or (math.isnan(value) and math.isnan(theirs[key])), key


def test_the_text_format_as_prometheus_client_writes_it() -> None:
    """The same samples as its own parser finds; a second reading from what is known gives the same again."""
    text = text_of(registry())
    known: dict[str, object] = {}
    first = list(parse(text, known, openmetrics=False))  # type: ignore[arg-type]
    same(by_series(first), oracle(parse_text(text)))
    same(by_series(list(parse(text, known, openmetrics=False))), by_series(first))  # type: ignore[arg-type]


def test_openmetrics_as_prometheus_client_writes_it() -> None:
    """The same samples as its own parser finds."""
    text = openmetrics_of(registry())
    families = parse_openmetrics(text)  # type: ignore[no-untyped-call]  # prometheus_client leaves it untyped
    same(by_series(list(parse(text, {}, openmetrics=True))), oracle(families))


def test_kinds_and_units() -> None:
    """Sums only grow, everything else goes up and down; units from the names, counts without one."""
    for text, is_openmetrics in (
        (text_of(registry()), False),
        (openmetrics_of(registry()), True),
    ):
        found = {each.series.name: (each.kind, each.unit) for each in parse(text, {}, openmetrics=is_openmetrics)}
        assert found["http_requests_total"] == ("counter", "")
        assert found["queue_bytes"] == ("gauge", "By")
        assert found["request_duration_seconds_bucket"] == ("counter", "1")
        assert found["request_duration_seconds_count"] == ("counter", "1")
        assert found["request_duration_seconds_sum"] == ("counter", "s")
        assert found["work_seconds_sum"] == ("counter", "s")
        assert found["build_info"][0] == found["state"][0] == "gauge"
        assert not any(name.endswith("_created") for name in found)


def test_a_summarys_quantiles_go_up_and_down() -> None:
    """They bear the family's own name; its sum and count only grow."""
    text = (
        '# TYPE rpc summary\nrpc{quantile="0.5"} 3\nrpc_sum 10\nrpc_count 4\n# TYPE plain counter\nplain 7\nx_total 3\n'
    )
    found = [(each.series.name, each.kind) for each in parse(text, {}, openmetrics=False)]
    assert found == [
        ("rpc", "gauge"), ("rpc_sum", "counter"), ("rpc_count", "counter"), ("plain", "counter"), ("x_total", "gauge"),
    ]  # fmt: skip


def test_timestamps_and_exemplars_are_passed_over() -> None:
    """The value is the value; what follows it is not ours."""
    text = (
        '# TYPE a histogram\na_bucket{le="1"} 5 1700000000.5 # {trace="x y"} 0.3 1700000000\na_bucket{le="+Inf"} +Inf\n'
    )
    found = [each.value for each in parse(text + "# EOF\n", {}, openmetrics=True)]
    assert found == [5, math.inf]
    assert [each.value for each in parse("a 3 1700000000000\n", {}, openmetrics=False)] == [3]
    assert [each.value for each in parse(' \t\na{ x = "1" , } \t 3\n\n', {}, openmetrics=False)] == [3]


@pytest.mark.parametrize(
    ("text", "is_openmetrics", "problem"),
    [
        ("<!DOCTYPE html>", False, "line 1: not a sample"),
        ("a 1\nb\n", False, "line 2: not a sample"),
        ("a one\n", False, "line 1: not a number: 'one'"),
        ("a 1_0\n", False, "line 1: not a number"),
        ('a{b="c} 1\n', False, "line 1: not a sample"),
        ('a{b="c" d="e"} 1\n', False, "line 1: malformed labels"),
        ('a{b="c",b="d"} 1\n', False, "line 1: malformed labels"),
        ("a 1\n", True, "cut short"),
        ("# EOF\na 1\n", True, "line 2: something follows # EOF"),
    ],
)
def test_what_is_not_the_format_is_named_with_its_line(text: str, is_openmetrics: bool, problem: str) -> None:  # noqa: FBT001 - a column of the table
    """Half a text is none."""
    with pytest.raises(ExpositionError, match=problem):
        list(parse(text, {}, openmetrics=is_openmetrics))


NAMES = st.text(string.ascii_letters + "_", min_size=1, max_size=10).map("m".__add__)
LABELS = st.dictionaries(
    NAMES, st.text(st.characters(exclude_characters="\r\x85\u2028\u2029", codec="utf-8"), max_size=20), max_size=3
)


@given(st.dictionaries(NAMES, st.tuples(LABELS, st.floats(allow_nan=False)), max_size=5))
def test_any_labels_and_values_come_through(metrics: dict[str, tuple[dict[str, str], float]]) -> None:
    """Whatever prometheus_client writes is what we read, whatever the labels hold."""
    found = CollectorRegistry()
    expected: dict[Key, float] = {}
    for name, (labels, value) in metrics.items():
        metric = Gauge(name, "Help.", list(labels), registry=found)
        (metric.labels(*labels.values()) if labels else metric).set(value)
        expected[(name, tuple(sorted(labels.items())))] = value
    same(by_series(list(parse(text_of(found), {}, openmetrics=False))), expected)
    same(by_series(list(parse(openmetrics_of(found), {}, openmetrics=True))), expected)
