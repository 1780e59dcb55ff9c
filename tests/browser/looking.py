"""What the tests read from a page."""

from playwright.async_api import Locator, Page


def chart(page: Page, title: str) -> Locator:
    """The panel of a chart."""
    return page.get_by_role("region", name=title, exact=True).first


async def show_table(page: Page, title: str) -> Locator:
    """Turn a chart into its table; answers the table's body."""
    await page.get_by_role("button", name=f"{title}: Show as a table").click()
    rows = chart(page, title).locator("tbody tr")
    await rows.first.wait_for()
    return rows


async def newest_row(page: Page, title: str) -> str:
    """The text of the newest row of a chart's table, which is open."""
    return await chart(page, title).locator("tbody tr").first.inner_text()


async def wait_for_another_row(page: Page, title: str, row: str, within_ms: int) -> None:
    """Wait until the newest row of a chart's open table is another one."""
    body = await chart(page, title).locator("tbody").element_handle()
    await page.wait_for_function(
        "([body, row]) => body.querySelector('tr').innerText !== row", arg=[body, row], timeout=within_ms
    )
