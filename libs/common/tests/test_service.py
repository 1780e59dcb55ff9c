"""How a service starts and ends: real processes, real signals, real exit codes."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from watchkeeper.common.health import Part
from watchkeeper.common.service import DRAIN_S, Running

PROBE = Path(__file__).parent / "probe_service.py"
START_S = 30.0


@contextlib.contextmanager
def started(behaviour: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """The probe service under way; ended by force if the test leaves it."""
    process = subprocess.Popen(
        [sys.executable, str(PROBE), behaviour],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "WK_LOG_FORMAT": "json", **environment},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def port(process: subprocess.Popen[str]) -> int:
    """Its health port, once it is under way."""
    assert process.stdout is not None
    return int(process.stdout.readline())


def ended(process: subprocess.Popen[str]) -> tuple[int, str, list[dict[str, object]]]:
    """Exit code, output, and the log's lines."""
    out, err = process.communicate(timeout=DRAIN_S + START_S)
    return process.returncode, out, [json.loads(line) for line in err.splitlines()]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_the_service_hand_over_and_end_with_0(number: signal.Signals) -> None:
    with started("drains") as process:
        health_port = port(process)
        with urllib.request.urlopen(f"http://127.0.0.1:{health_port}/readyz", timeout=5) as answer:
            assert json.load(answer)["parts"] == {"work": {"ok": True, "detail": ""}}
        process.send_signal(number)
        code, out, log = ended(process)
    assert (code, out) == (0, "handed over\n")
    assert [line["event"] for line in log] == ["started", "readiness", "stopping", "stopped"]
    assert all(line["service"] == "probe" for line in log)


def test_a_second_signal_does_not_cut_the_drain_short() -> None:
    with started("drains") as process:
        port(process)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGTERM)
        code, out, _ = ended(process)
    assert (code, out) == (0, "handed over\n")


@pytest.mark.parametrize("behaviour", ["never-ends", "blocks", "stops-itself-and-never-ends"])
def test_a_drain_that_takes_too_long_is_ended_with_1(behaviour: str) -> None:
    """Also one that the service began by itself, since a part of it went wrong, and that a signal then hurries."""
    with started(behaviour) as process:
        port(process)
        process.send_signal(signal.SIGTERM)
        code, out, log = ended(process)
    assert (code, out) == (1, "")
    assert log[-1]["event"] == "drain took too long"


def test_a_hanging_loop_still_answers_and_says_so() -> None:
    """The health server's thread goes on while the loop stands still: that is what it is in a thread for."""
    with started("hangs") as process:
        health_port = port(process)
        with urllib.request.urlopen(f"http://127.0.0.1:{health_port}/healthz", timeout=5) as answer:
            assert json.load(answer)["status"] in {"ok", "hanging"}


def test_an_error_is_logged_whole_and_ends_with_1() -> None:
    with started("fails") as process:
        port(process)
        code, _, log = ended(process)
    assert code == 1
    assert log[-1]["event"] == "ended by an error"
    assert "the work went wrong" in json.dumps(log[-1]["exception"])


def test_wrong_settings_are_one_line_and_end_with_2() -> None:
    with started("drains", WK_HEALTH_PORT="seventy") as process:
        out, err = process.communicate(timeout=START_S)
    assert (process.returncode, out) == (2, "")
    assert err.startswith("settings: WK_HEALTH_PORT: ")
    assert err.count("\n") == 1


def test_a_taken_health_port_ends_with_1() -> None:
    with started("drains") as first, started("drains", WK_HEALTH_PORT=str(port(first))) as second:
        code, out, log = ended(second)
    assert (code, out) == (1, "")
    assert "Address already in use" in json.dumps(log[-1]["exception"])


def test_readiness_is_logged_when_it_changes_only(capsys: pytest.CaptureFixture[str]) -> None:
    running = Running("probe")
    for detail in ("away", "still away"):
        running.ready("kafka", ok=False, detail=detail)
    running.ready("kafka", ok=True)
    assert running.parts == {"kafka": Part(ok=True)}
    written = capsys.readouterr()
    assert (written.out + written.err).count("readiness") == 2
