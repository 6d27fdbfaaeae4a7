"""Looking at the ranks: by mouse, by keyboard, on a phone, without script, among many."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.e2e.browser import Learner, Site, tab_to
from tests.e2e.conftest import NewLearner
from tests.e2e.layout import PHONE, check


async def give_points(learner: Learner, score: int) -> None:
    """Rank a learner without the quizzes, which have tests of their own."""
    await learner.profile.site.database.fetch(
        "INSERT INTO user_score (learner, track, ranked, score, quizzes_completed)"
        " SELECT id, 'dev', true, $2, 1 FROM app_user WHERE external_id = $1",
        learner.name,
        score,
    )


async def add_crowd(site: Site) -> None:
    """Rank 120 people of another track, once."""
    await site.database.fetch(
        """
        WITH made AS (
            INSERT INTO app_user (id, external_id, name, role, team)
            SELECT gen_random_uuid(), 'crowd-' || n, 'Crowd ' || n, 'learner', 'delta'
            FROM generate_series(1, 120) AS n
            ON CONFLICT DO NOTHING RETURNING id, external_id
        )
        INSERT INTO user_score (learner, track, ranked, score, quizzes_completed)
        SELECT id, 'business', true, 1000 + 10 * substr(external_id, 7)::int, 1 FROM made
        """
    )


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
async def test_by_mouse(new_learner: NewLearner, script: bool) -> None:
    learner = await new_learner(java_script_enabled=script)
    await give_points(learner, 9_000)
    page = learner.page
    await page.goto("/dashboard")
    await (
        page.get_by_role("navigation", name="Main").get_by_role("link", name="Leaderboard").click()
    )
    heading = page.get_by_role("heading", level=1)
    await expect(heading).to_contain_text(re.compile(r"You are \d+(st|nd|rd|th) of \d+ in Dev"))
    scopes = page.get_by_role("navigation", name="Whose ranks")
    await scopes.get_by_role("link", name="Team Alpha").click()
    await expect(heading).to_contain_text("in team Alpha")
    await expect(scopes.get_by_role("link", name="Team Alpha")).to_have_attribute(
        "aria-current", "page"
    )
    row = page.locator("tr.me")
    await expect(row.get_by_role("rowheader")).to_contain_text("Robin Reader")
    await expect(row.get_by_role("cell").last).to_have_text("9,000")
    await (
        page.get_by_role("navigation", name="Period")
        .get_by_role("link", name="Last 30 days")
        .click()
    )
    await expect(page.get_by_text("You are ranked here as soon as a quiz adds")).to_be_visible()
    await expect(scopes.get_by_role("link", name="Team Alpha")).to_have_attribute(
        "aria-current", "page"
    )
    await page.get_by_text("How are these ranks worked out?").click()
    await expect(page.get_by_text("less the best attempt before")).to_be_visible()


async def test_by_keyboard_alone(learner: Learner) -> None:
    await give_points(learner, 8_000)
    page = learner.page
    await page.goto("/dashboard")
    await tab_to(page, "Leaderboard")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("You are")
    for name, address in (
        ("Everyone", "scope=all&period=all"),
        ("Last 30 days", "scope=all&period=30d"),
    ):
        await tab_to(page, name)
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(f"{learner.profile.site.url}/leaderboard?{address}")
    await tab_to(page, "How are these ranks worked out?")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("less the best attempt before")).to_be_visible()


async def test_on_a_phone(new_learner: NewLearner) -> None:
    learner = await new_learner(viewport=PHONE, has_touch=True)
    await give_points(learner, 7_000)
    page = learner.page
    await page.goto("/dashboard")
    bar = page.get_by_role("navigation", name="Main")
    await bar.get_by_role("link", name="Ranks").tap()
    await expect(bar.get_by_role("link", name="Ranks")).to_have_attribute("aria-current", "page")
    row = page.locator("tr.me")
    await expect(page.get_by_role("rowheader", name="Robin Reader you")).to_have_count(1)
    await expect(row.get_by_role("cell").first).to_have_text(re.compile(r"^\d+$"))
    await expect(row.get_by_text("7,000")).to_be_visible()
    await expect(page.get_by_role("columnheader", name="Score")).to_have_count(1)
    await check(page)


async def test_among_many_the_own_place_is_in_view(new_learner: NewLearner, site: Site) -> None:
    await add_crowd(site)
    learner = await new_learner(viewport=PHONE)
    await give_points(learner, 1_605)  # in the middle of the crowd
    page = learner.page
    await page.goto("/leaderboard?scope=all")
    await expect(page.get_by_role("row")).to_have_count(1 + 10 + 1 + 5)
    await expect(page.get_by_text(re.compile(r"^\d+ people between$"))).to_be_visible()
    await check(page)
    await page.set_viewport_size(PHONE)
    await page.get_by_role("link", name="Your page").click()
    await expect(page).to_have_url(re.compile(r"page=\d+#me$"))
    await expect(page.locator("#me")).to_be_in_viewport(ratio=1)
    await check(page)
    await page.get_by_role("link", name="Previous").click()
    await expect(page.get_by_role("row").filter(has_text="Robin Reader").last).to_be_visible()
    await expect(page.locator("#me")).to_have_count(1)
