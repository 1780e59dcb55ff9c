"""Passwords: hashed by Argon2id in threads of their own, a bounded number at a time.

Parameters are RFC 9106's second recommendation (64 MiB, three passes, four lanes), which is argon2-cffi's default.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from watchkeeper.api.problems import Problem

T = TypeVar("T")

WAITING_MAX = 32
WAIT_S = 5.0


class Passwords:
    """Hashes and checks passwords, ``at_once`` at a time; more than ``WAITING_MAX`` waiting are refused with 503."""

    def __init__(self, at_once: int, hasher: PasswordHasher | None = None) -> None:
        """Start no thread yet."""
        self._hasher = hasher or PasswordHasher()
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="passwords")
        self._under_way = 0
        self._places = at_once + WAITING_MAX
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        """The hash to store, with its parameters and salt inside."""
        return await self._run(partial(self._hasher.hash, password))

    async def check(self, password: str, stored: str | None) -> bool:
        """Whether ``password`` belongs to ``stored``. ``None`` (no such user) takes as long as a wrong password."""
        return await self._run(partial(self._check, password, stored))

    def outdated(self, stored: str) -> bool:
        """Whether ``stored`` was made with other parameters than today's, and is to be made again at sign-in."""
        return self._hasher.check_needs_rehash(stored)

    def close(self) -> None:
        """End the threads; what is under way is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _check(self, password: str, stored: str | None) -> bool:
        if self._nobodys is None:
            self._nobodys = self._hasher.hash("nobody's password")
        try:
            self._hasher.verify(stored or self._nobodys, password)
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None

    async def _run(self, work: "partial[T]") -> T:
        if self._under_way >= self._places:
            raise Problem(503, "Too many sign-ins at a time; try again in a moment.", headers={"Retry-After": "2"})
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._under_way -= 1
