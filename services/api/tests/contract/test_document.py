"""The OpenAPI document is complete: whoever reads only it can use the API."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from watchkeeper.api.offline import offline_app

DOCUMENT: dict[str, Any] = offline_app().openapi()
BODIES = {"post", "patch", "put"}


def operations() -> Iterator[Any]:
    """Every operation, by name."""
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield pytest.param(method, operation, id=f"{method.upper()} {path}")


each_operation = pytest.mark.parametrize(("method", "operation"), list(operations()))


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    """What a reference leads to; anything else is itself."""
    while "$ref" in node:
        target: Any = DOCUMENT
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def has_example(content: dict[str, Any]) -> bool:
    """Whether a media type shows an example, by itself or in its schema."""
    schema = resolved(content.get("schema", {}))
    return bool({"example", "examples"} & (content.keys() | schema.keys()))


@each_operation
def test_an_operation_is_described(method: str, operation: dict[str, Any]) -> None:
    """A summary, a description, a group, an id."""
    assert operation["summary"]
    assert len(operation["description"]) > 20
    assert operation["tags"]
    assert operation["operationId"]
    assert "security" in operation
    assert method


@each_operation
def test_what_it_takes_is_described_and_shown(method: str, operation: dict[str, Any]) -> None:
    """Each parameter says what it is; each body has an example."""
    for parameter in operation.get("parameters", ()):
        assert parameter.get("description"), parameter["name"]
    if "requestBody" in operation:
        assert method in BODIES
        for content in operation["requestBody"]["content"].values():
            assert has_example(content)


@each_operation
def test_what_it_answers_is_shown(method: str, operation: dict[str, Any]) -> None:
    """Each answer has a description and, where it has content, a schema or an example; JSON has an example."""
    successes = [status for status in operation["responses"] if status.startswith("2")]
    assert successes, method
    for status, answer in operation["responses"].items():
        found = resolved(answer)
        assert found["description"]
        for media_type, content in found.get("content", {}).items():
            if "json" in media_type:
                assert has_example(content), (status, media_type)


@each_operation
def test_its_errors_are_problems(method: str, operation: dict[str, Any]) -> None:
    """What can go wrong is listed, and has the one shape, but for answers that are a report themselves."""
    errors = {status: resolved(answer) for status, answer in operation["responses"].items() if status[0] in "45"}
    assert {"429", "500", "503"} <= errors.keys()
    if operation["security"]:
        assert {"401", "403"} <= errors.keys()
    if method in BODIES:
        assert {"413", "422"} & errors.keys()
    for status, answer in errors.items():
        problem = "application/problem+json" in answer["content"]
        assert problem or (status == "503" and "health" in operation["operationId"])


def test_operation_ids_are_unique() -> None:
    """Generated clients take them for names."""
    ids = [operation["operationId"] for methods in DOCUMENT["paths"].values() for operation in methods.values()]
    assert len(ids) == len(set(ids))


def test_every_reference_leads_somewhere() -> None:
    """And nothing is left of FastAPI's own error shape."""

    def references(node: Any) -> Iterator[dict[str, Any]]:
        if isinstance(node, dict):
            if "$ref" in node:
                yield node
            for value in node.values():
                yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    for reference in references(DOCUMENT):
        assert resolved(reference)
    assert "HTTPValidationError" not in json.dumps(DOCUMENT)
