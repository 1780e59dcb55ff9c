"""When ``up`` may tell that it is ready, against a small real HTTP server in the api's place."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from watchkeeper.embedded.process import Command
from watchkeeper.embedded.up.arrival import METRICS_S, Arrival
from watchkeeper.embedded.up.data_folder import CannotStartError, DataFolder, write_private
from watchkeeper.embedded.up.first_access import FirstAccess

from .waiting import wait_until

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
KEPT = {"user": "admin", "password": "drawn", "read_key": "r", "ingest_key": "i"}
FLOWING = {"value": 0.5, "time": "2026-01-01T00:00:05Z"}
CURRENT = {"hosts": [{"metrics": {"cpu": FLOWING, "memory": FLOWING}}]}


class Answers(dict[str, tuple[int, Any]]):
    """What the server answers: "METHOD path" to status and body."""


@pytest.fixture
def answers() -> Answers:
    return Answers({
        "GET /api/system/health": (200, {}),
        "GET /api/metrics/current": (200, CURRENT),
        "POST /api/session": (200, {"must_change_password": True, "csrf": "c"}),
        "DELETE /api/session": (204, {}),
    })  # fmt: skip


@pytest.fixture
def port(answers: Answers) -> Iterator[int]:
    """The server's port."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            status, body = answers[f"{self.command} {self.path}"]
            text = b"" if status == 204 else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_DELETE = answer  # noqa: N815 - the base class's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    made = DataFolder(tmp_path)
    made.open()
    return made


def access(folder: DataFolder, shell: str = "exit 1") -> FirstAccess:
    """Ask a shell in the api's place; ``bootstrap`` becomes its $0, the file its $1."""
    return FirstAccess(folder, Command(("/bin/sh", "-c", shell)))


def test_it_tells_what_an_earlier_start_kept(folder: DataFolder, port: int) -> None:
    write_private(folder.bootstrap, json.dumps(KEPT))
    assert Arrival(access(folder), "http://x", port, BEGAN).look(0) == {"url": "http://x", **KEPT}


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        pytest.param("GET /api/system/health", (503, {}), id="something is down"),
        pytest.param("GET /api/metrics/current", (200, {"hosts": []}), id="no metrics"),
        pytest.param("GET /api/metrics/current", (503, {}), id="no store"),
    ],
)
def test_it_waits(
    folder: DataFolder, port: int, answers: Answers, request_: str, answer: tuple[int, dict[str, Any]]
) -> None:
    write_private(folder.bootstrap, json.dumps(KEPT))
    arrival = Arrival(access(folder), "http://x", port, BEGAN)
    good, answers[request_] = answers[request_], answer
    assert arrival.look(0) is None
    answers[request_] = good
    assert arrival.look(METRICS_S / 2) is None, "it does not ask at every turn"
    assert arrival.look(METRICS_S) is not None


@pytest.mark.parametrize("answer", [(401, {}), (200, {"must_change_password": False})])
def test_a_password_that_was_changed_is_not_told(
    folder: DataFolder, port: int, answers: Answers, answer: tuple[int, dict[str, Any]]
) -> None:
    write_private(folder.bootstrap, json.dumps(KEPT))
    answers["POST /api/session"] = answer
    told = Arrival(access(folder), "http://x", port, BEGAN).look(0)
    assert told is not None
    assert (told["password"], told["read_key"]) == (None, "r")


def arrive(arrival: Arrival) -> dict[str, str | None]:
    """Look until it tells."""
    turns = iter(range(1_000_000))
    found: list[dict[str, str | None]] = []

    def look() -> bool:
        told = arrival.look(float(next(turns)))
        found.extend([told] if told else [])
        return bool(found)

    wait_until(look, "the arrival")
    return found[0]


def test_a_first_answer_is_told_and_kept_by_the_api(folder: DataFolder, port: int) -> None:
    arrival = Arrival(access(folder, f"echo '{json.dumps(KEPT)}' | tee \"$1\""), "http://x", port, BEGAN)
    assert arrive(arrival) == {"url": "http://x", **KEPT}
    assert json.loads(folder.bootstrap.read_text()) == KEPT


def test_an_answer_that_an_up_did_not_live_to_hear_is_told_by_the_next(folder: DataFolder, port: int) -> None:
    cut_short = access(folder, f"echo '{json.dumps(KEPT)}' >\"$1\"; kill -9 $$")
    cut_short.ask()
    wait_until(lambda: not cut_short.is_asking(), "the end of the first")
    assert cut_short.answer is None
    assert Arrival(access(folder), "http://x", port, BEGAN).look(0) == {"url": "http://x", **KEPT}


def test_keys_of_a_database_that_is_gone_are_asked_for_again(folder: DataFolder, port: int, answers: Answers) -> None:
    write_private(folder.bootstrap, json.dumps({**KEPT, "read_key": "old"}))
    first = access(folder, f"echo '{json.dumps(KEPT)}'")
    arrival = Arrival(first, "http://x", port, BEGAN)
    answers["GET /api/metrics/current"] = (401, {})
    assert arrival.look(0) is None
    answers["GET /api/metrics/current"] = (200, CURRENT)
    assert arrive(arrival)["read_key"] == "r"


def test_users_without_a_key_of_ours_are_told_as_unknown(folder: DataFolder, port: int) -> None:
    nobody = json.dumps(dict.fromkeys(KEPT))
    told = arrive(Arrival(access(folder, f"echo '{nobody}'"), "http://x", port, BEGAN))
    assert told == {"url": "http://x", **dict.fromkeys(KEPT)}
    assert not folder.bootstrap.exists()


def test_an_api_that_cannot_make_the_administrator_ends_the_start(folder: DataFolder, port: int) -> None:
    arrival = Arrival(access(folder, "echo 'no such table' >&2; exit 1"), "http://x", port, BEGAN)
    with pytest.raises(CannotStartError, match="could not be made: no such table"):
        arrive(arrival)
