"""Settings: read from the environment and from secrets' files; what is wrong is one line."""

from pathlib import Path

import pytest
from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from watchkeeper.common.bus import KafkaSettings
from watchkeeper.common.settings import EnvironmentSettings, ServiceSettings, SettingsError, load


class ProbeSettings(ServiceSettings):
    """A service's settings, as a service writes them."""

    model_config = SettingsConfigDict(env_prefix="WK_SETTINGSTEST_")

    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    wait_s: float = Field(1, gt=0)
    word: SecretStr | None = None
    count: int = 3


class PairSettings(EnvironmentSettings):
    model_config = SettingsConfigDict(env_prefix="WK_PAIRTEST_")

    low: int = 0
    high: int = 1

    @model_validator(mode="after")
    def _ordered(self) -> "PairSettings":
        if self.low > self.high:
            raise ValueError("WK_PAIRTEST_LOW must not be above WK_PAIRTEST_HIGH")
        return self


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WK_KAFKA_SERVERS", "localhost:9092")
    monkeypatch.delenv("WK_SECRETS_DIR", raising=False)


def test_blocks_are_read_under_their_own_prefixes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WK_SETTINGSTEST_WAIT_S", "2.5")
    monkeypatch.setenv("WK_LOG_LEVEL", "debug")
    monkeypatch.setenv("WK_HEALTH_PORT", "9123")
    settings = load(ProbeSettings)
    assert (settings.wait_s, settings.log.level, settings.health.port) == (2.5, "debug", 9123)
    assert settings.kafka.servers == "localhost:9092"


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WK_SETTINGSTEST_COUNT", "")
    assert load(ProbeSettings).count == 3


def test_arguments_win_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WK_SETTINGSTEST_COUNT", "4")
    assert load(ProbeSettings, count=5).count == 5


def test_a_wrong_value_is_one_line_that_names_every_variable_at_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WK_SETTINGSTEST_WAIT_S", "0")
    monkeypatch.setenv("WK_SETTINGSTEST_COUNT", "many")
    with pytest.raises(SettingsError) as raised:
        load(ProbeSettings)
    line = str(raised.value)
    assert "WK_SETTINGSTEST_WAIT_S: Input should be greater than 0" in line
    assert "WK_SETTINGSTEST_COUNT: Input should be a valid integer" in line
    assert "\n" not in line


def test_a_missing_setting_of_a_block_is_named_with_the_blocks_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WK_KAFKA_SERVERS")
    with pytest.raises(SettingsError, match=r"^WK_KAFKA_SERVERS: Field required$"):
        load(ProbeSettings)


def test_a_wrong_secret_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WK_KAFKA_PROTOCOL", "SASL_SSL")
    monkeypatch.setenv("WK_KAFKA_PASSWORD", "correct horse")
    with pytest.raises(SettingsError, match=r"^SASL needs WK_KAFKA_USER and WK_KAFKA_PASSWORD$"):
        load(ProbeSettings)


def test_a_rule_over_several_settings_speaks_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WK_PAIRTEST_LOW", "2")
    with pytest.raises(SettingsError, match=r"^WK_PAIRTEST_LOW must not be above WK_PAIRTEST_HIGH$"):
        load(PairSettings)


def test_a_class_of_another_kind_has_no_prefix() -> None:
    class Loose(BaseSettings):
        nowhere: int

    with pytest.raises(SettingsError, match=r"^NOWHERE: Field required$"):
        load(Loose)


def test_secrets_come_from_files_and_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "wk_settingstest_word").write_text("from a file\n", encoding="utf-8")
    (tmp_path / "wk_settingstest_count").write_text("7\n", encoding="utf-8")
    monkeypatch.setenv("WK_SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("WK_SETTINGSTEST_COUNT", "8")
    settings = load(ProbeSettings)
    assert settings.word is not None
    assert settings.word.get_secret_value() == "from a file"
    assert settings.count == 8


def test_secrets_serve_the_shared_blocks_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WK_KAFKA_PROTOCOL", "SASL_PLAINTEXT")
    monkeypatch.setenv("WK_KAFKA_USER", "watch")
    (tmp_path / "wk_kafka_password").write_text("keeper", encoding="utf-8")
    monkeypatch.setenv("WK_SECRETS_DIR", str(tmp_path))
    assert load(ProbeSettings).kafka.connection()["sasl_plain_password"] == "keeper"


def test_a_missing_folder_of_secrets_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WK_SECRETS_DIR", str(tmp_path / "absent"))
    with pytest.raises(SettingsError, match="WK_SECRETS_DIR: there is no folder"):
        load(ProbeSettings)


def test_secrets_do_not_show_in_a_printed_settings_object(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WK_SETTINGSTEST_WORD", "open sesame")
    assert "sesame" not in repr(load(ProbeSettings))
