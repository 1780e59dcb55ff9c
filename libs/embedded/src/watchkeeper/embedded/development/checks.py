"""``wk check``: all that can be said without running anything."""

import shutil
import subprocess
import sys
from pathlib import Path

from watchkeeper.embedded.node import NodeError, find_node
from watchkeeper.embedded.places import the_clone

CHECK_S = 900.0


def check() -> int:
    """Run every check to its end, each told by its name; answers 1 if any found something."""
    root = the_clone()
    failed = [name for name, command, folder in checks(root) if not _run(name, command, folder)]
    failed += [] if _pages(root) else ["pages"]
    print(f"check: {'found something: ' + ', '.join(failed) if failed else 'all is well'}", flush=True)
    return 1 if failed else 0


def checks(root: Path) -> list[tuple[str, list[str], Path]]:
    """Name, command and folder of each check of the Python side."""
    python = [sys.executable, "-m"]
    names = ("libs", "services", "tests", "bench", "docs", "conftest.py")
    targets = [str(root / name) for name in names if (root / name).exists()]
    members = sorted(path.parent for path in root.glob("services/*/pyproject.toml"))
    typed = [target for target in targets if target != str(root / "services")] + [str(member) for member in members]
    found = [
        ("format", [*python, "ruff", "format", "--check", *targets], root),
        ("lint", [*python, "ruff", "check", *targets], root),
        ("types", [*python, "mypy", *typed], root),
        ("imports", [str(Path(sys.executable).with_name("lint-imports"))], root),
    ]
    if shutil.which("shellcheck"):
        found.append(("shell", ["shellcheck", "wk"], root))
    return found


def _run(name: str, command: list[str], folder: Path) -> bool:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=CHECK_S, check=False)
    print(f"check: {name}: {'ok' if done.returncode == 0 else 'failed'}", flush=True)
    if done.returncode != 0:
        print((done.stdout + done.stderr).rstrip(), flush=True)
    return done.returncode == 0


def _pages(root: Path) -> bool:
    """The pages' format, lint and types, where their packages are installed."""
    folder = root / "services" / "ui"
    if not (folder / "node_modules").is_dir():
        print("check: pages: skipped, services/ui has no node_modules", flush=True)
        return True
    try:
        node = find_node(print)
    except NodeError as error:
        print(f"check: pages: {error}", flush=True)
        return False
    command = [*node.npm, "run", "--silent", "check"]
    done = subprocess.run(
        command, cwd=folder, env=dict(node.environment), capture_output=True, text=True, timeout=CHECK_S, check=False
    )
    print(f"check: pages: {'ok' if done.returncode == 0 else 'failed'}", flush=True)
    if done.returncode != 0:
        print((done.stdout + done.stderr).rstrip(), flush=True)
    return done.returncode == 0
