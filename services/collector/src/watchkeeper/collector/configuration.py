"""The configuration file: who the host is, what is read, and how often. TOML, checked before anything starts."""

import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from watchkeeper.collector.source import NamedSettings, SourceSettings
from watchkeeper.collector.sources.registry import SOURCES, source_module
from watchkeeper.common.series import BadSeriesError, check_label
from watchkeeper.common.settings import SettingsError

FILE_BYTES_MAX = 1024 * 1024

T = TypeVar("T", bound=BaseModel)

Text = Annotated[str, Field(max_length=255)]


class Identity(BaseModel):
    """Block [identity]: who this host is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host_id: Text | None = Field(None, description="Stable id; unset: derived from the machine's id.")
    host_name: Text | None = Field(None, description="What people call it; unset: the system's host name.")
    environment: Text = Field("", description="production, staging, …")
    role: Text = Field("", description="web, database, …")
    organisation: Text = Field("", description="Whose it is.")
    labels: dict[str, str] = Field(default_factory=dict, max_length=32, description="Anything else worth a filter.")

    @field_validator("labels")
    @classmethod
    def _are_labels(cls, labels: dict[str, str]) -> dict[str, str]:
        for key, value in labels.items():
            try:
                check_label(key, value)
            except BadSeriesError as error:
                raise ValueError(str(error)) from None
        return labels


class Defaults(BaseModel):
    """Block [defaults]: for every source that does not say otherwise."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    interval_s: float = Field(10, ge=1, le=86400, description="Seconds between two readings, aligned to the clock.")
    timeout_s: float = Field(5, gt=0, le=600, description="Seconds after which a reading counts as failed.")
    jitter_s: float = Field(
        1, ge=0, le=60, description="Hosts read up to this much after the aligned instant, each at its own offset."
    )


@dataclass(frozen=True)
class SourceBlock:
    """One source to open: its kind, its own name ("" where there is one of its kind), and its settings.

    In the settings ``interval_s`` and ``timeout_s`` are always set.
    """

    kind: str
    name: str
    settings: SourceSettings

    @property
    def label(self) -> str:
        """How it is called in labels and logs: ``cpu``, ``http_probe/shop``."""
        return f"{self.kind}/{self.name}" if self.name else self.kind

    @property
    def interval_s(self) -> float:
        """Seconds between two readings."""
        return _given(self.settings.interval_s)

    @property
    def timeout_s(self) -> float:
        """Seconds that a reading may take."""
        return _given(self.settings.timeout_s)


@dataclass(frozen=True)
class Configuration:
    """What the file says, complete with what it leaves out."""

    identity: Identity
    defaults: Defaults
    blocks: tuple[SourceBlock, ...]


def read_configuration(path: Path | None) -> Configuration:
    """Read the file at ``path``, or take what holds without one.

    Raises ``SettingsError`` with one line that names the file and every key at fault.
    """
    if path is None:
        return configuration({})
    try:
        return configuration(tomllib.loads(_text(path)))
    except OSError as error:
        raise SettingsError(f"WK_COLLECTOR_CONFIG: {path}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not TOML: {error}") from error
    except SettingsError as error:
        raise SettingsError(f"{path}: {error}") from error


def _text(path: Path) -> str:
    with path.open("rb") as file:
        data = file.read(FILE_BYTES_MAX + 1)
    if len(data) > FILE_BYTES_MAX:
        raise SettingsError(f"larger than {FILE_BYTES_MAX} bytes")
    return data.decode()


def configuration(document: dict[str, Any]) -> Configuration:
    """Check a parsed file; raises ``SettingsError`` naming every key at fault."""
    wrong = [f"{key}: there is no such block" for key in document if key not in ("identity", "defaults", "sources")]
    identity = _checked(Identity, document.get("identity", {}), "identity", wrong)
    defaults = _checked(Defaults, document.get("defaults", {}), "defaults", wrong)
    sources = document.get("sources", {})
    if not isinstance(sources, dict):
        wrong.append("sources: must be a table")
        sources = {}
    wrong += [f"sources.{kind}: there is no such source" for kind in sources if kind not in SOURCES]
    blocks = [block for kind in SOURCES for block in _blocks(kind, sources.get(kind), wrong)]
    if wrong or identity is None or defaults is None:
        raise SettingsError("; ".join(wrong))
    return Configuration(identity, defaults, tuple(_complete(block, defaults) for block in blocks))


def _blocks(kind: str, given: Any, wrong: list[str]) -> list[SourceBlock]:
    """Return the enabled blocks of ``kind``, with what is wrong about them added to ``wrong``."""
    if SOURCES[kind].many:
        return _named_blocks(kind, given, wrong)
    if given is None and not SOURCES[kind].on:
        return []
    settings = _checked(source_module(kind).Settings, {} if given is None else given, f"sources.{kind}", wrong)
    return [SourceBlock(kind, "", settings)] if settings is not None and settings.enabled else []


def _named_blocks(kind: str, given: Any, wrong: list[str]) -> list[SourceBlock]:
    if given is None:
        return []
    if not isinstance(given, list):
        wrong.append(f"sources.{kind}: must be an array of blocks: [[sources.{kind}]]")
        return []
    found = []
    for number, each in enumerate(given):
        settings = _checked(source_module(kind).Settings, each, f"sources.{kind}[{number}]", wrong)
        if isinstance(settings, NamedSettings):
            found.append(SourceBlock(kind, settings.name, settings))
    names = Counter(block.name for block in found)
    wrong += [f"sources.{kind}: {count} blocks have the name {name!r}" for name, count in names.items() if count > 1]
    return [block for block in found if block.settings.enabled]


def _checked(model: type[T], given: Any, where: str, wrong: list[str]) -> T | None:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        for each in error.errors(include_url=False, include_input=False, include_context=False):
            place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in each["loc"])
            wrong.append(f"{where}{place}: {each['msg'].removeprefix('Value error, ')}")
        return None


def _complete(block: SourceBlock, defaults: Defaults) -> SourceBlock:
    """Return ``block`` with its interval and time-out set; a time-out is never longer than its interval."""
    settings = block.settings
    interval_s = settings.interval_s or settings.interval_default_s or defaults.interval_s
    timeout_s = min(settings.timeout_s or defaults.timeout_s, interval_s)
    return SourceBlock(
        block.kind, block.name, settings.model_copy(update={"interval_s": interval_s, "timeout_s": timeout_s})
    )


def _given(value: float | None) -> float:
    if value is None:
        raise ValueError("a block that was not completed")
    return value
