"""The published contracts: what stands in docs/schemas is what the code speaks, and nothing is ever taken away."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from watchkeeper.common.events import check_series, decode_dead_letter, decode_metrics
from watchkeeper.common.schemas import PUBLISHED, schema, write

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"
GOLDEN = SCHEMAS / "golden"
VALUES = sorted(GOLDEN.glob("*/*.json"))
DECODE: dict[str, Callable[[bytes], Any]] = {"metrics": decode_metrics, "dead-letters": decode_dead_letter}

Schema = dict[str, Any]


def published(topic: str) -> Schema:
    """The schema as it stands in docs/schemas."""
    found: Schema = json.loads((SCHEMAS / f"{topic}.schema.json").read_text(encoding="utf-8"))
    return found


def taken_away(before: Schema, now: Schema, place: str = "$") -> list[str]:
    """What ``before`` allowed and ``now`` does not, or what ``now`` asks for and ``before`` did not; places and words.

    Descriptions and titles may change, properties may be added unless they are required, an enum may grow. Anything
    else is a break.
    """
    breaks = []
    for key in before.keys() | now.keys():
        old: Any = before.get(key)
        new: Any = now.get(key)
        if key in {"description", "title", "default", "examples"}:
            continue
        if key in {"properties", "$defs"}:
            breaks += [f"{place}.{name}: gone" for name in (old or {}).keys() - (new or {}).keys()]
            for name in (old or {}).keys() & (new or {}).keys():
                breaks += taken_away(old[name], new[name], f"{place}.{name}")
        elif key == "required":
            breaks += [f"{place}.{name}: required now" for name in set(new or []) - set(old or [])]
            breaks += [f"{place}.{name}: no longer required" for name in set(old or []) - set(new or [])]
        elif key == "enum" and old and new:
            breaks += [f"{place}: {value!r} is gone" for value in set(old) - set(new)]
        elif isinstance(old, dict) and isinstance(new, dict):
            breaks += taken_away(old, new, place)
        elif old != new:
            breaks.append(f"{place}.{key}: {old!r} became {new!r}")
    return sorted(breaks)


def test_the_committed_schemas_are_the_generated_ones(tmp_path: Path) -> None:
    """Run ``python docs/generate.py`` after a change of an event."""
    for path in write(tmp_path):
        assert (SCHEMAS / path.name).read_text(encoding="utf-8") == path.read_text(encoding="utf-8"), path.name


@pytest.mark.parametrize("topic", PUBLISHED)
def test_a_schema_is_a_schema(topic: str) -> None:
    Draft202012Validator.check_schema(published(topic))


@pytest.mark.parametrize("topic", PUBLISHED)
def test_nothing_is_taken_away_from_what_was_first_published(topic: str) -> None:
    first = json.loads((GOLDEN / f"{topic}-1.schema.json").read_text(encoding="utf-8"))
    assert taken_away(first, schema(topic)) == []


@pytest.mark.parametrize("topic", PUBLISHED)
def test_each_topic_has_golden_values(topic: str) -> None:
    assert [path for path in VALUES if path.parent.name == topic]


@pytest.mark.parametrize("path", VALUES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_golden_value_validates_and_decodes_for_ever(path: Path) -> None:
    topic = path.parent.name
    value = path.read_bytes()
    Draft202012Validator(published(topic)).validate(json.loads(value))
    event = DECODE[topic](value)
    if topic == "metrics":
        check_series(event)


def change(where: list[str], key: str, value: Any) -> Schema:
    """The metrics schema with one thing changed."""
    changed = copy.deepcopy(schema("metrics"))
    inner = changed
    for step in where:
        inner = inner[step]
    if value is None:
        del inner[key]
    else:
        inner[key] = value
    return changed


BATCH = ["$defs", "MetricsBatch"]


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        (change([*BATCH, "properties"], "units", None), "$.MetricsBatch.units: gone"),
        (change(["$defs"], "Resource", None), "$.Resource: gone"),
        (change([*BATCH, "properties", "time_ms"], "type", "string"), "$.MetricsBatch.time_ms.type"),
        (change([*BATCH, "properties", "source"], "maxLength", 8), "$.MetricsBatch.source.maxLength"),
        (change([*BATCH, "properties", "kinds", "items"], "enum", ["gauge"]), "'counter' is gone"),
        (
            change(BATCH, "required", [*schema("metrics")["$defs"]["MetricsBatch"]["required"], "schema"]),
            "required now",
        ),
        (change(BATCH, "required", ["batch_id"]), "no longer required"),
        (change(BATCH, "additionalProperties", value=False), "additionalProperties"),
    ],
)
def test_a_break_is_noticed(changed: Schema, place: str) -> None:
    assert place in "\n".join(taken_away(schema("metrics"), changed))


@pytest.mark.parametrize(
    "changed",
    [
        change([*BATCH, "properties"], "added", {"type": "string"}),
        change(["$defs"], "Added", {"type": "object"}),
        change([*BATCH, "properties", "kinds", "items"], "enum", ["counter", "gauge", "histogram"]),
        change(BATCH, "description", "other words"),
    ],
)
def test_an_addition_is_none(changed: Schema) -> None:
    assert taken_away(schema("metrics"), changed) == []
