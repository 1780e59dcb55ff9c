"""Where Kafka is, and the topics that Watchkeeper makes there."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from watchkeeper.common.events import DEAD_LETTERS_TOPIC, METRICS_TOPIC
from watchkeeper.common.settings import EnvironmentSettings

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


class KafkaSettings(EnvironmentSettings):
    """Where Kafka is and how one is let in."""

    model_config = SettingsConfigDict(env_prefix="WK_KAFKA_")

    servers: str = Field(description="Bootstrap servers, host:port, separated by commas.")
    protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="SASL_SSL for anything but loopback."
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", description="How the user proves itself where the protocol is SASL."
    )
    user: str | None = Field(None, description="The SASL user.")
    password: SecretStr | None = Field(None, description="Its password (a secret's file).")
    ca_file: Path | None = Field(
        None, description="Certificates that the brokers' are checked against; else the system's."
    )
    request_timeout_s: float = Field(10, gt=0, le=300, description="Longest wait for an answer of a broker.")
    partitions: int = Field(4, ge=1, le=1000, description="Partitions of the topics that are made at start.")
    replication: int = Field(
        1, ge=1, le=9, description="Replicas of the topics that are made at start; 3 on a cluster."
    )

    @model_validator(mode="after")
    def _user_for_sasl(self) -> Self:
        if self.protocol.startswith("SASL") and (self.user is None or self.password is None):
            raise ValueError("SASL needs WK_KAFKA_USER and WK_KAFKA_PASSWORD")
        return self

    def connection(self) -> dict[str, Any]:
        """The arguments that every aiokafka client takes alike."""
        tls = self.protocol.endswith("SSL")
        sasl = self.protocol.startswith("SASL")
        return {
            "bootstrap_servers": self.servers,
            "request_timeout_ms": int(self.request_timeout_s * 1000),
            "security_protocol": self.protocol,
            "ssl_context": ssl.create_default_context(cafile=self.ca_file) if tls else None,
            "sasl_mechanism": self.sasl_mechanism if sasl else "PLAIN",
            "sasl_plain_username": self.user if sasl else None,
            "sasl_plain_password": self.password.get_secret_value() if sasl and self.password else None,
        }


@dataclass(frozen=True)
class Topic:
    """A topic as it is made: its name and its settings beyond the broker's own."""

    name: str
    config: Mapping[str, str] = field(default_factory=dict)


TOPICS = (
    Topic(METRICS_TOPIC, {"cleanup.policy": "delete", "retention.ms": str(DAY_MS)}),
    Topic(DEAD_LETTERS_TOPIC, {"cleanup.policy": "delete", "retention.ms": str(30 * DAY_MS)}),
)
"""All topics; a new one is one line here."""
