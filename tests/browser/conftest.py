"""A Watchkeeper of its own, started as people start it, and a Chromium that looks at it."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import (
    Browser,
    BrowserContext,
    Page,
    Playwright,
    StorageState,
    ViewportSize,
    async_playwright,
    expect,
)

ROOT = Path(__file__).parents[2]
READY_S = 300.0
STOP_S = 60.0
CHROMIUM = os.environ.get("WK_TEST_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = ViewportSize(width=1440, height=900)
PHONE = ViewportSize(width=390, height=844)
ANSWER_MS = 20_000
expect.set_options(timeout=ANSWER_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder drives a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@dataclass
class Watchkeeper:
    """A running one: where it answers, who may sign in, and its data folder."""

    url: str
    user: str
    password: str
    read_key: str
    ingest_key: str
    data: Path

    def process_of(self, engine: str) -> int:
        """The process id of an engine, as the data folder tells it."""
        pid: int = json.loads((self.data / engine / "process.json").read_text())["pid"]
        return pid


@pytest.fixture(scope="session")
def watchkeeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watchkeeper]:
    """``./wk up`` on an empty folder and a free port, for all tests of this folder."""
    folder = tmp_path_factory.mktemp("watchkeeper")
    data, ready, log = folder / "data", folder / "ready.json", folder / "up.log"
    command: list[str | Path] = [
        ROOT / "wk",
        "up",
        "--data",
        data,
        "--port",
        str(free_port()),
        "--no-browser",
        "--ready-file",
        ready,
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    try:
        told = told_when_ready(process, ready, log)
        yield Watchkeeper(told["url"], told["user"], told["password"], told["read_key"], told["ingest_key"], data)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(STOP_S)


def told_when_ready(process: subprocess.Popen[bytes], ready: Path, log: Path) -> dict[str, str]:
    """What the ready file tells, once it is there; fails with the end of the log when `up` ends or takes too long."""
    end = time.monotonic() + READY_S
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > end:
            pytest.fail(f"wk up is not ready ({process.returncode}): {log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.2)
    told: dict[str, str] = json.loads(ready.read_text())
    return told


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    """Playwright's own process."""
    async with async_playwright() as running:
        yield running


@pytest.fixture(scope="session")
async def browser(playwright: Playwright) -> AsyncIterator[Browser]:
    """One Chromium for all tests; each test has a context, and so cookies and storage, of its own."""
    launched = await playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
    yield launched
    await launched.close()


@pytest.fixture(scope="session")
async def signed_in(browser: Browser, watchkeeper: Watchkeeper) -> StorageState:
    """The cookies of a session. Signing in is limited by rate, so that all tests but those about it share one."""
    context = await browser.new_context(base_url=watchkeeper.url)
    page = await context.new_page()
    await page.goto("/sign-in")
    await sign_in(page, watchkeeper)
    state = await context.storage_state()
    await context.close()
    return state


async def sign_in(page: Page, watchkeeper: Watchkeeper) -> None:
    """Fill in the form that is open, and wait for the page behind it."""
    await page.get_by_label("User name").fill(watchkeeper.user)
    await page.get_by_label("Password", exact=True).fill(watchkeeper.password)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("heading", name="CPU").wait_for(timeout=ANSWER_MS)


@pytest.fixture
async def context(browser: Browser, watchkeeper: Watchkeeper, signed_in: StorageState) -> AsyncIterator[BrowserContext]:
    """A context of somebody who is signed in, at the size of a desk."""
    opened = await browser.new_context(base_url=watchkeeper.url, storage_state=signed_in, viewport=DESKTOP)
    opened.set_default_timeout(ANSWER_MS)
    yield opened
    await opened.close()


@pytest.fixture
async def stranger(browser: Browser, watchkeeper: Watchkeeper) -> AsyncIterator[Page]:
    """A page of somebody who is not signed in."""
    opened = await browser.new_context(base_url=watchkeeper.url, viewport=DESKTOP)
    opened.set_default_timeout(ANSWER_MS)
    yield await opened.new_page()
    await opened.close()


@pytest.fixture
async def page(context: BrowserContext) -> AsyncIterator[Page]:
    """The performance page with data on it; the test fails on an error of its scripts or a breach of its policy."""
    opened = await context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None)
    await opened.goto("/performance-monitoring")
    await opened.get_by_role("region", name="CPU").locator("canvas").wait_for()
    yield opened
    assert faults == []
