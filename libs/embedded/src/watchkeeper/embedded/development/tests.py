"""``wk test``: pytest, after what its tests need is there."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from watchkeeper.embedded import jars, kafka_archive, pages
from watchkeeper.embedded.places import the_clone

BROWSER_TESTS = Path("tests") / "browser"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
APT_S = 900.0


def test(arguments: list[str]) -> int:
    """Install what the asked-for tests need, then become pytest; answers only where that failed."""
    root = the_clone()
    if "WK_TEST_KAFKA_SERVERS" not in os.environ and not jars.are_there():
        print("wk test: fetching Kafka (45 MB, once)", flush=True)
        jars.classpath()
    if "WK_TEST_KAFKA_SERVERS" not in os.environ and not kafka_archive.is_there():
        print("wk test: preparing Kafka's classes (once)", flush=True)
        kafka_archive.make()
    if (root / BROWSER_TESTS).is_dir() and wants_browser(arguments, root):
        try:
            pages.build(lambda line: print(f"wk test: {line}", flush=True))
        except pages.PagesError as error:
            print(f"wk test: {error}", file=sys.stderr)
            return 1
        _install_browser()
    os.chdir(root)
    return os.execv(sys.executable, [sys.executable, "-m", "pytest", *arguments])


def wants_browser(arguments: Sequence[str], root: Path) -> bool:
    """Whether pytest's ``arguments`` may select browser tests: no path is named, or one that holds them."""
    if "not browser" in " ".join(arguments):
        return False
    named = [Path(part) for argument in arguments if (part := argument.split("::")[0]) and not part.startswith("-")]
    paths = [path for path in named if (root / path).exists()]
    folder = root / BROWSER_TESTS
    return not paths or any(
        folder.is_relative_to((root / path).resolve()) or (root / path).resolve().is_relative_to(folder)
        for path in paths
    )


def _install_browser() -> None:
    """Debian's chromium, where we may; without one the browser tests say so themselves."""
    if any(shutil.which(name) for name in BROWSERS) or os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    print("wk test: installing chromium", flush=True)
    environment = dict(os.environ) | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=APT_S, check=False)
        if done.returncode != 0:
            print(f"wk test: {' '.join(command)} failed: {done.stderr.strip()[-300:]}", file=sys.stderr)
            return
