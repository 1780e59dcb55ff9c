"""Keeps the parts running: starts them in order, starts again what ends, stops all.

Everything happens in the thread that calls ``tick``: the processes' leash is that thread (see ``leash``).
"""

import time
from collections.abc import Callable, Sequence

from watchkeeper.embedded.engine import EngineError
from watchkeeper.embedded.process import Child
from watchkeeper.embedded.up.data_folder import CannotStartError
from watchkeeper.embedded.up.part import Part, Phase
from watchkeeper.embedded.up.words import last_words

TRIES = 5
"""Ends in a row after which a part that has never been ready ends the whole start."""


class Supervisor:
    """The parts and their turns."""

    def __init__(self, parts: Sequence[Part], say: Callable[[str], None]) -> None:
        """Supervise ``parts``; ``say`` tells a person what happens."""
        self.parts = {part.name: part for part in parts}
        self._say = say

    def tick(self) -> None:
        """Look at every part once, and do what is due.

        Raises ``CannotStartError`` when a part that has never been ready does not start.
        """
        for part in self.parts.values():
            if part.phase is Phase.WAITING:
                self._start_if_due(part)
            elif part.child is not None and part.child.exit_code() is not None:
                self._has_ended(part, part.child.wait())
            elif part.phase is Phase.STARTING and part.is_ready():
                self._is_ready(part)

    def are_running(self) -> bool:
        """Whether every part runs and is ready."""
        return all(part.phase is Phase.RUNNING for part in self.parts.values())

    def awaited(self) -> list[str]:
        """The names of the parts that are not ready."""
        return [part.name for part in self.parts.values() if part.phase is not Phase.RUNNING]

    def stop(self, order: Sequence[Sequence[str]] = ()) -> None:
        """Stop the groups of parts named in ``order`` one after the other, then the rest.

        What does not end in time is killed.
        """
        named = {name for group in order for name in group}
        rest = [name for name in self.parts if name not in named]
        for group in ([self.parts[name] for name in names if name in self.parts] for names in (*order, rest)):
            children = [part.child for part in group if part.child is not None]
            for child in children:
                child.ask_to_stop()
            for child in children:
                child.wait()
            for part in group:
                part.child, part.phase = None, Phase.WAITING

    def kill(self) -> None:
        """End all parts at once."""
        for part in self.parts.values():
            if part.child is not None:
                part.child.kill()

    def _start_if_due(self, part: Part) -> None:
        now_s = time.monotonic()
        needed = [self.parts[name] for name in part.needs]
        if now_s < part.start_at_s or not (part.was_ready or all(each.phase is Phase.RUNNING for each in needed)):
            return
        part.phase, part.started_s = Phase.STARTING, now_s
        try:
            part.child = Child(part.command(), part.log, part.pid_file)
        except (OSError, EngineError) as error:
            self._again(part, str(error))

    def _is_ready(self, part: Part) -> None:
        try:
            part.on_ready()
        except EngineError as error:
            if part.trouble != str(error):  # once, not at every turn
                part.trouble = str(error)
                self._say(f"{part.name}: {error}")
            return
        part.phase = Phase.RUNNING
        took_s = time.monotonic() - part.started_s
        self._say(f"{part.name} {'is back' if part.was_ready else 'is ready'} after {took_s:.1f} s")
        part.was_ready, part.trouble = True, ""

    def _has_ended(self, part: Part, code: int) -> None:
        part.child = None
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        said = last_words(part.log)
        self._again(part, f"{how}{f' ({said})' if said else ''}")

    def _again(self, part: Part, why: str) -> None:
        now_s = time.monotonic()
        part.restarts, wait_s = part.restarts.ended(now_s - part.started_s)
        if not part.was_ready and part.restarts.in_a_row >= TRIES:
            raise CannotStartError(f"{part.name} does not start: {why}")
        part.phase, part.start_at_s = Phase.WAITING, now_s + wait_s
        self._say(f"{part.name} {why}; starts again in {wait_s:g} s")
