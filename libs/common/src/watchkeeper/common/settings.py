"""Settings come from the environment, are validated at start, and a wrong value ends the start with one clear line.

Shared blocks have prefixes of their own (``WK_KAFKA_``, ``WK_DATABASE_``, ``WK_LOG_``, ``WK_HEALTH_``); a service's own
begin with its name (``WK_RECORDER_…``). Every setting may stand in a file instead: ``WK_SECRETS_DIR`` names a folder
with one file per variable, named as the variable in lower case (Docker's and Kubernetes' convention for secrets).
"""

import os
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

S = TypeVar("S", bound=BaseSettings)


class SettingsError(Exception):
    """Settings that cannot be used; the message is one line that names the variable and what is wrong with it."""


class EnvironmentSettings(BaseSettings):
    """Reads the environment, then the folder of secrets; an empty variable counts as not set."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the base class hands it over
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, the environment over secrets' files."""
        folder = os.environ.get("WK_SECRETS_DIR")
        if not folder:
            return init_settings, env_settings
        if not Path(folder).is_dir():
            raise SettingsError(f"WK_SECRETS_DIR: there is no folder {folder}")
        from pydantic_settings import SecretsSettingsSource  # noqa: PLC0415 - only where secrets are files

        return init_settings, env_settings, SecretsSettingsSource(settings_cls, secrets_dir=folder)


class LogSettings(EnvironmentSettings):
    """How a service logs."""

    model_config = SettingsConfigDict(env_prefix="WK_LOG_")

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least level that is written.")
    format: Literal["json", "console"] = Field("json", description="json for machines, console for a person's eyes.")


class HealthSettings(EnvironmentSettings):
    """Where a service answers about itself."""

    model_config = SettingsConfigDict(env_prefix="WK_HEALTH_")

    host: str = Field("127.0.0.1", description="Address that /healthz, /readyz and /metrics listen on.")
    port: int = Field(0, ge=0, le=65535, description="Their port; 0 takes a free one and logs it.")


class ServiceSettings(EnvironmentSettings):
    """What every service has; a service's class adds its own fields and a prefix of its own."""

    log: LogSettings = Field(default_factory=LogSettings)
    health: HealthSettings = Field(default_factory=HealthSettings)


def load(settings_class: type[S], **given: Any) -> S:
    """Read and validate ``settings_class``; raises ``SettingsError`` with one line for all that is wrong."""
    try:
        return settings_class(**given)
    except ValidationError as error:
        raise SettingsError(_one_line(error)) from error


def _one_line(error: ValidationError) -> str:
    prefix = _prefix(error.title)
    parts = []
    for wrong in error.errors(include_url=False, include_input=False):
        name = "_".join(str(part) for part in wrong["loc"])
        message = wrong["msg"].removeprefix("Value error, ")
        parts.append(f"{prefix}{name.upper()}: {message}" if name else message)
    return "; ".join(parts)


def _prefix(title: str) -> str:
    classes: list[type[EnvironmentSettings]] = [EnvironmentSettings]
    for known in classes:
        classes.extend(known.__subclasses__())
        if known.__name__ == title:
            return str(known.model_config.get("env_prefix", "")).upper()
    return ""
