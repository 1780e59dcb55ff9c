"""The performance page's journeys, on real metrics of this machine."""

import json
import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from playwright.async_api import BrowserContext, Page, Request, expect

from tests.browser.conftest import PHONE, Watchkeeper
from tests.browser.looking import chart, newest_row, show_table, wait_for_another_row


def query(page: Page) -> dict[str, list[str]]:
    """The query of the page's address."""
    return parse_qs(urlsplit(page.url).query)


async def test_this_machines_cpu_moves_within_15_seconds(page: Page) -> None:
    """The live channel is open and brings new values without a reload."""
    await expect(page.get_by_role("button", name=re.compile("^Live"))).to_be_visible()
    await show_table(page, "CPU")
    await wait_for_another_row(page, "CPU", await newest_row(page, "CPU"), within_ms=15_000)


async def test_every_chart_has_data_and_every_card_a_figure(page: Page) -> None:
    """CPU, memory, disk and network of this machine; the cards' values or the dash of what is not known."""
    for title in ("CPU", "Memory", "Disk use", "Network"):
        await expect(chart(page, title).locator(".legend-value").first).to_have_text(re.compile(r"\d"))
    values = await page.locator(".card-value").all_inner_texts()
    assert len(values) == 4
    assert all(re.search(r"\d|–", value) for value in values)  # noqa: RUF001 - the dash that the page shows


async def test_what_the_page_shows_is_what_the_api_says(page: Page, watchkeeper: Watchkeeper) -> None:
    """The memory that the table tells for a time in the past is the API's figure for it."""
    await page.get_by_role("button", name="24H").click()
    rows = await show_table(page, "Memory")
    shown = float((await rows.first.locator("td").inner_text()).strip())
    answer = await page.request.get(
        f"{watchkeeper.url}/api/metrics/history/memory?range=1h",
        headers={"Authorization": f"Bearer {watchkeeper.read_key}"},
    )
    known = [value for value in (await answer.json())["lines"][0]["values"] if value is not None]
    assert min(known) * 100 - 5 <= shown <= max(known) * 100 + 5


async def test_ranges_are_in_the_address_and_asked_of_the_api(page: Page) -> None:
    """Each of the four, by click and by key."""
    for name, wanted in (("24H", "24h"), ("7D", "7d"), ("30D", "30d")):
        async with page.expect_request(asks_for("cpu", "range", wanted)):
            await page.get_by_role("button", name=name, exact=True).click()
        await expect(page.get_by_role("button", name=name, exact=True)).to_have_attribute("aria-pressed", "true")
        assert query(page) == {"range": [wanted]}
    await page.keyboard.press("1")
    await expect(page.get_by_role("button", name="1H", exact=True)).to_have_attribute("aria-pressed", "true")


async def test_dragging_zooms_every_chart_and_a_double_click_goes_back(page: Page) -> None:
    """The zoom is in the address, survives a reload and can be left."""
    async with page.expect_request(asks_for("memory", "from")):
        await drag(page, "CPU", 0.5, 0.8)
    asked = query(page)
    assert set(asked) == {"from", "to"}
    await page.reload()
    await expect(page.get_by_role("button", name="Leave the zoom")).to_be_visible()
    assert query(page) == asked
    await page.go_back()
    await expect(page.get_by_role("button", name="Leave the zoom")).to_have_count(0)
    await page.go_forward()
    await chart(page, "CPU").locator(".chart-plot").dblclick()
    await expect(page.get_by_role("button", name="Leave the zoom")).to_have_count(0)
    assert query(page) == {}


async def test_the_crosshair_is_one_over_all_charts(page: Page) -> None:
    """Where the pointer is over one chart, every other shows its value of that time."""
    plot = chart(page, "CPU").locator(".u-over")
    box = await plot.bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + box["width"] - 4, box["y"] + box["height"] / 2)
    await expect(chart(page, "Memory").locator(".legend-time")).to_be_visible()
    times = [await chart(page, title).locator(".legend-time").inner_text() for title in ("CPU", "Memory")]
    assert times[0] == times[1]
    await page.mouse.move(5, 5)
    await expect(chart(page, "Memory").locator(".legend-time")).to_have_count(0)


async def test_a_shared_address_shows_the_same(page: Page, context: BrowserContext) -> None:
    """Range, host and pause of one window, in another."""
    await page.get_by_role("button", name="24H").click()
    await pick_first_host(page)
    await page.keyboard.press("Escape")
    await page.locator("body").press("l")
    await expect(page.get_by_role("button", name=re.compile("^Paused since"))).to_be_visible()
    other = await context.new_page()
    await other.goto(page.url)
    await expect(other.get_by_role("button", name=re.compile("^Paused since"))).to_be_visible()
    await expect(other.get_by_role("button", name="24H")).to_have_attribute("aria-pressed", "true")
    assert query(other) == query(page)
    assert set(query(other)) == {"range", "host", "paused"}


async def test_picking_a_host_asks_for_it_alone(page: Page) -> None:
    """The host is in the address and in every request, until all are shown again."""
    async with page.expect_request(asks_for("network", "host")):
        await pick_first_host(page)
    assert len(query(page)["host"]) == 1
    await page.reload()
    await page.get_by_role("button", name="Choose hosts").click()
    await expect(page.get_by_role("checkbox").first).to_be_checked()
    await page.get_by_role("button", name="Show all hosts").click()
    await expect(page).to_have_url(re.compile(r"/performance-monitoring$"))


async def test_a_paused_page_stands_still_until_it_is_resumed(page: Page) -> None:
    """No new row and no request for one while paused; a new one soon after."""
    await show_table(page, "CPU")
    await chart(page, "Threats blocked").locator("canvas").wait_for()
    await page.locator("body").press("l")
    await expect(page.get_by_role("button", name=re.compile("^Paused since"))).to_be_visible()
    await expect(chart(page, "CPU").locator("tbody tr").first).to_be_visible()
    await page.wait_for_load_state("networkidle")
    row = await newest_row(page, "CPU")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/history/" in request.url else None)
    await page.wait_for_timeout(11_000)
    assert await newest_row(page, "CPU") == row
    assert asked == []
    await page.get_by_role("button", name=re.compile("Resume$")).click()
    await wait_for_another_row(page, "CPU", row, within_ms=15_000)


async def test_the_theme_is_remembered(page: Page) -> None:
    """Dark by choice on a light system, and still after a reload; the charts follow."""
    before = await page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    await page.get_by_role("button", name="Account").click()
    await page.get_by_role("button", name="Dark").click()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert await page.evaluate("getComputedStyle(document.documentElement).backgroundColor") != before
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")


async def test_the_keyboard_does_what_the_help_says(page: Page) -> None:
    """Help, going home, a chart's crosshair, its table and its zoom."""
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.keyboard.press("3")
    await expect(page).to_have_url(re.compile(r"range=7d$"))
    await page.keyboard.press("g")
    await page.keyboard.press("p")
    await expect(page).to_have_url(re.compile(r"/performance-monitoring$"))
    body = chart(page, "CPU").locator(".chart-body")
    await body.focus()
    await page.keyboard.press("End")
    await expect(chart(page, "CPU").locator(".legend-time")).to_be_visible()
    await page.keyboard.press("t")
    await expect(chart(page, "CPU").locator("table")).to_be_visible()
    await page.keyboard.press("t")
    await page.keyboard.press("+")
    await expect(page).to_have_url(re.compile("from="))
    await page.keyboard.press("-")
    await expect(page).to_have_url(re.compile(r"/performance-monitoring$"))


async def test_a_phone_has_the_range_at_the_thumb_and_no_sideways_scrolling(page: Page) -> None:
    """At 390 × 844 the range control is the lowest thing on the screen, and everything fits its width."""  # noqa: RUF002 - the sign of a size
    await page.set_viewport_size(PHONE)
    control = page.get_by_role("group", name="Time range")
    await expect(control).to_be_in_viewport()
    box = await control.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] > PHONE["height"] - 24
    assert box["height"] >= 44
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


async def test_what_is_listed_for_a_desk_is_seen_without_scrolling(page: Page) -> None:
    """At 1440 × 900: the bar, the cards, the first four charts and the status."""  # noqa: RUF002 - the sign of a size
    for title in ("CPU", "Memory", "Response time", "Error rate", "Status"):
        await expect(chart(page, title)).to_be_in_viewport(ratio=1)
    await expect(page.get_by_role("region", name="Key figures")).to_be_in_viewport(ratio=1)


async def test_nothing_is_fetched_from_elsewhere(page: Page, watchkeeper: Watchkeeper) -> None:
    """Scripts, styles, fonts and figures all come from Watchkeeper itself."""
    entries = await page.evaluate("JSON.stringify(performance.getEntriesByType('resource').map(entry => entry.name))")
    assert [url for url in json.loads(entries) if not url.startswith(watchkeeper.url)] == []
    assert await page.evaluate("document.fonts.check('14px Inter')")


async def drag(page: Page, title: str, start: float, end: float) -> None:
    """Draw the pointer over a chart, from one share of its width to another."""
    box = await chart(page, title).locator(".u-over").bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    await page.mouse.move(box["x"] + box["width"] * start, y)
    await page.mouse.down()
    await page.mouse.move(box["x"] + box["width"] * end, y, steps=8)
    await page.mouse.up()


async def pick_first_host(page: Page) -> None:
    """Tick the first host of the picker."""
    await page.get_by_role("button", name="Choose hosts").click()
    await page.get_by_role("checkbox").first.check()
    await page.wait_for_url(re.compile("host="))


def asks_for(history: str, parameter: str, value: str | None = None) -> Callable[[Request], bool]:
    """A predicate: a request for this history with this parameter."""

    def matches(request: Request) -> bool:
        address = urlsplit(request.url)
        found = parse_qs(address.query).get(parameter)
        return address.path == f"/api/metrics/history/{history}" and found is not None and value in (None, *found)

    return matches
