"""The gateway's settings (``WK_API_…``)."""

import ipaddress
from pathlib import Path
from typing import Annotated

from pydantic import AnyHttpUrl, DirectoryPath, Field, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from watchkeeper.common.bus.settings import KafkaSettings
from watchkeeper.common.settings import ServiceSettings
from watchkeeper.common.store import DatabaseSettings

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class ApiSettings(ServiceSettings):
    """Where the gateway listens, what it serves, and whom it lets in how often."""

    model_config = SettingsConfigDict(env_prefix="WK_API_")

    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    database: DatabaseSettings = Field(default_factory=DatabaseSettings)

    host: str = Field("127.0.0.1", description="Address that the API and the pages listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Their port; 0 takes a free one and logs it.")
    ui_dir: DirectoryPath | None = Field(
        None, description="Folder of the built pages; without it there is only the API."
    )
    data_dir: Path | None = Field(None, description="Folder whose disk's free space the health report gives.")
    services: dict[str, AnyHttpUrl] = Field(
        default_factory=dict,
        description='Health servers of the services, as JSON: {"recorder": "http://127.0.0.1:9102"}.',
    )

    response_time_threshold_s: float = Field(
        0.5, gt=0, description="Mean response time from which the summary calls the threshold breached."
    )

    secure_cookies: bool = Field(
        default=True, description="Cookies over TLS only, and HSTS; false only for plain HTTP on loopback."
    )
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = Field(
        (), description="Proxies whose X-Forwarded-For and -Proto count: addresses or networks, separated by commas."
    )
    session_idle_s: int = Field(12 * 3600, ge=60, description="A session ends after this long without a request.")
    session_max_s: int = Field(7 * 86400, ge=60, description="A session ends after this long in any case.")
    connections_max: int = Field(
        4096,
        ge=16,
        description="Open connections at most, live streams included; more get 503. The process needs as many files.",
    )
    audit_days: int = Field(400, ge=1, le=36_500, description="Days for which the audit log is kept.")
    access_pool_max: int = Field(
        4, ge=1, le=50, description="Database connections for logins and health, beside those for everything else."
    )
    body_bytes_max: int = Field(
        1024 * 1024, ge=1024, description="Largest body of a request; 8192 bytes where no login is needed."
    )
    body_timeout_s: float = Field(15, gt=0, le=600, description="Time in which a request's body must have come.")
    intake_bytes_max: int = Field(8 * 1024 * 1024, ge=1024, description="Largest body of pushed metrics.")
    intake_timeout_s: float = Field(60, gt=0, le=600, description="Time in which pushed metrics must have come.")
    requests_per_minute: int = Field(6000, ge=1, description="Requests of one session or key per minute.")
    anonymous_per_minute: int = Field(600, ge=1, description="Requests without a login of one address per minute.")
    sign_ins_per_minute: int = Field(
        10, ge=1, description="Attempts to sign in from one address per minute; those that succeed do not count."
    )
    sign_ins_per_user_per_minute: int = Field(
        5, ge=1, description="Attempts to sign in as one user from one address per minute, counted likewise."
    )
    sign_ins_per_user_in_all_per_minute: int = Field(
        60, ge=1, description="Attempts to sign in as one user from all addresses per minute, counted likewise."
    )
    live_readers_per_caller: int = Field(
        50, ge=1, description="Live streams that one user or key may have open at a time."
    )
    live_readers_max: int = Field(4000, ge=1, description="Live streams open at a time, of all together.")
    password_hashes_max: int = Field(2, ge=1, le=64, description="Passwords checked at a time (64 MiB each).")

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value
