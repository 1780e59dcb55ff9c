"""Whose address counts."""

import ipaddress
from typing import Any

import pytest

from watchkeeper.api.settings import ApiSettings
from watchkeeper.api.web.client import client_address, is_trusted, prefix_of
from watchkeeper.common.bus import KafkaSettings
from watchkeeper.common.settings import SettingsError, load
from watchkeeper.common.store import DatabaseSettings

TRUSTED = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1/128"))


@pytest.mark.parametrize(
    ("peer", "header", "expected"),
    [
        pytest.param("192.0.2.1", ["198.51.100.9"], "192.0.2.1", id="a stranger's header is not believed"),
        pytest.param("10.1.2.3", [], "10.1.2.3", id="a proxy without the header"),
        pytest.param("10.1.2.3", ["198.51.100.9"], "198.51.100.9", id="one proxy"),
        pytest.param("10.1.2.3", ["1.1.1.1, 198.51.100.9, 10.9.9.9"], "198.51.100.9", id="two proxies, a forged first"),
        pytest.param("10.1.2.3", ["1.1.1.1", "198.51.100.9"], "198.51.100.9", id="two header lines"),
        pytest.param("::1", ["2001:db8::7"], "2001:db8::7", id="IPv6"),
        pytest.param("10.1.2.3", ["10.4.4.4"], "10.4.4.4", id="nothing but proxies"),
        pytest.param("10.1.2.3", ["unknown"], "10.1.2.3", id="no address"),
        pytest.param("", ["198.51.100.9"], "", id="no peer"),
    ],
)
def test_the_last_address_that_is_no_proxy_counts(peer: str, header: list[str], expected: str) -> None:
    """Whoever is not a trusted proxy may write what he likes."""
    assert client_address(peer, header, TRUSTED) == expected


@pytest.mark.parametrize(
    ("address", "prefix"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_limits_count_ipv6_by_networks(address: str, prefix: str) -> None:
    """An IPv4 client of a socket for both counts as itself."""
    assert prefix_of(address) == prefix


def test_networks_of_another_family_do_not_match() -> None:
    """An IPv4 address is in no IPv6 network."""
    assert is_trusted("10.0.0.1", TRUSTED)
    assert not is_trusted("10.0.0.1", TRUSTED[1:])


def api_settings(**given: Any) -> ApiSettings:
    """Settings with engines that are nowhere."""
    kafka = KafkaSettings(servers="127.0.0.1:1")
    database = DatabaseSettings(url="postgresql://127.0.0.1:1/none")
    return load(ApiSettings, kafka=kafka, database=database, **given)


def test_trusted_proxies_are_written_with_commas() -> None:
    """One setting holds them all."""
    settings = api_settings(trusted_proxies="10.0.0.0/8, ::1")
    assert settings.trusted_proxies == TRUSTED


def test_a_wrong_proxy_is_named() -> None:
    """The line says which variable is wrong."""
    with pytest.raises(SettingsError, match="WK_API_TRUSTED_PROXIES"):
        api_settings(trusted_proxies="10.0.0.0/99")
