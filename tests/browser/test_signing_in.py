"""Signing in and out."""

import re

from playwright.async_api import Page, expect

from tests.browser.conftest import Watchkeeper, sign_in


async def test_signing_in_leads_to_the_page_that_was_asked_for(stranger: Page, watchkeeper: Watchkeeper) -> None:
    """A wrong password is told and what was typed stays; the right one opens the address of before."""
    await stranger.goto("/performance-monitoring?range=24h")
    await expect(stranger).to_have_url(re.compile(r"/sign-in\?next="))
    await stranger.get_by_label("User name").fill(watchkeeper.user)
    await stranger.get_by_label("Password", exact=True).fill("not the password")
    await stranger.get_by_role("button", name="Sign in").click()
    await expect(stranger.get_by_role("alert")).to_contain_text("do not match")
    await expect(stranger.get_by_label("User name")).to_have_value(watchkeeper.user)
    await sign_in(stranger, watchkeeper)
    await expect(stranger).to_have_url(re.compile(r"/performance-monitoring\?range=24h$"))
    await expect(stranger.get_by_text("You signed in with a one-time password")).to_be_visible()


async def test_signing_in_needs_no_mouse(stranger: Page, watchkeeper: Watchkeeper) -> None:
    """Tab, type, Tab, type, Enter."""
    await stranger.goto("/sign-in")
    await stranger.get_by_label("User name").wait_for()
    await stranger.keyboard.press("Tab")
    await stranger.keyboard.type(watchkeeper.user)
    await stranger.keyboard.press("Tab")
    await stranger.keyboard.type(watchkeeper.password)
    await stranger.keyboard.press("Enter")
    await expect(stranger.get_by_role("heading", name="CPU")).to_be_visible()


async def test_an_empty_form_says_what_is_missing(stranger: Page) -> None:
    """The field that lacks something gets the focus, and nothing is sent."""
    await stranger.goto("/sign-in")
    await stranger.get_by_role("button", name="Sign in").click()
    await expect(stranger.get_by_role("alert")).to_have_text("Enter your user name.")
    await expect(stranger.get_by_label("User name")).to_be_focused()


async def test_signing_out_ends_the_session(stranger: Page, watchkeeper: Watchkeeper) -> None:
    """After it every page asks for a sign-in again."""
    await stranger.goto("/sign-in")
    await sign_in(stranger, watchkeeper)
    await stranger.get_by_role("button", name="Account").click()
    await stranger.get_by_role("button", name="Sign out").click()
    await expect(stranger).to_have_url(re.compile(r"/sign-in$"))
    await stranger.goto("/performance-monitoring")
    await expect(stranger).to_have_url(re.compile(r"/sign-in\?next="))
    assert (await stranger.request.get("/api/hosts")).status == 401


async def test_a_session_that_ended_elsewhere_comes_back_to_the_same_view(page: Page, watchkeeper: Watchkeeper) -> None:
    """Without its cookie the page asks for a sign-in, and then shows what it showed."""
    await page.goto("/performance-monitoring?range=7d")
    await page.get_by_role("heading", name="CPU").wait_for()
    await page.context.clear_cookies()
    await page.get_by_text("Your session has ended.").wait_for()
    await sign_in(page, watchkeeper)
    await expect(page).to_have_url(re.compile(r"/performance-monitoring\?range=7d$"))
