"""Signing in and out at the browser."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests.e2e.browser import PASSWORD, Learner, Site, add_learner, focused_name, sign_in, tab_to
from tests.e2e.conftest import OpenProfile
from tests.e2e.quizzes import QUESTIONS, VIDEO, answer, question_url


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
async def test_by_mouse(open_profile: OpenProfile, site: Site, script: bool) -> None:
    profile = await open_profile(java_script_enabled=script)
    page = await profile.context.new_page()
    await page.goto("/")
    await expect(page.get_by_role("heading", name="Sign in", level=1)).to_be_visible()
    await sign_in(page, await add_learner(site))
    await expect(page).to_have_url(f"{site.url}/dashboard")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Robin")


async def test_by_keyboard_alone(visitor: Page, site: Site) -> None:
    await visitor.goto("/login")
    assert await focused_name(visitor) == "User name or e-mail"
    await visitor.keyboard.type(await add_learner(site))
    await tab_to(visitor, "Password", within=1)
    await visitor.keyboard.type(PASSWORD)
    await visitor.keyboard.press("Enter")
    await expect(visitor).to_have_url(f"{site.url}/dashboard")


async def test_a_wrong_password_keeps_the_name_and_says_so(visitor: Page, site: Site) -> None:
    name = await add_learner(site)
    await visitor.goto("/login")
    await sign_in(visitor, name, "not this one")
    await expect(visitor.get_by_role("alert").filter(has_text="do not match")).to_have_text(
        "That name and password do not match."
    )
    await expect(visitor).to_have_title("Error: Sign in · AI Training")
    await expect(visitor.get_by_label("User name or e-mail")).to_have_value(name)
    await expect(visitor.get_by_label("Password", exact=True)).to_have_value("")
    await expect(visitor.get_by_label("Password", exact=True)).to_be_focused()
    await visitor.keyboard.type(PASSWORD)
    await visitor.keyboard.press("Enter")
    await expect(visitor).to_have_url(f"{site.url}/dashboard")


async def test_a_password_can_be_looked_at(visitor: Page) -> None:
    await visitor.goto("/login")
    password = visitor.get_by_label("Password", exact=True)
    await password.fill("secret")
    await expect(password).to_have_attribute("type", "password")
    await visitor.get_by_role("button", name="Show password").click()
    await expect(password).to_have_attribute("type", "text")
    await visitor.get_by_role("button", name="Hide password").click()
    await expect(password).to_have_attribute("type", "password")


async def test_a_demo_account_fills_the_form(visitor: Page, site: Site) -> None:
    await visitor.goto("/login")
    await visitor.get_by_text("Demo accounts").click()
    await visitor.get_by_role("button", name="Helen Clark").click()
    await expect(visitor.get_by_label("User name or e-mail")).to_have_value("helen")
    await expect(visitor.get_by_role("button", name="Sign in")).to_be_focused()
    await visitor.keyboard.press("Enter")
    await expect(visitor).to_have_url(f"{site.url}/dashboard")
    await expect(visitor.get_by_role("button", name="HC, account of Helen Clark")).to_be_visible()


async def test_the_way_back_to_what_was_asked_for(visitor: Page, site: Site) -> None:
    await visitor.goto("/step/3")
    heading = visitor.get_by_role("heading", name="Sign in to open Step 3", level=1)
    await expect(heading).to_be_visible()
    await sign_in(visitor, await add_learner(site))
    await expect(visitor).to_have_url(f"{site.url}/step/3")


async def test_signing_out(learner: Learner, site: Site) -> None:
    page = learner.page
    await page.goto("/path")
    await page.get_by_role("button", name="account of").click()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page).to_have_url(f"{site.url}/login")
    await page.goto("/path")
    await expect(page).to_have_url(re.compile("/login"))


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
async def test_a_session_that_ends_in_the_middle_of_a_quiz(
    open_profile: OpenProfile, site: Site, script: bool
) -> None:
    name = await add_learner(site)
    page = await (await open_profile(java_script_enabled=script)).context.new_page()
    await page.goto(question_url(2))
    await sign_in(page, name)
    await site.database.fetch(
        "UPDATE login_session SET ended_at = now() FROM app_user"
        " WHERE member = app_user.id AND external_id = $1",
        name,
    )
    await page.get_by_role("radio").first.check()
    await page.get_by_role("button", name="Check my answer").click()
    heading = page.get_by_role("heading", name=f"Sign in to open {VIDEO.title}", level=1)
    await expect(heading).to_be_visible()
    await sign_in(page, name)
    await expect(page.get_by_role("heading", name=QUESTIONS[1].text)).to_be_visible()
    await answer(page, right=True)
