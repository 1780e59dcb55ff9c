"""axe-core finds nothing, on each page, in both themes, at both sizes."""

from collections.abc import AsyncIterator
from typing import Any, Literal

import pytest
from playwright.async_api import Browser, Page, StorageState, ViewportSize, expect

from tests.browser.conftest import ANSWER_MS, DESKTOP, PHONE, ROOT, Watchkeeper
from tests.browser.looking import show_table

AXE = ROOT / "services" / "ui" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PANEL = ".popover-panel"  # it covers part of the page, which the rule about sizes would take for small targets
Scheme = Literal["light", "dark"]


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> Scheme:
    """Each theme."""
    chosen: Scheme = request.param
    return chosen


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desk", "phone"])
def size(request: pytest.FixtureRequest) -> ViewportSize:
    """Each size."""
    chosen: ViewportSize = request.param
    return chosen


@pytest.fixture
async def themed(
    browser: Browser, watchkeeper: Watchkeeper, signed_in: StorageState, scheme: Scheme, size: ViewportSize
) -> AsyncIterator[Page]:
    """The performance page in one theme at one size."""
    context = await browser.new_context(
        base_url=watchkeeper.url, storage_state=signed_in, viewport=size, color_scheme=scheme, reduced_motion="reduce"
    )
    context.set_default_timeout(ANSWER_MS)
    page = await context.new_page()
    await page.goto("/performance-monitoring")
    await page.get_by_role("region", name="CPU").locator("canvas").wait_for()
    await expect(page.locator(".status-row").first).to_be_visible()
    yield page
    await context.close()


async def test_the_performance_page_has_no_violation(themed: Page) -> None:
    """With its data drawn."""
    assert await violations(themed) == []


async def test_what_opens_on_the_page_has_no_violation(themed: Page) -> None:
    """A chart's table, the host picker, the account menu, the help, the password dialog."""
    await show_table(themed, "CPU")
    assert await violations(themed) == []
    await themed.get_by_role("button", name="Choose hosts").click()
    assert await violations(themed, PANEL) == []
    await themed.get_by_role("button", name="Account").click()
    assert await violations(themed, PANEL) == []
    await themed.get_by_role("button", name="Keyboard shortcuts").click()
    await themed.get_by_role("dialog").wait_for()
    assert await violations(themed) == []
    await themed.keyboard.press("Escape")
    await themed.get_by_role("button", name="Choose a password").click()
    await themed.get_by_role("dialog").wait_for()
    assert await violations(themed) == []


async def test_the_sign_in_has_no_violation(
    browser: Browser, watchkeeper: Watchkeeper, scheme: Scheme, size: ViewportSize
) -> None:
    """Empty, and with its error shown."""
    context = await browser.new_context(base_url=watchkeeper.url, viewport=size, color_scheme=scheme)
    page = await context.new_page()
    await page.goto("/sign-in")
    await page.get_by_label("User name").wait_for()
    assert await violations(page) == []
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("alert")).not_to_be_empty()
    assert await violations(page) == []
    await context.close()


async def violations(page: Page, within: str = "html") -> list[str]:
    """What axe-core finds ``within`` a part of the page: rule, why it matters, and the elements."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE.read_text())
    found: list[dict[str, Any]] = await page.evaluate(
        "async ([within, rules]) => (await axe.run(within, {runOnly: rules})).violations", [within, RULES]
    )
    return [f"{rule['id']}: {rule['help']}: {[node['html'][:160] for node in rule['nodes']]}" for rule in found]
