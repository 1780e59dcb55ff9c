"""``wk bench``: the benchmarks in bench/, each a program that prints one JSON line per figure."""

import subprocess
import sys
from pathlib import Path

from watchkeeper.embedded.places import the_clone

MAIN = 'if __name__ == "__main__"'


def bench(arguments: list[str]) -> int:
    """Run the benchmark that ``arguments`` begin with (the rest goes to it), or all; answers 1 if one failed."""
    folder = the_clone() / "bench"
    known = names(folder)
    if arguments and arguments[0] not in known:
        print(f"wk bench: there is no {arguments[0]}; there are: {', '.join(known) or 'none'}", file=sys.stderr)
        return 2
    chosen = [(arguments[0], arguments[1:])] if arguments else [(name, []) for name in known]
    codes = [
        subprocess.run([sys.executable, str(folder / f"{name}.py"), *given], check=False).returncode
        for name, given in chosen
    ]
    return 1 if any(codes) else 0


def names(folder: Path) -> list[str]:
    """The benchmarks of ``folder``: its modules that can be run."""
    return sorted(file.stem for file in folder.glob("*.py") if MAIN in file.read_text())
