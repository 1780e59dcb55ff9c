"""Logs: what stands on a line, in the two writings."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from watchkeeper.common.logging import configure, get_logger
from watchkeeper.common.settings import LogSettings


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    """Leave the process's logging as it was found."""
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    yield
    root.handlers[:], root.level = before[0], before[1]
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """What was written to standard error, each line read as JSON."""
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_of_json_has_time_level_service_and_the_bound_ids(capsys: pytest.CaptureFixture[str]) -> None:
    configure("recorder", LogSettings(level="info", format="json"))
    get_logger("a.module").bind(partition=3).info("stored", samples=40)
    (line,) = lines(capsys)
    assert str(line.pop("timestamp")).endswith("Z")
    assert line == {
        "event": "stored",
        "level": "info",
        "logger": "a.module",
        "partition": 3,
        "samples": 40,
        "service": "recorder",
    }


def test_the_standard_librarys_loggers_go_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    configure("api", LogSettings(level="warning", format="json"))
    logging.getLogger("some.library").warning("slow: %s", "disk")
    logging.getLogger("some.library").info("not wanted")
    get_logger("ours").info("not wanted either")
    (line,) = lines(capsys)
    assert (line["event"], line["logger"], line["service"], line["level"]) == (
        "slow: disk",
        "some.library",
        "api",
        "warning",
    )


@pytest.mark.parametrize("style", ["json", "console"])
def test_an_exception_is_written_without_local_variables(style: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A password in a local variable must not reach the logs."""
    configure("api", LogSettings(level="info", format="console" if style == "console" else "json"))
    password = "correct" + "-horse"
    try:
        int(password[:7])
    except ValueError:
        get_logger("a").exception("refused")
    written = capsys.readouterr().err
    assert "invalid literal" in written
    assert "ValueError" in written
    assert password not in written


def test_the_console_is_for_a_persons_eyes(capsys: pytest.CaptureFixture[str]) -> None:
    configure("api", LogSettings(level="info", format="console"))
    get_logger("a").info("started", port=8080)
    written = capsys.readouterr().err
    assert "started" in written
    assert "port=8080" in written
    assert "{" not in written


def test_a_second_configure_does_not_double_the_lines(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        configure("api", LogSettings(level="info", format="json"))
    get_logger("a").info("once")
    assert len(lines(capsys)) == 1
