"""Where Kafka is and how one is let in, without a Kafka."""

import logging
import ssl
from pathlib import Path

import certifi
import pytest
from pydantic import SecretStr

from watchkeeper.common.bus import TOPICS, KafkaSettings
from watchkeeper.common.bus.quiet import DISTINCT_MAX, OnceInAWhile
from watchkeeper.common.schemas import PUBLISHED
from watchkeeper.common.settings import SettingsError, load


def test_a_plain_connection_has_neither_tls_nor_a_user() -> None:
    found = KafkaSettings(servers="a:9092,b:9092", request_timeout_s=2.5, user="ignored").connection()
    assert found["bootstrap_servers"] == "a:9092,b:9092"
    assert found["request_timeout_ms"] == 2500
    assert (found["security_protocol"], found["ssl_context"], found["sasl_plain_username"]) == ("PLAINTEXT", None, None)


@pytest.mark.parametrize("ca_file", [None, Path(certifi.where())], ids=["the system's", "a file"])
def test_sasl_over_tls_checks_the_brokers_certificate(ca_file: Path | None) -> None:
    settings = KafkaSettings(
        servers="a:9093", protocol="SASL_SSL", user="watch", password=SecretStr("keeper"), ca_file=ca_file
    )
    found = settings.connection()
    assert found["ssl_context"].verify_mode is ssl.CERT_REQUIRED
    assert found["ssl_context"].check_hostname
    assert (found["sasl_mechanism"], found["sasl_plain_username"], found["sasl_plain_password"]) == (
        "SCRAM-SHA-512",
        "watch",
        "keeper",
    )


def test_a_user_without_a_password_is_refused() -> None:
    with pytest.raises(SettingsError, match="SASL needs WK_KAFKA_USER and WK_KAFKA_PASSWORD"):
        load(KafkaSettings, servers="a:9093", protocol="SASL_SSL", user="watch")


def test_every_topic_that_is_made_has_a_published_schema() -> None:
    assert {topic.name for topic in TOPICS} == set(PUBLISHED)


def test_a_repeated_line_of_the_client_passes_once_in_a_while() -> None:
    quiet = OnceInAWhile(repeat_s=3600)
    other = OnceInAWhile(repeat_s=0)

    def line(text: str) -> logging.LogRecord:
        return logging.LogRecord("aiokafka", logging.ERROR, __file__, 1, text, ("x",), None)

    assert [quiet.filter(line("no connection to %s")) for _ in range(3)] == [True, False, False]
    assert quiet.filter(line("another %s"))
    assert [other.filter(line("no connection to %s")) for _ in range(2)] == [True, True]


def test_the_memory_of_lines_is_bounded() -> None:
    quiet = OnceInAWhile(repeat_s=3600)
    for number in range(3 * DISTINCT_MAX):
        quiet.filter(logging.LogRecord("aiokafka", logging.ERROR, __file__, 1, f"line {number}", (), None))
    assert len(quiet._seen) <= DISTINCT_MAX
