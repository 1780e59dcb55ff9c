"""The intake's document and the intake agree on what is too long."""

import json
import re
from typing import Any

import pytest

from watchkeeper.api.metrics.intake import decode, resource_of
from watchkeeper.api.metrics.intake_schemas import REQUEST_BODY
from watchkeeper.api.metrics.pushed import judge
from watchkeeper.api.problems import Problem

BODY = REQUEST_BODY["content"]["application/json"]["schema"]["properties"]
RESOURCE = BODY["resource"]["properties"]
SAMPLE = BODY["samples"]["items"]["properties"]


def takes_resource(**fields: Any) -> bool:
    body = {"resource": {"id": "a"} | fields, "samples": []}
    try:
        resource_of(decode(json.dumps(body).encode()).resource)
    except Problem:
        return False
    return True


def takes_sample(**fields: Any) -> bool:
    return not judge([{"name": "a", "value": 1} | fields], 0).refused


@pytest.mark.parametrize("name", [name for name in RESOURCE if name != "labels"])
def test_texts_of_the_resource(name: str) -> None:
    longest = RESOURCE[name]["maxLength"]
    assert takes_resource(**{name: "x" * longest})
    assert not takes_resource(**{name: "x" * (longest + 1)})


@pytest.mark.parametrize("name", ["name", "unit"])
def test_texts_of_a_sample(name: str) -> None:
    longest = SAMPLE[name]["maxLength"]
    assert takes_sample(**{name: "x" * longest})
    assert not takes_sample(**{name: "x" * (longest + 1)})


@pytest.mark.parametrize(
    ("takes", "schema"),
    [(takes_resource, RESOURCE["labels"]), (takes_sample, SAMPLE["labels"])],
    ids=["resource", "sample"],
)
def test_labels(takes: Any, schema: dict[str, Any]) -> None:
    key, value = schema["propertyNames"]["maxLength"], schema["additionalProperties"]["maxLength"]
    assert takes(labels={"x" * key: "y" * value})
    assert not takes(labels={"x" * (key + 1): "y"})
    assert not takes(labels={"x": "y" * (value + 1)})
    most = schema["maxProperties"]
    assert takes(labels={f"x{n}": "y" for n in range(most)})
    assert not takes(labels={f"x{n}": "y" for n in range(most + 1)})


@pytest.mark.parametrize("key", ["a", "_a.b/c-d", "a b", "9a", "", "a:b", "\u00e4"])
def test_label_names_of_a_sample(key: str) -> None:
    allowed = re.search(SAMPLE["labels"]["propertyNames"]["pattern"], key) is not None
    assert takes_sample(labels={key: "x"}) == allowed
    assert takes_sample(labels={key: ""}) == allowed
