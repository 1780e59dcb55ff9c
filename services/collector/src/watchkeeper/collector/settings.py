"""The collector's settings from the environment (``WK_COLLECTOR_…``); what it reads stands in a file of its own."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from watchkeeper.common.bus.settings import KafkaSettings
from watchkeeper.common.settings import ServiceSettings


class CollectorSettings(ServiceSettings):
    """Where the configuration and the spool are, and who this host is."""

    model_config = SettingsConfigDict(env_prefix="WK_COLLECTOR_")

    config: Path | None = Field(
        None, description="The TOML file with [identity], [defaults] and [sources]; unset: the host's own metrics."
    )
    spool_dir: Path = Field(
        Path("/var/lib/watchkeeper/collector"), description="Folder that keeps batches while Kafka is away."
    )
    spool_bytes_max: int = Field(
        256 * 1024 * 1024, ge=1024 * 1024, description="Bytes in it at most; beyond, the oldest are dropped."
    )
    host_id: str | None = Field(None, max_length=255, description="Overrides identity.host_id.")
    host_name: str | None = Field(None, max_length=255, description="Overrides identity.host_name.")
    environment: str | None = Field(None, max_length=255, description="Overrides identity.environment.")
    role: str | None = Field(None, max_length=255, description="Overrides identity.role.")
    organisation: str | None = Field(None, max_length=255, description="Overrides identity.organisation.")


class PublishingSettings(CollectorSettings):
    """All that the running collector needs: the above, and where Kafka is."""

    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
