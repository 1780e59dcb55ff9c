"""Every error is a problem of one shape."""

from typing import Any

import asyncpg
import pytest
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from watchkeeper.api.problems import KAFKA_AWAY, Problem, field_problem, problem_of
from watchkeeper.common.bus import BusUnavailableError, RecordRefusedError


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ConnectionRefusedError("no"), 503),
        (TimeoutError(), 503),
        (asyncpg.CannotConnectNowError("starting"), 503),
        (asyncpg.TooManyConnectionsError("full"), 503),
        (asyncpg.UndefinedTableError("not migrated yet"), 503),
        (asyncpg.InterfaceError("pool is closing"), 503),
        (BusUnavailableError("away"), 503),
        (RecordRefusedError("too large"), 422),
        (asyncpg.CharacterNotInRepertoireError("0x00"), 422),
        (HTTPException(405, headers={"Allow": "GET"}), 405),
        (HTTPException(400, "There was an error parsing the body"), 422),
        (FileNotFoundError("gone"), 500),
        (KeyError("bug"), 500),
        (asyncpg.UniqueViolationError("bug"), 500),
    ],
    ids=repr,
)
def test_each_error_has_its_status(error: Exception, status: int) -> None:
    """What passes by itself is 503 with a time to wait; what nobody foresaw is 500."""
    problem = problem_of(error)
    assert problem.status_code == status
    assert (problem.headers or {}).get("Retry-After") == ("5" if status == 503 else None)


def test_a_statement_that_took_too_long_is_no_outage() -> None:
    """The same would take as long again, so no time to wait is named."""
    problem = problem_of(asyncpg.QueryCanceledError("canceling statement due to statement timeout"))
    assert problem.status_code == 503
    assert "Ask for less" in problem.detail
    assert not problem.headers


def test_an_unforeseen_error_tells_nothing_of_the_inside() -> None:
    """Neither the message nor the type goes out."""
    told = problem_of(ValueError("password of the database")).body("r-1")
    assert b"database" not in told
    assert b"ValueError" not in told
    assert b'"request_id":"r-1"' in told


def test_kafka_away_says_that_nothing_was_accepted() -> None:
    """So that the sender sends it again."""
    assert problem_of(BusUnavailableError("x")).detail == KAFKA_AWAY


def test_fields_at_fault_are_named_by_their_path() -> None:
    """As in samples[3].value."""
    error = RequestValidationError(
        [{"type": "missing", "loc": ("body", "samples", 3, "value"), "msg": "Field required", "input": {}}]
    )
    assert problem_of(error).errors == (("samples[3].value", "Field required"),)


def test_a_fault_of_the_whole_body_is_the_bodys() -> None:
    """There is no field to name."""
    error = RequestValidationError([{"type": "missing", "loc": ("body",), "msg": "Field required", "input": None}])
    assert problem_of(error).errors == (("body", "Field required"),)


def test_a_problem_of_a_field_names_it_twice() -> None:
    """Once for people, once for programs."""
    problem = field_problem("name", "is taken", status=409)
    assert problem.status_code == 409
    assert problem.detail == "name: is taken"
    assert problem.errors == (("name", "is taken"),)


async def _problem(answer: Any) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["request_id"] == answer.headers["x-request-id"]
    assert body["status"] == answer.status_code
    return body


async def test_every_kind_of_refusal_is_a_problem(shared_api: Any) -> None:
    """Unknown addresses, wrong methods, wrong JSON, wrong fields, strangers."""
    admin = shared_api.admin
    assert (await _problem(await admin.get("/api/nothing")))["status"] == 404
    assert (await _problem(await admin.put("/api/users")))["detail"] == "This address takes GET, POST only."
    broken = await admin.post("/api/users", content=b"{", headers={"Content-Type": "application/json"})
    assert (await _problem(broken))["errors"][0]["field"] == "body"
    latin = await admin.post("/api/users", content=b'{"name":"\xe4"}', headers={"Content-Type": "application/json"})
    assert (await _problem(latin))["errors"][0]["field"] == "body"
    wrong = await admin.post("/api/users", json={"name": "x y", "role": "king", "rank": 1})
    assert {error["field"] for error in (await _problem(wrong))["errors"]} == {"name", "role", "rank"}
    query = await admin.get("/api/users", params={"limit": 0})
    assert (await _problem(query))["errors"][0]["field"] == "limit"
    assert (await _problem(await shared_api.anonymous.get("/api/users")))["status"] == 401


async def test_an_unforeseen_error_is_answered_and_the_next_request_too(
    shared_api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One bug costs one request."""

    async def broken(*_: object) -> None:
        raise ValueError("secret detail")

    monkeypatch.setattr("watchkeeper.api.access.users.all_users", broken)
    answer = await shared_api.admin.get("/api/users")
    assert "secret detail" not in answer.text
    assert (await _problem(answer))["status"] == 500
    monkeypatch.undo()
    assert (await shared_api.admin.get("/api/users")).status_code == 200


def test_a_problem_keeps_its_own_title() -> None:
    """Where the status says too little."""
    assert Problem(409, "no", title="Last administrator").title == "Last administrator"
