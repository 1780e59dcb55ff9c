"""The published JSON Schemas of all events (JSON Schema 2020-12), generated from the Structs."""

import inspect
import json
from pathlib import Path
from typing import Any

import msgspec

from watchkeeper.common.events import DEAD_LETTERS_TOPIC, METRICS_TOPIC, DeadLetter, MetricsBatch

PUBLISHED: dict[str, type[msgspec.Struct]] = {METRICS_TOPIC: MetricsBatch, DEAD_LETTERS_TOPIC: DeadLetter}
"""Topic name → the event on it. A new topic is one line here."""


def schema(topic: str) -> dict[str, Any]:
    """The JSON Schema of the values on ``topic``; raises ``KeyError`` for an unpublished topic."""
    (reference,), definitions = msgspec.json.schema_components([PUBLISHED[topic]], ref_template="#/$defs/{name}")
    for definition in definitions.values():
        # Python versions differ in whether a docstring keeps its indentation.
        definition["description"] = inspect.cleandoc(definition["description"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Values of the topic {topic}",
        **reference,
        "$defs": definitions,
    }


def write(folder: Path) -> list[Path]:
    """Write every schema to ``folder`` as ``<topic>.schema.json``; answers the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for topic in PUBLISHED:
        path = folder / f"{topic}.schema.json"
        path.write_text(
            json.dumps(schema(topic), indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        written.append(path)
    return written
