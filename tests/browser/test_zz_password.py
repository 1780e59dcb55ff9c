"""Choosing a password in place of the one-time one; the last of this folder, because it changes the password."""

from playwright.async_api import Page, expect

from tests.browser.conftest import Watchkeeper, sign_in


async def test_a_new_password_takes_the_place_of_the_one_time_one(stranger: Page, watchkeeper: Watchkeeper) -> None:
    """A wrong current one is told and the dialog stays; the right one ends the reminder, and signs in from then on."""
    fresh = "four words in a row"
    await stranger.goto("/sign-in")
    await sign_in(stranger, watchkeeper)
    await stranger.get_by_role("button", name="Choose a password").click()
    save = stranger.get_by_role("button", name="Save the password")
    await stranger.get_by_role("textbox", name="Current password").fill("wrong")
    await stranger.get_by_role("textbox", name="New password").fill("short")
    await expect(save).to_be_disabled()
    await stranger.get_by_role("textbox", name="New password").fill(fresh)
    await save.click()
    await expect(stranger.get_by_role("alert")).not_to_be_empty()
    await stranger.get_by_role("textbox", name="Current password").fill(watchkeeper.password)
    await save.click()
    await expect(stranger.get_by_role("dialog")).to_have_count(0)
    await expect(stranger.get_by_text("You signed in with a one-time password")).to_have_count(0)
    watchkeeper.password = fresh
    await stranger.context.clear_cookies()
    await stranger.goto("/sign-in")
    await sign_in(stranger, watchkeeper)
    await expect(stranger.get_by_text("You signed in with a one-time password")).to_have_count(0)
