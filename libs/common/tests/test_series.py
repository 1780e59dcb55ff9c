"""The series grammar: one canonical text for each series."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.common.series import LABELS_MAX, BadSeriesError, Series, parse_series, series_text

NAMES = st.text(string.ascii_letters + "_:", min_size=1, max_size=1).flatmap(
    lambda first: st.text(string.ascii_letters + string.digits + "_:.-/", max_size=40).map(lambda rest: first + rest)
)
LABEL_NAMES = st.text(string.ascii_letters + "_", min_size=1, max_size=1).flatmap(
    lambda first: st.text(string.ascii_letters + string.digits + "_.-/", max_size=20).map(lambda rest: first + rest)
)
LABEL_VALUES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=40)
LABELS = st.dictionaries(LABEL_NAMES, LABEL_VALUES, max_size=8)


@given(NAMES, LABELS)
def test_what_is_written_is_read_back(name: str, labels: dict[str, str]) -> None:
    assert parse_series(series_text(name, labels)) == Series(name, labels)


@given(NAMES, LABELS, st.randoms())
def test_the_order_of_labels_does_not_matter(name: str, labels: dict[str, str], random: st.DataObject) -> None:
    shuffled = list(labels.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis' own random.Random
    assert series_text(name, dict(shuffled)) == series_text(name, labels)


@given(NAMES, LABELS, LABELS)
def test_different_labels_have_different_texts(name: str, one: dict[str, str], other: dict[str, str]) -> None:
    assert (series_text(name, one) == series_text(name, other)) == (one == other)


@given(st.text(max_size=60))
def test_any_text_is_canonical_or_refused(text: str) -> None:
    try:
        series = parse_series(text)
    except BadSeriesError:
        return
    assert series_text(series.name, series.labels) == text


@pytest.mark.parametrize(
    ("name", "labels", "text"),
    [
        ("system.cpu.utilization", {}, "system.cpu.utilization"),
        ("system.cpu.time", {"cpu.mode": "user", "cpu": "0"}, 'system.cpu.time{cpu="0",cpu.mode="user"}'),
        ("up", {"empty": ""}, "up"),
        ("up", {"a": "", "b": "x"}, 'up{b="x"}'),
        ("up", {"path": 'C:\\a "b"\nc'}, 'up{path="C:\\\\a \\"b\\"\\nc"}'),
        ("up", {"a": "},{="}, 'up{a="},{="}'),
        ("job:rate/5m-x", {"ö".encode().hex(): "ö"}, 'job:rate/5m-x{c3b6="ö"}'),
    ],
    ids=["no labels", "sorted", "only empty", "one empty", "escapes", "punctuation", "unicode value"],
)
def test_the_canonical_text(name: str, labels: dict[str, str], text: str) -> None:
    assert series_text(name, labels) == text
    assert parse_series(text) == Series(name, {key: value for key, value in labels.items() if value})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not a metric name"),
        ("1up", "not a metric name"),
        ("up down", "not a metric name"),
        ("x" * 256, "not a metric name"),
        ("up{}", "malformed labels"),
        ("up{", "malformed labels"),
        ('up{a="1"', "malformed labels"),
        ('up{a="1"} ', "malformed labels"),
        ('up{a="1",}', "malformed labels"),
        ('up{a="1";b="2"}', "malformed labels"),
        ('up{a="\\x"}', "malformed labels"),
        ('up{a="line\nbreak"}', "malformed labels"),
        ('up{a="1",a="2"}', "label 'a' twice"),
        ('up{b="1",a="2"}', "not in canonical form"),
        ('up{a=""}', "not in canonical form"),
        (f'up{{{"a" * 256}="1"}}', "not a label name"),
        ('up{a="\0"}', "NUL"),
        (f'up{{a="{"x" * 1025}"}}', "longer than 1024"),
        (f'up{{a="{"x" * 4096}"}}', "longer than 4096"),
        ("up{" + ",".join(f'a{number:02}="1"' for number in range(LABELS_MAX + 1)) + "}", "more than 64 labels"),
    ],
)
def test_a_text_that_breaks_the_grammar_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(BadSeriesError, match=reason):
        parse_series(text)


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        ({"9": "x"}, "not a label name: '9'"),
        ({"a b": "x"}, "not a label name: 'a b'"),
        ({"a": "x" * 1025}, "label 'a' is longer than 1024"),
        ({"a": "nul\0"}, "label 'a' contains a NUL"),
        ({"a": "\udc80"}, "label 'a' is not valid Unicode"),
        ({f"a{number}": "x" for number in range(LABELS_MAX + 1)}, "more than 64 labels"),
        ({f"a{number}": "x" * 1000 for number in range(5)}, "longer than 4096"),
    ],
)
def test_labels_that_could_not_be_read_back_are_not_written(labels: dict[str, str], reason: str) -> None:
    with pytest.raises(BadSeriesError, match=reason):
        series_text("up", labels)
