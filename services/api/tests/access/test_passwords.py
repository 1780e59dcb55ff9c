"""Passwords and secrets."""

import asyncio
import threading
from typing import Any

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.api.access import passwords
from watchkeeper.api.access.passwords import Passwords
from watchkeeper.api.access.secrets import (
    csrf_fits,
    csrf_token,
    draw_key,
    draw_password,
    draw_token,
    looks_like_key,
    looks_like_session,
)
from watchkeeper.api.problems import Problem


def weak() -> PasswordHasher:
    """A hasher that costs nothing."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


async def test_a_password_fits_its_own_hash_only() -> None:
    """And nobody's hash fits nothing, not even the password that it was made of."""
    checker = Passwords(2, weak())
    stored = await checker.hash("right")
    assert await checker.check("right", stored)
    assert not await checker.check("wrong", stored)
    assert not await checker.check("nobody's password", None)
    assert not await checker.check("right", "not a hash")
    checker.close()


async def test_a_hash_of_other_parameters_is_outdated() -> None:
    """So that it is made again at the next sign-in."""
    assert Passwords(1).outdated(weak().hash("x"))
    assert not Passwords(1).outdated(PasswordHasher().hash("x"))


class Gate:
    """A hasher that waits until it is opened, and counts who is inside."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.inside = 0
        self.most = 0
        self._lock = threading.Lock()

    def hash(self, password: str) -> str:
        """Wait."""
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        self.opened.wait(10)
        with self._lock:
            self.inside -= 1
        return password


async def test_only_so_many_are_hashed_at_a_time_and_only_so_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each takes 64 MiB: a flood of sign-ins is refused, not let into memory."""
    monkeypatch.setattr(passwords, "WAITING_MAX", 3)
    gate: Any = Gate()
    checker = Passwords(2, gate)
    under_way = [asyncio.create_task(checker.hash(str(n))) for n in range(5)]
    await asyncio.sleep(0)
    with pytest.raises(Problem) as refused:
        await checker.hash("one too many")
    assert refused.value.status_code == 503
    gate.opened.set()
    assert await asyncio.gather(*under_way) == ["0", "1", "2", "3", "4"]
    assert gate.most == 2
    assert await checker.hash("room again") == "room again"
    checker.close()


def test_secrets_have_their_shape_and_differ() -> None:
    """A session's token is no key, and a key no token."""
    tokens = {draw_token() for _ in range(100)}
    keys = {draw_key().text for _ in range(100)}
    assert len(tokens) == len(keys) == 100
    assert all(looks_like_session(token) and not looks_like_key(token) for token in tokens)
    assert all(looks_like_key(key) and not looks_like_session(key) for key in keys)


def test_a_drawn_password_can_be_typed() -> None:
    """Nothing that one takes for something else."""
    password = draw_password()
    assert len(password) == 23
    assert not set(password) & set("0o1liIO ")


@given(st.text(max_size=100))
def test_only_the_right_csrf_token_fits(given_text: str) -> None:
    """Whatever else is sent."""
    token = "t" * 43
    assert csrf_fits(token, csrf_token(token))
    assert csrf_fits(token, given_text) is (given_text == csrf_token(token))


@given(st.text(max_size=100))
def test_what_has_not_the_shape_needs_no_database(text: str) -> None:
    """Shapes are exact: no more, no less, no newline at the end."""
    assert not looks_like_key("wk_" + text + "\n")
    if looks_like_session(text):
        assert len(text) == 43
