"""The pages of whoever leads a team, at a real browser."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import pytest
from playwright.async_api import Page, expect

from tests.e2e.browser import Site
from tests.e2e.conftest import OpenProfile
from tests.e2e.test_every_page import BUDGET, LACKING, PHONE, SHEETS, SHIFT, check, open_and_weigh

Opened: TypeAlias = Callable[..., Awaitable[Page]]
PAGES = (
    "/manager",
    "/manager?status=at-risk&days=28&step=2&q=a&sort=-score",
    "/manager?team=ai",
    "/manager/member/mike",
    "/manager/member/mike?view=attempts",
    "/manager/member/mike?view=timeline",
)


@pytest.fixture
async def opened(open_profile: OpenProfile, site: Site) -> Opened:
    """Opens a window of somebody who leads; options are those of a Playwright context."""

    async def made(name: str = "admin", password: str = "admin123", **options: Any) -> Page:
        profile = await open_profile(**options)
        answer = await profile.context.request.post(
            "/api/auth/login", data={"username": name, "password": password}
        )
        assert answer.status == 200, await answer.text()
        return await profile.context.new_page()

    return made


async def test_its_pages_fit_and_are_light(opened: Opened) -> None:
    page = await opened()
    for path in PAGES:
        weight = await open_and_weigh(page, path)
        assert weight < BUDGET, f"{path} weighs {weight} bytes"
        assert await page.evaluate(SHIFT) < 0.02, path
        await check(page)
        assert await page.evaluate(LACKING, SHEETS) == [], path


async def test_the_list_follows_the_filters(opened: Opened) -> None:
    page = await opened("sara", "manage123")
    await page.goto("/manager")
    rows = page.locator("table.people tbody tr")
    await expect(rows).not_to_have_count(1)
    field = page.get_by_role("searchbox", name="Name")
    await field.press_sequentially("mik")
    await expect(rows).to_have_count(1)
    await expect(field).to_be_focused()
    assert page.url.endswith("/manager?days=7&q=mik&sort=need")
    await page.reload()
    await expect(field).to_have_value("mik")
    await page.get_by_role("link", name="Clear all").click()
    await expect(rows).not_to_have_count(1)
    await page.get_by_role("link", name="Score").first.click()
    await expect(page.locator("th[aria-sort]")).to_contain_text("Score")


async def test_it_works_without_script(opened: Opened) -> None:
    page = await opened("sara", "manage123", java_script_enabled=False, viewport=PHONE)
    await page.goto("/manager")
    await page.get_by_text("Filter and sort").click()
    await page.get_by_label("Name").fill("mik")
    await page.get_by_role("button", name="Apply").click()
    await expect(page.get_by_role("main").get_by_role("status")).to_contain_text("1 of ")
    await page.locator("#people").get_by_role("link", name="Mike Brown").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Mike Brown")


async def test_the_team_has_its_place_in_the_tab_bar(opened: Opened) -> None:
    page = await opened("sara", "manage123", viewport=PHONE, has_touch=True)
    await page.goto("/dashboard")
    bar = page.get_by_role("navigation", name="Main")
    places = bar.get_by_role("link").or_(bar.get_by_role("button"))
    await expect(places).to_have_text(
        ["Home", "Path", "Search", "Team", "More"], use_inner_text=True
    )
    await bar.get_by_role("link", name="Team").tap()
    await expect(bar.get_by_role("link", name="Team")).to_have_attribute("aria-current", "page")
    await bar.get_by_role("button", name="More").tap()
    await (
        page.get_by_role("region", name="Account and settings")
        .get_by_role("link", name="Leaderboard")
        .tap()
    )
    await page.wait_for_url("**/leaderboard")


async def test_two_keys_lead_to_the_pages(opened: Opened) -> None:
    page = await opened("sara", "manage123")
    await page.goto("/dashboard")
    for keys, address in (("gt", "**/manager"), ("gp", "**/path"), ("gl", "**/leaderboard")):
        for key in keys:
            await page.keyboard.press(key)
        await page.wait_for_url(address)
    await page.keyboard.press("t")  # alone it is nothing
    await page.locator(".find").focus()
    assert page.url.endswith("/leaderboard")


async def test_a_team_of_twelve_prints_on_one_sheet(opened: Opened, site: Site) -> None:
    await site.database.fetch(
        """
        INSERT INTO app_user (id, external_id, name, role, team, created_at)
        SELECT gen_random_uuid(), 'printed-' || n, 'Robin Reader ' || n, 'learner', 'gamma', now()
        FROM generate_series(1, 7) AS n
        """
    )
    page = await opened("leo", "manage123", color_scheme="dark")
    await page.goto("/manager")
    await expect(page.locator("#people tbody tr")).to_have_count(12)
    sheet = await page.pdf(prefer_css_page_size=True)
    assert sheet.count(b"/Type /Page\n") == 1
    await page.emulate_media(media="print")
    await expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
    paper = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == "rgb(255, 255, 255)"
