"""Bodies over the limit."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from watchkeeper.api.problems import Problem
from watchkeeper.api.web.body_limit import check_length


@pytest.mark.parametrize("length", [None, "0", "10", "nonsense", "-1"])
def test_a_length_within_the_limit_passes(length: str | None) -> None:
    """What is no length is the server's matter."""
    check_length(length, 10)


def test_a_length_over_the_limit_is_refused_before_anything_is_read() -> None:
    """413."""
    with pytest.raises(Problem) as refused:
        check_length("11", 10)
    assert refused.value.status_code == 413


async def _pieces(size: int, count: int) -> AsyncIterator[bytes]:
    yield b'{"name": "'
    for _ in range(count):
        yield b"x" * size
    yield b'"}'


async def test_an_announced_body_over_the_limit_is_refused(shared_api: Any) -> None:
    """The answer is a problem, and says the limit."""
    body = json.dumps({"name": "x" * 2_000_000})
    answer = await shared_api.admin.post("/api/keys", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert "1048576 bytes" in answer.json()["detail"]


async def test_a_streamed_body_over_the_limit_is_refused_where_it_passes_it(shared_api: Any) -> None:
    """A body without a length does not get by."""
    headers = {"Content-Type": "application/json"}
    answer = await shared_api.admin.post("/api/keys", content=_pieces(100_000, 20), headers=headers)
    assert answer.status_code == 413
    small = await shared_api.admin.post("/api/keys", content=_pieces(10, 2), headers=headers)
    assert small.status_code == 422


async def test_a_body_that_is_not_announced_as_json_is_refused(shared_api: Any) -> None:
    """415, rather than a puzzling complaint about its fields."""
    answer = await shared_api.admin.post("/api/keys", content=b"name=x")
    assert answer.status_code == 415
