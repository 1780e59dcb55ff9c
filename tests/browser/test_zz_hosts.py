"""Further hosts beside this machine; near the end of this folder, because they stay."""

import re
import time

from playwright.async_api import APIResponse, Page, expect

from tests.browser.conftest import Watchkeeper
from tests.browser.looking import chart

APPEARS_MS = 30_000


async def test_a_new_host_appears_by_itself_and_can_be_picked(page: Page, watchkeeper: Watchkeeper) -> None:
    """Pushed values make a second line in the CPU chart and a row in the status, without a reload."""
    lines = chart(page, "CPU").locator(".chart-legend li")
    await expect(lines).to_have_count(1)
    for age_s in (10, 5, 0):
        assert (await push(page, watchkeeper, "web-1", 0.5, time.time() - age_s)).ok
    row = page.locator(".status-row", has_text="web-1")
    await expect(row).to_contain_text("Reporting", timeout=APPEARS_MS)
    await expect(lines).to_have_count(2, timeout=APPEARS_MS)
    await row.get_by_role("button", name="web-1").click()
    await expect(page).to_have_url(re.compile("host=web-1$"))
    await expect(page.get_by_role("button", name="Choose hosts: web-1")).to_be_visible()
    await expect(lines).to_have_count(1)
    await expect(lines.locator(".legend-value")).to_have_text("50 %")


async def test_a_silent_host_stands_out(page: Page, watchkeeper: Watchkeeper) -> None:
    """A host whose newest value is ten minutes old is named by the banner and stands first in the status."""
    assert (await push(page, watchkeeper, "web-2", 0.5, time.time() - 600)).ok
    first = page.locator(".host-rows .status-row").first
    await expect(first).to_contain_text("web-2", timeout=APPEARS_MS)
    await expect(first).to_contain_text("Silent")
    await expect(page.get_by_role("status").filter(has_text="web-2 fell silent at")).to_be_visible()


async def push(page: Page, watchkeeper: Watchkeeper, host: str, value: float, time_s: float) -> APIResponse:
    """Push one CPU value of a host, measured at ``time_s``."""
    measured = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time_s))
    return await page.request.post(
        f"{watchkeeper.url}/api/metrics",
        headers={"Authorization": f"Bearer {watchkeeper.ingest_key}", "Cookie": ""},
        data={
            "resource": {"id": host, "name": host},
            "samples": [{"name": "system.cpu.utilization", "value": value, "unit": "1", "time": measured}],
        },
    )
