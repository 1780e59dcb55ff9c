"""How the intake's request and answer look, for the OpenAPI document."""

from typing import Any

from watchkeeper.api.metrics.pushed import LABELS_MAX, SAMPLES_MAX, UNIT_LENGTH_MAX, VALUE_ABS_MAX
from watchkeeper.common.series import LABEL_VALUE_LENGTH_MAX, NAME_LENGTH_MAX, SERIES_LENGTH_MAX

TEXT_LENGTH_MAX = 255
RESOURCE_LABELS_MAX = 64
RESOURCE_LABELS_BYTES_MAX = 4096
"""Of all labels of a resource together, as JSON: each record on the topic repeats them."""

_TEXT = {"type": "string", "maxLength": TEXT_LENGTH_MAX}
_RESOURCE_LABELS = {
    "type": "object",
    "description": f"At most {RESOURCE_LABELS_BYTES_MAX} bytes of JSON in all.",
    "maxProperties": RESOURCE_LABELS_MAX,
    "propertyNames": {"maxLength": TEXT_LENGTH_MAX},
    "additionalProperties": _TEXT,
}
_SERIES_LABELS = {
    "type": "object",
    "description": f"Empty ones are left out. With the name at most {SERIES_LENGTH_MAX} characters.",
    "maxProperties": LABELS_MAX,
    "propertyNames": {"maxLength": NAME_LENGTH_MAX, "pattern": r"^[a-zA-Z_][a-zA-Z0-9_.\-/]*$"},
    "additionalProperties": {"type": "string", "maxLength": LABEL_VALUE_LENGTH_MAX},
}

REQUEST_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "title": "PushedMetrics",
                "required": ["resource", "samples"],
                "additionalProperties": False,
                "properties": {
                    "resource": {
                        "type": "object",
                        "description": "The application that pushes.",
                        "required": ["id"],
                        "additionalProperties": False,
                        "properties": {
                            "id": {**_TEXT, "minLength": 1, "description": "Stable; one application, one id."},
                            "name": {**_TEXT, "description": "What people call it."},
                            "environment": _TEXT,
                            "role": _TEXT,
                            "organisation": _TEXT,
                            "labels": _RESOURCE_LABELS,
                        },
                    },
                    "samples": {
                        "type": "array",
                        "maxItems": SAMPLES_MAX,
                        "description": "Each is judged by itself; of two of one series and time the first is taken.",
                        "items": {
                            "type": "object",
                            "required": ["name", "value"],
                            "additionalProperties": False,
                            "properties": {
                                "name": {
                                    "type": "string",
                                    "maxLength": NAME_LENGTH_MAX,
                                    "pattern": r"^[a-zA-Z_:][a-zA-Z0-9_:.\-/]*$",
                                    "description": "As OpenTelemetry names metrics.",
                                },
                                "labels": _SERIES_LABELS,
                                "value": {"type": "number", "description": f"Within ±{VALUE_ABS_MAX}."},
                                "unit": {
                                    "type": "string",
                                    "maxLength": UNIT_LENGTH_MAX,
                                    "description": "UCUM: 1, s, By, {user}.",
                                },
                                "kind": {
                                    "type": "string",
                                    "enum": ["gauge", "counter"],
                                    "default": "gauge",
                                    "description": "A counter is cumulative; it falls only when it begins again.",
                                },
                                "time": {
                                    "anyOf": [{"type": "string"}, {"type": "number"}, {"type": "null"}],
                                    "description": (
                                        "ISO 8601 or unix seconds, at most 5 minutes ahead; without it the arrival's. "
                                        "With it, sending again changes nothing."
                                    ),
                                },
                            },
                        },
                    },
                },
            },
            "example": {
                "resource": {"id": "shop", "name": "Shop", "environment": "production"},
                "samples": [
                    {"name": "app.users.active", "value": 42, "unit": "{user}", "time": "2026-11-24T21:54:00Z"},
                    {
                        "name": "security.threats.blocked",
                        "labels": {"kind": "sql_injection"},
                        "value": 7,
                        "unit": "{threat}",
                        "kind": "counter",
                        "time": "2026-11-24T21:54:00Z",
                    },
                ],
            },
        }
    },
}

ANSWER: dict[str, Any] = {
    "description": "All samples were taken.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "title": "Taken",
                "required": ["accepted", "refused"],
                "properties": {
                    "accepted": {"type": "integer", "description": "Samples that Kafka has acknowledged."},
                    "refused": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["index", "field", "detail"],
                            "properties": {
                                "index": {"type": "integer", "description": "Its place in `samples`, from 0."},
                                "field": {"type": "string", "description": "The field at fault; empty for none."},
                                "detail": {"type": "string"},
                            },
                        },
                    },
                },
            },
            "example": {
                "accepted": 1,
                "refused": [{"index": 1, "field": "value", "detail": "must be a finite number"}],
            },
        }
    },
}
