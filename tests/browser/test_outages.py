"""What the page says while something is away, and that it recovers by itself."""

import asyncio
import os
import re
import signal

from playwright.async_api import Page, Route, expect

from tests.browser.conftest import Watchkeeper
from tests.browser.looking import chart, newest_row, show_table, wait_for_another_row

NOTICED_MS = 60_000
RECOVERED_MS = 90_000


async def test_the_page_says_that_kafka_is_away_and_recovers(page: Page, watchkeeper: Watchkeeper) -> None:
    """Kafka frozen: the page names it, since when, and what that means; thawed: the charts move again."""
    await show_table(page, "CPU")
    process = watchkeeper.process_of("kafka")
    os.kill(process, signal.SIGSTOP)
    try:
        notice = page.get_by_role("status").filter(has_text="Kafka has been away since")
        await expect(notice).to_be_visible(timeout=NOTICED_MS)
        await expect(notice).to_contain_text(re.compile(r"since \d\d:\d\d\. Collectors keep their samples on disk"))
        await expect(chart(page, "Memory").locator("canvas")).to_be_visible()
    finally:
        os.kill(process, signal.SIGCONT)
    await expect(page.get_by_text("Kafka has been away since")).to_have_count(0, timeout=RECOVERED_MS)
    await wait_for_another_row(page, "CPU", await newest_row(page, "CPU"), within_ms=RECOVERED_MS)


async def test_the_page_keeps_what_it_drew_while_the_connection_is_lost(page: Page) -> None:
    """Nothing answers: the page says since when, keeps its charts, and goes on by itself when answers return."""

    async def refuse(route: Route) -> None:
        await route.abort()

    await page.route("**/api/**", refuse)
    await expect(page.get_by_text("The connection was lost at")).to_be_visible(timeout=NOTICED_MS)
    await expect(chart(page, "CPU").locator("canvas")).to_be_visible()
    await expect(chart(page, "CPU").locator(".legend-value").first).to_have_text(re.compile(r"\d"))
    await page.unroute("**/api/**", refuse)
    await expect(page.get_by_text("The connection was lost at")).to_have_count(0, timeout=RECOVERED_MS)


async def test_a_live_channel_that_broke_is_opened_again(page: Page) -> None:
    """The badge says so while it is away; figures come by refresh, then live again."""
    broken = asyncio.Event()

    async def refuse(route: Route) -> None:
        broken.set()
        await route.abort()

    await page.route("**/api/live**", refuse)
    await page.reload()
    await broken.wait()
    await expect(page.get_by_role("button", name=re.compile("^Reconnecting"))).to_be_visible()
    await page.unroute("**/api/live**", refuse)
    await expect(page.get_by_role("button", name=re.compile("^Live"))).to_be_visible(timeout=RECOVERED_MS)
