"""The recorder's settings (``WK_RECORDER_…``)."""

from datetime import timedelta
from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import SettingsConfigDict

from watchkeeper.common.bus.settings import KafkaSettings
from watchkeeper.common.events import METRICS_TOPIC
from watchkeeper.common.settings import ServiceSettings
from watchkeeper.common.store import DatabaseSettings


class RecorderSettings(ServiceSettings):
    """What the recorder reads, what it refuses, and how long the store keeps each resolution."""

    model_config = SettingsConfigDict(env_prefix="WK_RECORDER_")

    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    database: DatabaseSettings = Field(default_factory=DatabaseSettings)

    consumer: str = Field(
        "recorder",
        min_length=1,
        max_length=200,
        description="Name of the consumer group, and of the offsets in the database.",
    )
    instance: str | None = Field(
        None,
        max_length=200,
        pattern=r"^[a-zA-Z0-9._-]+$",
        description="A name of this recorder that stays over restarts and is no other recorder's: its partitions then "
        "come back at once after a crash, not after 10 s.",
    )
    topic: str = Field(METRICS_TOPIC, min_length=1, max_length=249, description="The topic that is recorded.")
    stop_on_bad: bool = Field(
        True,  # noqa: FBT003 - a setting's default
        description="Stop a partition at 100 malformed records in a row or over 1 %; false: all go to dead-letters.",
    )
    records_max: int = Field(2000, ge=1, le=100_000, description="Records in one transaction at most.")
    batch_wait_s: float = Field(0.1, gt=0, le=10, description="Longest wait for more records of a batch.")
    series_max: int = Field(
        5000, ge=1, description="Series that one resource may have at a time; samples of further ones are refused."
    )
    series_cached_max: int = Field(
        500_000, ge=1000, description="Series whose ids are kept in memory (about 250 bytes each)."
    )
    ahead_s: int = Field(300, ge=1, description="A sample further ahead of our clock goes to the dead letters.")
    raw_hours: int = Field(48, ge=1, description="How long single samples are kept.")
    minute_days: int = Field(32, ge=1, description="How long minute rollups are kept.")
    hour_days: int = Field(396, ge=1, description="How long hour rollups are kept.")
    rollup_every_s: float = Field(5, gt=0, le=300, description="Pause between two looks for minutes to roll up.")
    retention_every_s: float = Field(300, gt=0, description="Pause between two looks for partitions to drop.")

    @model_validator(mode="after")
    def _coarser_is_longer(self) -> Self:
        if not timedelta(hours=self.raw_hours) <= timedelta(days=self.minute_days) <= timedelta(days=self.hour_days):
            raise ValueError(
                "WK_RECORDER_RAW_HOURS, _MINUTE_DAYS and _HOUR_DAYS: a coarser resolution is kept as long or longer"
            )
        return self

    @property
    def kept(self) -> dict[str, timedelta]:
        """How long each resolution (``raw``, ``minute``, ``hour``) is kept."""
        return {
            "raw": timedelta(hours=self.raw_hours),
            "minute": timedelta(days=self.minute_days),
            "hour": timedelta(days=self.hour_days),
        }
