"""What ``wk test``, ``wk bench``, ``wk topics`` and the pages' build decide."""

from pathlib import Path

import pytest

from watchkeeper.common.bus import Received
from watchkeeper.embedded.command import main
from watchkeeper.embedded.development.benches import names
from watchkeeper.embedded.development.tests import wants_browser
from watchkeeper.embedded.node import new_enough
from watchkeeper.embedded.pages import fingerprint
from watchkeeper.embedded.ports import free_port, is_free, kept_port
from watchkeeper.embedded.topics_console import VALUE_CHARACTERS, shown


@pytest.mark.parametrize(
    ("version", "enough"),
    [("v20.19.0", True), ("v24.1.0", True), ("v20.18.9", False), ("v18.20.0", False), ("", False), ("node", False)],
)
def test_which_node_builds_the_pages(version: str, enough: bool) -> None:  # noqa: FBT001 - a table's column
    assert new_enough(version) is enough


@pytest.mark.parametrize(
    ("arguments", "wants"),
    [
        pytest.param([], True, id="everything"),
        pytest.param(["-q", "-k", "sign_in"], True, id="no path"),
        pytest.param(["tests"], True, id="a folder that holds them"),
        pytest.param(["tests/browser/test_a.py::test_b"], True, id="one of them"),
        pytest.param(["libs"], False, id="another folder"),
        pytest.param(["-m", "not browser"], False, id="all but them"),
    ],
)
def test_when_a_browser_is_installed(tmp_path: Path, arguments: list[str], wants: bool) -> None:  # noqa: FBT001 - a table's column
    (tmp_path / "libs").mkdir()
    (tmp_path / "tests" / "browser").mkdir(parents=True)
    (tmp_path / "tests" / "browser" / "test_a.py").touch()
    assert wants_browser(arguments, tmp_path) is wants


def test_a_benchmark_is_a_program(tmp_path: Path) -> None:
    (tmp_path / "api.py").write_text('if __name__ == "__main__":\n    main()\n')
    (tmp_path / "figures.py").write_text("def say(): ...\n")
    assert names(tmp_path) == ["api"]


def test_the_pages_are_built_again_when_a_source_changes_and_only_then(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.tsx").write_text("one")
    (tmp_path / "package.json").write_text("{}")
    first = fingerprint(tmp_path)
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "index.html").write_text("built")
    assert fingerprint(tmp_path) == first
    (tmp_path / "src" / "main.tsx").rename(tmp_path / "src" / "other.tsx")
    second = fingerprint(tmp_path)
    (tmp_path / "src" / "other.tsx").write_text("two")
    assert len({first, second, fingerprint(tmp_path)}) == 3


def test_a_port_is_kept_until_another_has_taken_it(tmp_path: Path) -> None:
    port = kept_port(tmp_path / "port", set())
    assert is_free(port)
    assert kept_port(tmp_path / "port", set()) == port
    (tmp_path / "port").write_text("70000")
    assert 0 < kept_port(tmp_path / "port", set()) < 65536
    assert 0 < free_port() < 65536


def test_ports_drawn_for_one_start_are_all_different(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A port counts as taken from when it is drawn, long before anybody listens on it."""
    monkeypatch.setattr("watchkeeper.embedded.ports.DRAWN", range(20_000, 20_004))
    taken = {20_000}
    ports = [kept_port(tmp_path / str(number), taken) for number in range(6)]
    assert len({*ports, 20_000}) == 7
    (tmp_path / "5").write_text(f"{ports[0]}\n")  # as an earlier version could draw it
    taken = {20_000}
    assert [kept_port(tmp_path / str(number), taken) for number in range(6)][:5] == ports[:5]
    assert int((tmp_path / "5").read_text()) not in ports[:5]


def test_a_record_is_one_line_however_long_its_value() -> None:
    record = Received(2, 7, 0, b"host", b"x" * (VALUE_CHARACTERS + 1))
    assert shown(record) == f"2/7 1970-01-01T00:00:00.000+00:00 host {'x' * VALUE_CHARACTERS}…"
    assert shown(Received(0, 0, 0, None, None)).endswith(" - null")


@pytest.mark.parametrize("arguments", [["up", "--port", "0"], ["up", "--port", "x"], ["nothing"], ["up", "--wrong"]])
def test_a_wrong_command_line_ends_with_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err
