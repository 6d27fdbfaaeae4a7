"""Every time zone that the browser may be in is one that the portal knows."""

from __future__ import annotations

import os

import pytest
from playwright.async_api import Page, async_playwright

from portal.accounts.time_zones import choices, zone_named
from tests.e2e.browser import CHROMIUM_ARGUMENTS, Site, add_learner, sign_in


@pytest.mark.parametrize(
    ("clock", "zone"),
    [
        ("Asia/Kolkata", "Asia/Kolkata"),
        ("Europe/Kyiv", "Europe/Kyiv"),
        ("America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("GMT", "UTC"),
    ],
)
async def test_the_zone_of_the_computer_is_kept_at_the_first_sign_in(
    site: Site, chromium_path: str, clock: str, zone: str
) -> None:
    name = await add_learner(site)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium_path,
            args=list(CHROMIUM_ARGUMENTS),
            env={**os.environ, "TZ": clock},
        )
        page = await browser.new_page()
        await page.goto(f"{site.url}/login")
        await sign_in(page, name)
        await page.wait_for_url("**/dashboard")
        await browser.close()
    kept = "SELECT time_zone FROM app_user WHERE external_id = $1"
    assert await site.database.value(kept, name) == zone


async def test_every_name_that_the_browser_has_is_known(visitor: Page) -> None:
    names = await visitor.evaluate("Intl.supportedValuesOf('timeZone')")
    assert len(names) > 400
    assert [name for name in names if zone_named(name) not in choices()] == []
    # and what it makes of the names that a computer may be set to
    told = "names => names.map((timeZone) => "
    told += "new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone)"
    for name, answer in zip(choices(), await visitor.evaluate(told, choices()), strict=True):
        assert zone_named(answer) == name, answer
