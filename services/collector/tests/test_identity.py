"""Who the host is."""

import uuid
from pathlib import Path

import pytest

from watchkeeper.collector.configuration import Identity
from watchkeeper.collector.identity import find_host_id, resource
from watchkeeper.collector.settings import CollectorSettings
from watchkeeper.common.settings import SettingsError

MACHINE = "3d1219c7c4c5404aaa1f6d2a48adfda4"


def never() -> str:
    """An id that nobody should ask for."""
    raise AssertionError("asked for an id though one was given")


def test_the_environment_wins_over_the_file() -> None:
    """Each part by itself: what the environment leaves out comes from the file."""
    settings = CollectorSettings(host_id="env-id", role="env-role")
    identity = Identity(host_id="file-id", host_name="file-name", role="file-role", labels={"rack": "1"})
    found = resource(settings, identity, never)
    assert (found.id, found.name, found.role, found.environment) == ("env-id", "file-name", "env-role", "")
    assert found.labels == {"rack": "1"}


def test_a_machines_id_is_derived_and_stays(tmp_path: Path) -> None:
    """The same machine, the same id; the machine's own id is not shown."""
    (tmp_path / "machine-id").write_text(MACHINE + "\n")
    found = find_host_id(tmp_path / "spool", tmp_path / "machine-id")
    assert found == find_host_id(tmp_path / "spool", tmp_path / "machine-id")
    assert uuid.UUID(found).version == 5
    assert MACHINE not in found.replace("-", "")
    assert not (tmp_path / "spool").exists()


@pytest.mark.parametrize("text", [None, "", "uninitialized\n"], ids=["absent", "empty", "not yet made"])
def test_without_a_machines_id_one_is_drawn_and_kept(tmp_path: Path, text: str | None) -> None:
    """The second start finds the first one's."""
    if text is not None:
        (tmp_path / "machine-id").write_text(text)
    found = find_host_id(tmp_path / "spool", tmp_path / "machine-id")
    assert uuid.UUID(found).version == 4
    assert find_host_id(tmp_path / "spool", tmp_path / "machine-id") == found


def test_an_id_that_cannot_be_kept_is_no_id(tmp_path: Path) -> None:
    """A host whose id changed with every start would be a new host each time."""
    (tmp_path / "spool").write_text("a file, not a folder")
    with pytest.raises(SettingsError, match="no host id"):
        find_host_id(tmp_path / "spool", tmp_path / "absent")
