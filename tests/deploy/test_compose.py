"""docker-compose.yml and the Dockerfile, as far as they can be checked without a Docker engine."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from watchkeeper.api.settings import ApiSettings
from watchkeeper.collector.configuration import read_configuration
from watchkeeper.collector.settings import PublishingSettings
from watchkeeper.common.settings import load
from watchkeeper.recorder.settings import RecorderSettings

ROOT = Path(__file__).parents[2]
TOOLS = Path(sys.executable).parent
OURS: dict[str, type[Any]] = {"api": ApiSettings, "collector": PublishingSettings, "recorder": RecorderSettings}


@pytest.fixture(name="composed", scope="module")
def _composed() -> dict[str, Any]:
    """The file as Compose itself reads it: checked against the Compose specification's schema, anchors merged."""
    done = subprocess.run(
        [str(TOOLS / "docker-compose"), "-f", str(ROOT / "docker-compose.yml"), "config", "--format", "json"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"},
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_wrong_key_would_be_noticed(tmp_path: Path) -> None:
    """The check checks: Compose refuses what its schema does not have."""
    text = (
        (ROOT / "docker-compose.yml")
        .read_text(encoding="utf-8")
        .replace("  kafka:\n", "  kafka:\n    memlimit: 1g\n", 1)
    )
    (tmp_path / "docker-compose.yml").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [str(TOOLS / "docker-compose"), "-f", str(tmp_path / "docker-compose.yml"), "config", "-q"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert "memlimit" in done.stderr


def test_every_container_is_confined(composed: dict[str, Any]) -> None:
    for name, service in composed["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["pids_limit"] <= 512, name
        assert int(service["mem_limit"]) > 0, name
        assert service["cpus"] > 0, name
        assert "privileged" not in service, name
    added = {name: service["cap_add"] for name, service in composed["services"].items() if "cap_add" in service}
    assert added == {"web": ["NET_BIND_SERVICE"]}


def test_no_container_runs_as_root(composed: dict[str, Any]) -> None:
    for name, service in composed["services"].items():
        if name not in OURS:
            assert service["user"].split(":")[0] not in {"", "0", "root"}, name
    users = re.findall(r"^USER (\d+):\d+$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(users) == 2
    assert "0" not in users


def test_images_are_pinned(composed: dict[str, Any]) -> None:
    images = [service["image"] for service in composed["services"].values()]
    images += re.findall(r"^ARG \w+_IMAGE=(\S+)$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(images) == 9
    for image in images:
        assert re.search(r":\d+\.\d+\.\d+", image), image


def test_engines_are_not_reached_from_outside(composed: dict[str, Any]) -> None:
    assert composed["networks"]["engines"]["internal"] is True
    for name in ("kafka", "timescaledb"):
        assert set(composed["services"][name]["networks"]) == {"engines"}
    assert {name for name, service in composed["services"].items() if "ports" in service} == {"web"}


def test_no_password_stands_in_the_file() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert not re.search(r"PASSWORD: ", text)
    assert not re.search(r"postgresql://[^/@]*:[^/@]*@", text)


@pytest.mark.parametrize("name", OURS)
def test_the_services_take_their_environment(
    name: str, composed: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each service's own settings class reads what the file gives it; every variable is one that it has."""
    environment = dict(composed["services"][name]["environment"])
    assert environment.pop("WK_SECRETS_DIR") == "/run/secrets"
    for variable in [key for key in os.environ if key.startswith("WK_")]:
        monkeypatch.delenv(variable)
    for secret in composed["services"][name].get("secrets", []):
        (tmp_path / secret["source"]).write_text("drawn\n", encoding="utf-8")
    monkeypatch.setenv("WK_SECRETS_DIR", str(tmp_path))
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    settings = load(OURS[name])
    assert settings.kafka.servers == "kafka:9092"
    if name != "collector":
        assert settings.database.password.get_secret_value() == "drawn"
    known = {variable.casefold() for block in blocks(type(settings)) for variable in block}
    assert {variable.casefold() for variable in environment} <= known


def blocks(settings: Any) -> list[list[str]]:
    """The variables of a settings class and of the blocks in it."""
    own = [f"{settings.model_config['env_prefix']}{name}" for name in settings.model_fields]
    inner = [field.annotation for field in settings.model_fields.values() if hasattr(field.annotation, "model_config")]
    return [own, *(block for nested in inner for block in blocks(nested))]


def test_every_secret_is_drawn_by_the_script(composed: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "deploy").mkdir()
    script = shutil.copy(ROOT / "deploy" / "make-secrets", tmp_path / "deploy")
    subprocess.run([script], check=True, timeout=30, capture_output=True)
    drawn = {path.name: path.read_text() for path in (tmp_path / "deploy" / "secrets").iterdir()}
    subprocess.run([script], check=True, timeout=30, capture_output=True)
    assert {path.name: path.read_text() for path in (tmp_path / "deploy" / "secrets").iterdir()} == drawn
    wanted = {Path(secret["file"]).name for secret in composed["secrets"].values()}
    assert set(drawn) == wanted
    assert all(re.fullmatch(r"[0-9a-f]{48}", value) for value in drawn.values())
    assert (tmp_path / "deploy" / "secrets").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("path", ["deploy/collector.toml", "deploy/systemd/collector.toml"])
def test_the_collector_takes_the_shipped_configurations(path: str) -> None:
    assert read_configuration(ROOT / path).blocks


def test_the_dockerfile_is_linted() -> None:
    done = subprocess.run(
        [str(TOOLS / "hadolint"), "--failure-threshold", "info", str(ROOT / "Dockerfile")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_builder_gets_what_the_dockerfile_copies() -> None:
    """.dockerignore shuts everything out but a list: what the Dockerfile copies has to be on it."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    copied = [word for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE) for word in line.split()[:-1]]
    allowed = [
        line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"
    ]
    assert copied
    for path in copied:
        assert any(path == entry or path.startswith(f"{entry}/") for entry in allowed), path


def test_the_scripts_are_plain_sh() -> None:
    scripts = [ROOT / "deploy" / "make-secrets", ROOT / "deploy" / "timescaledb" / "role.sh"]
    for script in scripts:
        subprocess.run(["sh", "-n", str(script)], check=True, timeout=10)
        assert os.access(script, os.X_OK)
    mounted = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]["timescaledb"]
    assert any(volume.startswith("./deploy/timescaledb/role.sh:") for volume in mounted["volumes"])
