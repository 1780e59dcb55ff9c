"""Write the parts of docs/ that the code itself knows.

Run `.venv/bin/python docs/generate.py` after a change of settings, events or routes.

configuration.md from the settings classes, schemas/ from the events, openapi.json from the api's routes.
"""

import inspect
import json
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import AnyHttpUrl, BaseModel, DirectoryPath, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from watchkeeper.api.offline import offline_app
from watchkeeper.api.settings import ApiSettings
from watchkeeper.collector.configuration import Defaults, Identity
from watchkeeper.collector.settings import CollectorSettings
from watchkeeper.collector.sources.registry import SOURCES, source_module
from watchkeeper.common import schemas
from watchkeeper.common.bus import KafkaSettings
from watchkeeper.common.settings import HealthSettings, LogSettings
from watchkeeper.common.store import DatabaseSettings
from watchkeeper.recorder.settings import RecorderSettings

DOCS = Path(__file__).parent
SHARED = (KafkaSettings, DatabaseSettings, HealthSettings, LogSettings)
SERVICES = (ApiSettings, CollectorSettings, RecorderSettings)
WORDS: dict[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    SecretStr: "secret",
    Path: "path",
    DirectoryPath: "folder",
    AnyHttpUrl: "address",
    dict: "table",
    tuple: "list",
}
LIMITS = {"≥": "ge", ">": "gt", "≤": "le", "<": "lt", "length ≤": "max_length", "length ≥": "min_length"}
SOURCE_KEYS = {"enabled", "interval_s", "timeout_s", "name"}

HEAD = """\
# Configuration

*Written by `python docs/generate.py` from the settings classes; do not edit.*

Every setting is a variable of the environment, read and checked at start: a wrong value ends the start with exit code 2
and one line that names the variable. An empty variable counts as not set. Any of them may stand in a file instead:
`WK_SECRETS_DIR` names a folder with one file per variable, named as the variable in lower case
(`wk_database_password`); the environment wins. `./wk up` sets all of this by itself.
"""

COLLECTOR_HEAD = """\
## The collector's file

`WK_COLLECTOR_CONFIG` names a TOML file; without one the collector reads the host with what is given here. A key that
is not listed is an error. Sources of the host are on by themselves; the others are read where they are listed, each
block with a name of its own. `deploy/systemd/collector.toml` is an example with everything in it.

Every source also takes `enabled`, `interval_s` and `timeout_s`.
"""

ELSEWHERE = """\
## Elsewhere

| variable | read by | meaning |
|---|---|---|
| `WK_PYTHON` | `./wk` | the Python to use, where none of the usual names is one |
| `WK_UV` | `./wk` | the uv to use |
| `WK_UPGRADE` | `./wk lock` | not empty: take the newest versions that fit |
| `WK_TEST_KAFKA_SERVERS` | tests | a Kafka to test on, instead of an embedded one |
| `WK_TEST_DATABASE_URL` | tests | a superuser's address of the database server to test on |
| `WK_SITE` | docker-compose.yml | the address that people type |
"""


def configuration() -> str:
    """The text of configuration.md."""
    parts = [HEAD]
    parts += [section(settings, "Shared: ") for settings in SHARED]
    parts += [section(settings, "Service: ") for settings in SERVICES]
    parts.append(COLLECTOR_HEAD)
    parts += [block("[identity]", Identity, set()), block("[defaults]", Defaults, set())]
    for kind, known in SOURCES.items():
        title = f"[[sources.{kind}]]" if known.many else f"[sources.{kind}]"
        parts.append(block(title, source_module(kind).Settings, SOURCE_KEYS))
    parts.append(ELSEWHERE)
    return "\n".join(parts)


def section(settings: type[Any], kind: str) -> str:
    """One settings class: a heading, its promise, and a row for each variable."""
    prefix = settings.model_config["env_prefix"]
    rows = [
        row(f"`{prefix}{name.upper()}`", field)
        for name, field in settings.model_fields.items()
        if not (inspect.isclass(field.annotation) and issubclass(field.annotation, BaseModel))
    ]
    return f"## {kind}`{prefix}…`\n\n{first_line(settings)}\n\n{table('variable', rows)}"


def block(title: str, settings: type[BaseModel], left_out: set[str]) -> str:
    """One block of the collector's file, without the keys that all have."""
    rows = [row(f"`{name}`", field) for name, field in settings.model_fields.items() if name not in left_out]
    told = f"### `{title}`\n"
    default_s = getattr(settings, "interval_default_s", None)
    if default_s is not None:
        told += f"\nRead every {default_s:g} s unless it says otherwise.\n"
    return f"{told}\n{table('key', rows)}" if rows else told


def table(head: str, rows: list[str]) -> str:
    """A table of ``rows``."""
    return "\n".join([f"| {head} | default | values | meaning |", "|---|---|---|---|", *rows, ""])


def row(name: str, field: FieldInfo) -> str:
    """One setting: name, default, what it takes, what it means."""
    meaning = field.description or ""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in (name, default(field), values(field), meaning)) + " |"


def default(field: FieldInfo) -> str:
    """The default as one would write it."""
    value = field.get_default(call_default_factory=True) if field.default_factory is not None else field.default
    if value is PydanticUndefined:
        return "**required**"
    if value is None or value in ("", {}, (), []):
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def values(field: FieldInfo) -> str:
    """The type in words, and its limits."""
    words = " or ".join(dict.fromkeys(type_words(field.annotation)))
    limits = [limit for found in field.metadata if (limit := limit_words(found))]
    return ", ".join([words, *limits])


def type_words(annotation: Any) -> Iterator[str]:
    """The words for a type; several for a union."""
    origin = typing.get_origin(annotation)
    if origin is typing.Literal:
        yield ", ".join(f"`{value}`" for value in typing.get_args(annotation))
    elif origin in (typing.Union, types.UnionType):
        for part in typing.get_args(annotation):
            if part is not type(None):
                yield from type_words(part)
    elif origin is typing.Annotated:
        yield from type_words(typing.get_args(annotation)[0])
    else:
        yield WORDS.get(annotation) or WORDS.get(origin) or annotation.__name__.lower()


def limit_words(found: Any) -> str:
    """The words for one limit of pydantic's."""
    for sign, name in LIMITS.items():
        limit = getattr(found, name, None)
        if limit is not None:
            return f"{sign} {limit}"
    return ""


def first_line(settings: type[Any]) -> str:
    """The promise of a class."""
    return inspect.cleandoc(settings.__doc__ or "").split("\n\n")[0].replace("\n", " ")


def openapi() -> str:
    """The text of openapi.json."""
    return json.dumps(offline_app().openapi(), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write all of it."""
    (DOCS / "configuration.md").write_text(configuration(), encoding="utf-8")
    (DOCS / "openapi.json").write_text(openapi(), encoding="utf-8")
    schemas.write(DOCS / "schemas")


if __name__ == "__main__":
    main()
