"""``wk up`` as a person or a script uses it: started, looked at, hurt, started again. The tests stand in that order."""

import json
import os
import stat
import subprocess
import urllib.error
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from watchkeeper.embedded.claim import InUseError
from watchkeeper.embedded.engine import running
from watchkeeper.embedded.kafka import Kafka
from watchkeeper.embedded.ports import free_port
from watchkeeper.embedded.postgres import Postgres
from watchkeeper.embedded.up import api_client
from watchkeeper.embedded.up.data_folder import VERSION

from .running_up import Up, alive, is_root, wait_until, wk

NEWER_MIGRATION = "INSERT INTO schema_migrations (number, name) VALUES (9999, 'from_the_future');"


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """One ``wk up`` for all these tests."""
    made = Up(tmp_path_factory.mktemp("up") / "data", free_port())
    try:
        made.start()
        yield made
    finally:
        made.end()


def newest(up: Up) -> datetime:
    """When the newest processor figure was measured; the year 1 while the api does not answer."""
    try:
        hosts = up.get("/api/metrics/current")["hosts"]
    except (OSError, urllib.error.URLError):
        return datetime.min.replace(tzinfo=UTC)
    times = [datetime.fromisoformat(host["metrics"]["cpu"]["time"]) for host in hosts if "cpu" in host["metrics"]]
    return max(times, default=datetime.min.replace(tzinfo=UTC))


def refused(*arguments: str) -> str:
    """Run a ``wk up`` that cannot start; answers its one line."""
    done = wk("up", "--no-browser", *arguments)
    lines = done.stderr.splitlines()
    assert (done.returncode, len(lines)) == (1, 1), done.stdout + done.stderr
    assert lines[0].startswith("wk up: ")
    return lines[0]


def test_the_ready_file_has_all_that_a_script_needs_and_is_for_its_owner_only(up: Up) -> None:
    assert set(up.told) == {"url", "user", "password", "read_key", "ingest_key"}
    assert all(isinstance(value, str) and value for value in up.told.values())
    assert stat.S_IMODE(up.ready_file.stat().st_mode) == 0o600


def test_real_metrics_come_out_of_the_api(up: Up) -> None:
    hosts = up.get("/api/metrics/current")["hosts"]
    assert any(0 <= host["metrics"]["cpu"]["value"] <= 1 for host in hosts)
    assert any(0 < host["metrics"]["memory"]["value"] <= 1 for host in hosts)


def test_its_own_services_and_engines_are_watched(up: Up) -> None:
    def probes() -> set[Any]:
        found = up.get("/api/series?name=watchkeeper.probe.success")["series"]
        return {each["labels"]["probe"] for each in found}

    wait_until(lambda: probes() == {"api", "kafka"}, "probes of the api and of Kafka")
    wait_until(lambda: up.get("/api/series?name=postgresql.backends")["series"], "the database's own metrics")


def test_the_first_look_shows_no_outage(up: Up) -> None:
    """The collector looks only once there is something to look at."""
    wait_until(lambda: up.get("/api/metrics/summary")["uptime"]["value"] is not None, "the uptime")
    assert up.get("/api/metrics/summary")["uptime"]["value"] == 1


def test_what_the_charts_and_cards_show_comes_out(up: Up) -> None:
    """Also of the store and of the api themselves."""
    wanted = {
        *("cpu", "memory", "disk", "network", "response_time", "throughput", "error_rate"),
        *("active_users", "threats", "query_time", "cache_hit_rate", "connections"),
    }

    def missing() -> set[str]:
        (host,) = up.get("/api/metrics/current")["hosts"]
        return {name for name in wanted if host["metrics"].get(name, {}).get("value") is None}

    wait_until(lambda: not missing(), "a value of each", 40)


def test_status_tells_each_part(up: Up) -> None:
    done = wk("status", "--data", str(up.data))
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith(f"ready  {up.told['url']}")
    assert {line.split()[0] for line in done.stdout.splitlines()[1:]} == {"up", *up.parts(), "health"}


def test_the_consoles_reach_the_engines(up: Up) -> None:
    assert "metrics" in wk("topics", "--data", str(up.data)).stdout
    shown = wk("topics", "metrics", "--last", "1", "--data", str(up.data)).stdout.splitlines()
    assert json.loads(shown[-1].split(" ", 3)[3])["schema"].startswith("watchkeeper.metrics/")
    counted = wk("sql", "--data", str(up.data), "-c", "SELECT count(*) > 0 AS there FROM samples").stdout
    assert counted.split()[2] == "t"


def test_a_second_up_on_the_same_data_is_refused(up: Up) -> None:
    before = up.parts()
    assert "in use by another" in refused("--data", str(up.data), "--port", str(free_port()))
    assert up.parts() == before
    assert up.ready_file.exists()


def test_its_engines_are_no_other_programs_to_run(up: Up) -> None:
    """A program that runs an engine on its own folder first ends what runs there."""
    before = up.parts()
    for engine in (Kafka(up.data / "kafka"), Postgres(up.data / "postgres")):
        with pytest.raises(InUseError), running(engine):
            pass
    assert up.parts() == before


def test_a_port_that_is_taken_is_refused_before_anything_is_made(up: Up, tmp_path: Path) -> None:
    said = refused("--data", str(tmp_path / "data"), "--port", str(up.port))
    assert f"port {up.port} is taken" in said
    assert not [*(tmp_path / "data").glob("*/data"), *(tmp_path / "data").glob("*/port")]


def test_data_of_a_newer_version_are_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "version").write_text(f"{VERSION + 1}\n")
    assert "newer Watchkeeper" in refused("--data", str(tmp_path), "--port", str(free_port()))
    assert [entry.name for entry in tmp_path.iterdir()] == ["version"]


@pytest.mark.parametrize("name", ["collector", "recorder", "api", "kafka", "postgres"])
def test_a_killed_part_is_started_again_and_metrics_go_on(up: Up, name: str) -> None:
    before = up.parts()[name]
    assert before is not None
    killed_at = datetime.now(UTC)
    before.kill()
    wait_until(lambda: up.parts()[name] not in (None, before), f"another {name}")
    wait_until(lambda: newest(up) > killed_at, "metrics measured after the kill", 60)
    assert f"{name} was killed by signal 9" in up.output.read_text()


def test_a_killed_up_leaves_no_orphans_and_the_next_one_finds_its_history(up: Up) -> None:
    first = [process for process in up.parts().values() if process is not None]
    everything = first + [child for process in first for child in process.children(recursive=True)]
    told, ended_at = up.told, datetime.now(UTC).timestamp()
    up.kill()
    wait_until(lambda: not alive(everything), "the end of all parts")
    assert wk("status", "--data", str(up.data)).returncode == 1

    again = up.start()

    assert again == told  # the drawn password is still the administrator's, so it is told again
    line = up.get("/api/metrics/history/cpu?range=1h")
    stored = [
        time for time, value in zip(line["times_s"], line["lines"][0]["values"], strict=True) if value is not None
    ]
    assert min(stored) < ended_at


def test_a_killed_up_is_recovered_at_once(up: Up) -> None:
    """The next start need not wait: it ends what the killed one left, if that is still ending."""
    up.kill()
    assert up.start()["read_key"]


def test_a_password_that_was_changed_is_nobodys_to_tell(up: Up) -> None:
    port, user, password = up.port, up.told["user"], up.told["password"]
    assert api_client.is_one_time_password(port, user, password)
    session = api_client.ask(port, "POST", "/api/session", body={"user": user, "password": password})
    headers = {"Cookie": session.cookie, "X-CSRF-Token": session.body["csrf"]}
    new = {"current": password, "new": "another long enough passphrase"}
    assert api_client.ask(port, "POST", "/api/session/password", headers=headers, body=new).status == 204
    assert not api_client.is_one_time_password(port, user, password)


def test_down_stops_everything_and_takes_the_ready_file_away(up: Up) -> None:
    processes = [process for process in up.parts().values() if process is not None]
    done = wk("down", "--data", str(up.data))
    assert (done.returncode, done.stdout) == (0, "stopped\n")
    assert not alive(processes)
    assert not up.ready_file.exists()
    assert wk("down", "--data", str(up.data)).stdout.startswith("not running")


def test_a_database_of_a_newer_version_is_refused_in_one_line(up: Up) -> None:
    with running(Postgres(up.data / "postgres")) as postgres:
        postgres.psql("watchkeeper", NEWER_MIGRATION, {})
    assert "newer Watchkeeper" in refused("--data", str(up.data), "--port", str(up.port))
    assert not any(up.parts().values())


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 800 MiB."""
    if not is_root():
        pytest.skip("only root can mount a small file system")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=800m", "tmpfs", str(disk)], check=False, capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("this machine lets nobody mount a small file system")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def fill(disk: Path, left_mib: int) -> Path:
    """Take all but ``left_mib`` of ``disk``; answers the file that does."""
    usage = psutil.disk_usage(str(disk))
    file = disk / "filler"
    with file.open("wb") as opened:
        os.posix_fallocate(opened.fileno(), 0, usage.free - left_mib * 1024 * 1024)
    return file


def test_a_full_disk_is_refused_at_the_start_and_stops_a_running_up_cleanly(small_disk: Path) -> None:
    filler = fill(small_disk, 400)
    assert "MiB are free, 512 MiB are needed" in refused("--data", str(small_disk / "data"), "--port", str(free_port()))
    filler.unlink()
    up = Up(small_disk / "data", free_port())
    try:
        up.start()
        fill(small_disk, 100)
        assert up.process is not None
        assert up.process.wait(60) == 1
        assert "is full: " in up.output.read_text().splitlines()[-1]
        assert not any(up.parts().values())
    finally:
        up.end()
