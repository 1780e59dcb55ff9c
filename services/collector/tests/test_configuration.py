"""The configuration file."""

from pathlib import Path

import pytest

from watchkeeper.collector.configuration import configuration, read_configuration
from watchkeeper.common.settings import SettingsError

EXAMPLE = Path(__file__).parents[3] / "deploy" / "systemd" / "collector.toml"
HOST_SOURCES = {
    "cgroup", "connections", "cpu", "disk", "filesystem", "load", "memory", "network", "paging", "processes",
    "temperature", "uptime",
}  # fmt: skip


def test_without_a_file_the_host_is_read() -> None:
    """Every source of the host, each with an interval and a time-out; costly ones more rarely."""
    blocks = {block.label: block for block in read_configuration(None).blocks}
    assert set(blocks) == HOST_SOURCES
    assert (blocks["cpu"].interval_s, blocks["cpu"].timeout_s) == (10, 5)
    assert blocks["processes"].interval_s == 30


def test_the_example_has_every_source() -> None:
    """The file beside the systemd unit is valid and leaves no kind of source out."""
    found = read_configuration(EXAMPLE)
    kinds = {block.kind for block in found.blocks}
    assert kinds == HOST_SOURCES | {"http_probe", "tcp_probe", "smtp_probe", "postgresql", "prometheus"}
    assert found.identity.labels == {"rack": "b4"}


def test_a_block_says_more_than_the_defaults() -> None:
    """Its own interval and time-out win; a time-out never outlasts its interval; a source can be off."""
    found = configuration(
        {
            "defaults": {"interval_s": 20, "timeout_s": 8},
            "sources": {
                "load": {"interval_s": 2},
                "memory": {"enabled": False},
                "tcp_probe": [
                    {"name": "a", "host": "h", "port": 1, "timeout_s": 3},
                    {"name": "b", "host": "h", "port": 2, "enabled": False},
                ],
            },
        }
    )
    blocks = {block.label: block for block in found.blocks}
    assert (blocks["load"].interval_s, blocks["load"].timeout_s) == (2, 2)
    assert (blocks["tcp_probe/a"].interval_s, blocks["tcp_probe/a"].timeout_s) == (20, 3)
    assert "memory" not in blocks
    assert "tcp_probe/b" not in blocks


@pytest.mark.parametrize(
    ("toml", "line"),
    [
        ("[identity]\nhost_id = 5", "identity.host_id: Input should be a valid string"),
        ("[identity]\nlabels = { 'a b' = 'x' }", "identity.labels: not a label name: 'a b'"),
        ("[defaults]\ninterval_s = 0", "defaults.interval_s: Input should be greater than or equal to 1"),
        ("[default]\n", "default: there is no such block"),
        ("[sources.cpus]\n", "sources.cpus: there is no such source"),
        ("[sources.cpu]\nper_kore = true", "sources.cpu.per_kore: Extra inputs are not permitted"),
        ("[sources.disk]\nexclude = '('", "sources.disk.exclude: is not a regular expression"),
        ("[sources.http_probe]\nname = 'a'", "sources.http_probe: must be an array of blocks"),
        ("[[sources.http_probe]]\nname = 'a'", "sources.http_probe[0].url: Field required"),
        (
            "[[sources.http_probe]]\nname='a'\nurl='http://u:secret@h/'",
            "sources.http_probe[0].url: must not hold credentials",
        ),
        ("[[sources.http_probe]]\nname='a'\nurl='ftp://h/'", "sources.http_probe[0].url: must begin with http://"),
        (
            "[[sources.tcp_probe]]\nname='a'\nhost='h'\nport=1\ninterval_s=2\ntimeout_s=3",
            "sources.tcp_probe[0]: timeout_s must not be longer than interval_s",
        ),
        (
            "[[sources.tcp_probe]]\nname='a'\nhost='h'\nport=1\n[[sources.tcp_probe]]\nname='a'\nhost='h'\nport=2",
            "sources.tcp_probe: 2 blocks have the name 'a'",
        ),
        ("[[sources.http_probe]]\nname='a'\nurl='http://h/ä'", "sources.http_probe[0].url: must be ASCII"),
        ("[[sources.http_probe]]\nname='a'\nurl='http://h:0/'", "sources.http_probe[0].url: port 0 is none"),
        ("[[sources.http_probe]]\nname='a'\nurl='http://h/'\nheaders={Host='x'}", "is not a header that may be set"),
        (
            "[[sources.http_probe]]\nname='a'\nurl='http://h/'\nheaders={X=\"a\\nsecret\"}",
            "sources.http_probe[0].headers: the value of 'X' must be printable",
        ),
        (
            "[[sources.prometheus]]\nname='a'\nurl='http://h/'\nuser='u'\npassword_file='f'\nbearer_token_file='g'",
            "sources.prometheus[0]: bearer_token_file and user exclude each other",
        ),
        ("[[sources.tcp_probe]]\nname=\"a\\nb\"\nhost='h'\nport=1", "sources.tcp_probe[0].name: must be printable"),
        ("[[sources.postgresql]]\nname='a'\nurl='mysql://h'", "sources.postgresql[0].url: must begin with postgresql"),
        ("[sources]\ncpu = 5", "sources.cpu: Input should be a valid dictionary"),
        ("[[sources.postgresql]]\nname='a'", "sources.postgresql[0]: needs either url or url_file"),
        ("[[sources.prometheus]]\nname='a'\nurl='http://h/'\nuser='u'", "user and password_file belong together"),
        ("sources = 5", "sources: must be a table"),
        ("[identity", "not TOML"),
    ],
)
def test_a_wrong_value_is_named_in_one_line(tmp_path: Path, toml: str, line: str) -> None:
    """The message holds the file, the key and the reason, in one line, and never the value of a secret."""
    path = tmp_path / "collector.toml"
    path.write_text(toml)
    with pytest.raises(SettingsError) as caught:
        read_configuration(path)
    message = str(caught.value)
    assert line in message
    assert str(path) in message
    assert "\n" not in message
    assert "secret" not in message


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    """Whatever it is, it is no configuration."""
    (tmp_path / "c.toml").write_bytes(b"#" * (1024 * 1024 + 1))
    with pytest.raises(SettingsError, match="larger than 1048576 bytes"):
        read_configuration(tmp_path / "c.toml")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The variable and the path are in the message."""
    with pytest.raises(SettingsError, match=r"WK_COLLECTOR_CONFIG: .*absent.toml: No such file"):
        read_configuration(tmp_path / "absent.toml")
