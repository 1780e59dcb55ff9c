"""The last words of a process, for a person. Pure but for reading the log's end."""

import json
from pathlib import Path
from typing import Any

TAIL_BYTES = 16_384
LENGTH_MAX = 300


def last_words(log: Path) -> str:
    """What ``log`` ends with, as one line; empty where there is nothing."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - TAIL_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
    except FileNotFoundError:
        return ""
    said = [line.strip() for line in lines if line.strip()]
    return told(said)


def told(lines: list[str]) -> str:
    """The last of ``lines`` that says something: a JSON log line's error, or its event; else the line itself."""
    for line in reversed(lines):
        event = _event(line)
        if event is None:
            return line[:LENGTH_MAX]
        if event.get("event") not in ("stopped", "stopping"):
            return _sentence(event)[:LENGTH_MAX]
    return ""


def _event(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _sentence(event: dict[str, Any]) -> str:
    words = str(event.get("event", ""))
    raised = event.get("exception")
    if isinstance(raised, list) and raised and isinstance(raised[-1], dict):
        words += f": {raised[-1].get('exc_type')}: {raised[-1].get('exc_value')}"
    for name in ("error", "detail"):
        if event.get(name):
            words += f": {event[name]}"
    return " ".join(words.split())
