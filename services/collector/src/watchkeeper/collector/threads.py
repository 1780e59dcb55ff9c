"""Daemon threads for calls that may hang: a stuck disk must neither stop the collector nor keep it from ending."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

R = TypeVar("R")


class ThreadsBusyError(RuntimeError):
    """Every thread is occupied, so that the call was not begun."""


class Threads:
    """Runs blocking calls in at most ``most`` daemon threads, which are kept and used again.

    ``concurrent.futures`` joins its threads when Python ends, and a call that hangs in the kernel would then keep the
    process alive; these threads are daemons. A call beyond ``most`` is refused at once rather than queued, since what
    occupies all the threads is by then most likely stuck for good.
    """

    def __init__(self, most: int) -> None:
        """Begin without a thread; they are made when needed."""
        self._most = most
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        self._jobs: deque[Callable[[], Callable[[], None]]] = deque()
        self._idle = 0
        self._count = 0

    async def run(self, call: Callable[[], R]) -> R:
        """Return what ``call`` returns. Raises what it raises, or ``ThreadsBusyError``.

        Cancelling gives up waiting; the call itself goes on in its thread until it ends by itself.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[R] = loop.create_future()

        def job() -> Callable[[], None]:
            try:
                result = call()
            except BaseException as error:  # noqa: BLE001 - handed to the waiting task, whatever it is
                return partial(_tell, loop, future, error=error)
            return partial(_tell, loop, future, result=result)

        self._submit(job)
        return await future

    def _submit(self, job: Callable[[], Callable[[], None]]) -> None:
        with self._lock:
            if self._idle > len(self._jobs):
                self._jobs.append(job)
                self._wake.notify()
                return
            if self._count >= self._most:
                raise ThreadsBusyError(f"all {self._most} threads are busy")
            self._count += 1
            self._idle += 1
            self._jobs.append(job)
        threading.Thread(target=self._work, name="collector-reading", daemon=True).start()

    def _work(self) -> None:
        """Do one job after another; idle again before the result is told, so that the next call finds this thread."""
        while True:
            with self._lock:
                while not self._jobs:
                    self._wake.wait()
                job = self._jobs.popleft()
                self._idle -= 1
            tell = job()
            with self._lock:
                self._idle += 1
            tell()


def _tell(loop: asyncio.AbstractEventLoop, future: "asyncio.Future[Any]", **outcome: Any) -> None:
    def settle() -> None:
        if future.done():
            return
        if "error" in outcome:
            future.set_exception(outcome["error"])
        else:
            future.set_result(outcome["result"])

    if not loop.is_closed():
        loop.call_soon_threadsafe(settle)
