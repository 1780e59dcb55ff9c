"""The first administrator and keys: drawn by the api once, kept so that a later start can hand them out again.

The api writes them before they count, so that no end of ``up`` or of the api loses them. A file that was written for
nothing shows when its key opens no door (see ``arrival``); then the api is asked again.
"""

import json
import subprocess
import threading
from typing import Any

from watchkeeper.embedded.process import Command
from watchkeeper.embedded.up.data_folder import DataFolder, read_json
from watchkeeper.embedded.up.words import told

ANSWER_S = 60.0
FIELDS = ("user", "password", "read_key", "ingest_key")


class FirstAccess:
    """Asks ``python -m watchkeeper.api bootstrap`` beside everything else, unless its answer is kept already."""

    def __init__(self, folder: DataFolder, api: Command) -> None:
        """Take the kept answer; ``api`` is the api's command, whose environment this one gets."""
        self._file = folder.bootstrap
        self._command = Command((*api.arguments, "bootstrap", str(folder.bootstrap)), environment=api.environment)
        self._thread: threading.Thread | None = None
        self.fresh = False
        self.error = ""
        self.answer = kept(read_json(self._file))

    @property
    def is_known(self) -> bool:
        """Whether there is an answer, be it that there are users already and nothing can be said."""
        return self.answer is not None

    def ask(self) -> None:
        """Begin to ask, unless that is under way; forgets what was kept."""
        if self._thread is not None and self._thread.is_alive():
            return
        self.answer, self.error = None, ""
        self._thread = threading.Thread(target=self._ask, name="first access", daemon=True)
        self._thread.start()

    def is_asking(self) -> bool:
        """Whether the question is under way."""
        return self._thread is not None and self._thread.is_alive()

    def _ask(self) -> None:
        try:
            done = subprocess.run(
                self._command.leashed(), env=dict(self._command.environment), stdin=subprocess.DEVNULL,
                capture_output=True, text=True, timeout=ANSWER_S, check=False,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            self.error = str(error)
            return
        found = parsed(done.stdout) if done.returncode == 0 else None
        if found is None:
            self.error = told([line for line in (done.stderr or done.stdout).splitlines() if line.strip()])
            return
        if found["user"] is not None:
            self.fresh = True
        self.answer = found


def kept(found: dict[str, Any]) -> dict[str, str | None] | None:
    """The answer that an earlier start kept, if it is whole."""
    return {name: str(found[name]) for name in FIELDS} if all(found.get(name) for name in FIELDS) else None


def parsed(output: str) -> dict[str, str | None] | None:
    """The answer in the last line of ``output`` that is a JSON object with all fields; ``None`` where there is none."""
    for line in reversed(output.splitlines()):
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict) and all(name in found for name in ("user", "password")):
            return {name: found.get(name) for name in FIELDS}
    return None
