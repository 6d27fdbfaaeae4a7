"""The portal by a name that is not this machine's own, unencrypted, as in an office network."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.e2e.browser import CHROMIUM_ARGUMENTS, Site, add_learner, sign_in
from tests.ops.command import running

NAMED = [argument for argument in CHROMIUM_ARGUMENTS if "resolver" not in argument]
NAMED.append(
    "--host-resolver-rules=MAP portal.test 127.0.0.1, MAP localhost 127.0.0.1, MAP * ~NOTFOUND,"
    " EXCLUDE 127.0.0.1"
)
NOTICE = "This address is not encrypted, and your browser stays signed in only where it is."
NOT_KEPT = "Your password is right, but your browser did not keep the sign-in"


@asynccontextmanager
async def window(chromium_path: str, address: str) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path, args=NAMED)
        yield await browser.new_page(base_url=address)
        await browser.close()


@pytest.mark.parametrize("allowed", [False, True], ids=["as it is", "with PUBLIC_URL"])
async def test_signing_in_there(site: Site, chromium_path: str, allowed: bool) -> None:
    name = await add_learner(site)
    settings = {"PUBLIC_URL": "http://portal.test"} if allowed else {}
    with running("serve", url=site.database.url, **settings) as server:
        await server.answers("/health/ready")
        address = f"http://portal.test:{server.port}"
        async with window(chromium_path, address) as page:
            await page.goto("/login?next=/step/3")
            await expect(page.get_by_text(NOTICE)).to_have_count(0 if allowed else 1)
            await sign_in(page, name)
            if allowed:
                await expect(page).to_have_url(f"{address}/step/3")
                return
            await expect(page.get_by_role("alert").filter(has_text=NOT_KEPT)).to_be_visible()
            await expect(page.get_by_text(f"PUBLIC_URL={address}.")).to_be_visible()
            await expect(page.get_by_text(NOTICE)).to_have_count(0)
            # the theme is kept there all the same
            await page.get_by_role("button", name="Dark").click()
            await expect(page.locator("html")).to_have_attribute("data-theme", "dark")


async def test_nothing_is_said_on_this_machine(site: Site, chromium_path: str) -> None:
    async with window(chromium_path, site.url.replace("127.0.0.1", "localhost")) as page:
        await page.goto("/login?next=/step/3")
        await expect(page.get_by_text(NOTICE)).to_have_count(0)
        await sign_in(page, await add_learner(site))
        await expect(page).to_have_url(f"{site.url.replace('127.0.0.1', 'localhost')}/step/3")
