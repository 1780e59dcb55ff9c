"""The decisions of ``wk up``, without any process."""

import json
import stat
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from watchkeeper.embedded.up import plan
from watchkeeper.embedded.up.api_client import metrics_flow
from watchkeeper.embedded.up.console import banner
from watchkeeper.embedded.up.data_folder import MIB, VERSION, CannotStartError, DataFolder, check_free, write_private
from watchkeeper.embedded.up.first_access import kept, parsed
from watchkeeper.embedded.up.logs import rotate
from watchkeeper.embedded.up.restarts import MOST_S, Restarts
from watchkeeper.embedded.up.words import told

ADDRESSES = plan.Addresses(
    "127.0.0.1:20001", "postgresql://watchkeeper:se%22cret@127.0.0.1:20002/watchkeeper", 8000,
    {"recorder": 20003, "api": 20004, "collector": 20005},
)  # fmt: skip
ANSWER = {"user": "admin", "password": "p", "read_key": "r", "ingest_key": "i"}


def test_pauses_double_up_to_half_a_minute_and_a_long_run_starts_over() -> None:
    restarts, pauses = Restarts(), []
    for _ in range(9):
        restarts, pause = restarts.ended(ran_s=1)
        pauses.append(pause)
    assert pauses == [0.5, 1, 2, 4, 8, 16, MOST_S, MOST_S, MOST_S]
    assert restarts.ended(ran_s=61) == (Restarts(1), 0.5)


def test_services_get_the_engines_and_their_own_settings_and_nothing_of_ours_but_the_log_level(tmp_path: Path) -> None:
    inherited = {"PATH": "/bin", "WK_LOG_LEVEL": "debug", "WK_KAFKA_SERVERS": "elsewhere:9092", "WK_API_PORT": "1"}
    commands = plan.commands(DataFolder(tmp_path), ADDRESSES, tmp_path / "dist", inherited)
    assert list(commands) == list(plan.SERVICES)
    for name, command in commands.items():
        environment = command.environment
        assert environment["WK_KAFKA_SERVERS"] == ADDRESSES.kafka
        assert environment["WK_DATABASE_URL"] == ADDRESSES.database
        assert environment["WK_HEALTH_PORT"] == str(ADDRESSES.health[name])
        assert (environment["PATH"], environment["WK_LOG_LEVEL"]) == ("/bin", "debug")
    api = commands["api"].environment
    assert api["WK_API_PORT"] == "8000"
    assert api["WK_API_UI_DIR"] == str(tmp_path / "dist")
    assert json.loads(api["WK_API_SERVICES"]) == {
        "recorder": "http://127.0.0.1:20003",
        "collector": "http://127.0.0.1:20005",
    }
    assert "WK_API_PORT" not in commands["recorder"].environment


def test_the_collector_starts_when_what_it_looks_at_answers_and_stops_before_it_ends() -> None:
    """A look at what is not there yet, or no longer, would be told as an outage."""
    assert set(plan.NEEDS["collector"]) == {"api", "kafka"}
    assert plan.STOPPING[0] == ("collector",)
    assert {name for group in plan.STOPPING for name in group} == {*plan.ENGINES, *plan.SERVICES}
    assert set(plan.NEEDS) == set(plan.SERVICES)


def test_the_collector_watches_watchkeeper_itself() -> None:
    sources = tomllib.loads(plan.collector_toml(ADDRESSES))["sources"]
    assert [block["url"] for block in sources["http_probe"]] == ["http://127.0.0.1:8000/api/system/health"]
    assert [(block["host"], block["port"]) for block in sources["tcp_probe"]] == [("127.0.0.1", 20001)]
    assert [block["url"] for block in sources["postgresql"]] == [ADDRESSES.database]
    assert {block["name"]: block["url"] for block in sources["prometheus"]} == {
        name: f"http://127.0.0.1:{port}/metrics" for name, port in ADDRESSES.health.items()
    }


def test_a_new_data_folder_is_made_and_found_again(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    folder.check()
    assert not (tmp_path / "data").exists()
    (tmp_path / "data").mkdir()
    folder.open()
    folder.check()
    assert (tmp_path / "data" / "version").read_text() == f"{VERSION}\n"


def test_a_first_start_that_was_cut_short_is_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = DataFolder(tmp_path)

    def fail(*_: object, **__: object) -> None:
        raise OSError("cut short")

    (tmp_path / "lock").touch()
    (tmp_path / ".version.1234.part").write_text("1")  # cut while it wrote the version
    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", fail)
        with pytest.raises(CannotStartError):
            folder.open()
    folder.check()
    folder.open()
    folder.check()
    assert {entry.name for entry in tmp_path.iterdir()} == {"lock", "version", "run", "logs", "secrets", "spool"}


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        pytest.param("version", f"{VERSION + 1}\n", "newer Watchkeeper", id="newer"),
        pytest.param("version", "?\n", "does not hold a version", id="unreadable"),
        pytest.param("letters.txt", "", "not a Watchkeeper data folder", id="something else's"),
    ],
)
def test_a_folder_that_is_not_ours_to_use_stays_as_it_is(tmp_path: Path, file: str, text: str, said: str) -> None:
    (tmp_path / file).write_text(text)
    with pytest.raises(CannotStartError, match=said):
        DataFolder(tmp_path).check()
    assert [entry.name for entry in tmp_path.iterdir()] == [file]


def test_a_full_disk_is_one_line() -> None:
    check_free(512 * MIB, 512 * MIB, Path("/data"))
    with pytest.raises(CannotStartError, match=r"^the disk of /data is full: 511 MiB are free, 512 MiB are needed$"):
        check_free(512 * MIB - 1, 512 * MIB, Path("/data"))


def test_secrets_are_for_their_owner_only(tmp_path: Path) -> None:
    write_private(tmp_path / "secret", "text")
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret"]


@pytest.mark.parametrize(
    ("output", "answer"),
    [
        pytest.param(json.dumps(ANSWER) + "\n", ANSWER, id="the answer"),
        pytest.param("a warning\n" + json.dumps(ANSWER), ANSWER, id="after a warning"),
        pytest.param('{"user": null, "password": null}', dict.fromkeys(ANSWER), id="users are there already"),
        pytest.param('{"event": "started"}\n', None, id="another JSON line"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_the_answer_of_the_api_is_found_in_its_output(output: str, answer: dict[str, str | None] | None) -> None:
    assert parsed(output) == answer


@pytest.mark.parametrize(
    ("found", "answer"),
    [
        pytest.param(ANSWER, ANSWER, id="whole"),
        pytest.param({}, None, id="none"),
        pytest.param({**ANSWER, "read_key": ""}, None, id="torn"),
    ],
)
def test_a_kept_answer_counts_only_when_whole(found: dict[str, Any], answer: dict[str, str] | None) -> None:
    assert kept(found) == answer


SINCE = datetime(2026, 1, 1, tzinfo=UTC)


def hosts(**metrics: tuple[float | None, str]) -> dict[str, Any]:
    values = {name: {"value": value, "time": time} for name, (value, time) in metrics.items()}
    return {"hosts": [{"host": "a", "metrics": values}]}


NEW, OLD = "2026-01-01T00:00:00Z", "2025-12-31T23:59:59Z"


@pytest.mark.parametrize(
    ("answer", "flow"),
    [
        pytest.param(hosts(cpu=(0.5, NEW), memory=(0.5, NEW)), True, id="fresh"),
        pytest.param(hosts(cpu=(0.5, OLD), memory=(0.5, NEW)), False, id="one of an earlier run"),
        pytest.param(hosts(cpu=(None, NEW), memory=(0.5, NEW)), False, id="one without a value"),
        pytest.param(hosts(memory=(0.5, NEW)), False, id="one missing"),
        pytest.param(hosts(), False, id="a host without values"),
        pytest.param({}, False, id="no host"),
    ],
)
def test_metrics_flow_when_a_hosts_own_values_are_newer_than_the_start(answer: dict[str, Any], flow: bool) -> None:  # noqa: FBT001 - a table's column
    assert metrics_flow(answer, SINCE) is flow


RAISED = json.dumps({"event": "ended by an error", "exception": [{"exc_type": "OSError", "exc_value": "taken"}]})


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        pytest.param(["Traceback", "OSError: no"], "OSError: no", id="plain"),
        pytest.param(['{"event": "started"}', "settings: X: wrong"], "settings: X: wrong", id="settings"),
        pytest.param([RAISED, '{"event": "stopped"}'], "ended by an error: OSError: taken", id="before the end"),
        pytest.param(['{"event": "away", "error": "refused"}'], "away: refused", id="its error"),
        pytest.param([], "", id="nothing"),
    ],
)
def test_the_last_words_of_a_process_say_why(lines: list[str], words: str) -> None:
    assert told(lines) == words


def test_a_log_is_copied_aside_when_it_has_grown_and_goes_on_empty(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    with log.open("ab") as output:
        output.write(b"x" * 100)
        output.flush()
        assert not rotate(log, 100)
        assert rotate(log, 99)
        output.write(b"y")
    assert log.read_bytes() == b"y"
    assert (tmp_path / "a.log.1").read_bytes() == b"x" * 100
    assert not rotate(tmp_path / "missing.log", 1)


def test_the_banner_shows_a_password_only_while_it_is_the_drawn_one(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    first: dict[str, str | None] = {"url": "http://127.0.0.1:8000", **ANSWER, "password": "drawn-one"}
    assert "http://127.0.0.1:8000/performance-monitoring" in banner(first, folder)
    assert "drawn-one" in banner(first, folder)
    assert "the one that was chosen since" in banner({**first, "password": None}, folder)
