"""People look after their own account in the browser."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests.e2e.browser import PASSWORD, Learner, Site, add_learner, focused_name, sign_in, tab_to
from tests.e2e.conftest import NewLearner, OpenProfile
from tests.e2e.layout import PHONE, check

NEW = "nine swift otters"


def section(page: Page, name: str) -> object:
    return page.get_by_role("region", name=name)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
async def test_the_name_by_mouse(new_learner: NewLearner, script: bool) -> None:
    page = (await new_learner(java_script_enabled=script)).page
    await page.goto("/dashboard")
    await page.get_by_role("button", name="account of").click()
    await page.get_by_role("link", name="Account").click()
    await page.get_by_label("Name", exact=True).fill("Kim Keller")
    await page.get_by_role("button", name="Save name").click()
    saved = page.get_by_text("Saved. Others see you as Kim Keller.")
    await expect(saved).to_be_focused()
    await expect(page.get_by_role("button", name="KK, account of Kim Keller")).to_be_visible()
    await page.reload()
    await expect(page.get_by_label("Name", exact=True)).to_have_value("Kim Keller")


async def test_by_keyboard_alone(learner: Learner) -> None:
    page = learner.page
    await page.goto("/account")
    await tab_to(page, "Name")
    await page.keyboard.press("Control+a")
    await page.keyboard.press("Delete")
    await page.keyboard.type("x" * 121)
    await page.keyboard.press("Enter")
    await expect(page).to_have_title("Error: Your account · AI Training")
    assert await focused_name(page) == "Name"
    await page.keyboard.press("Control+a")
    await page.keyboard.type("Kim Keller")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Saved. Others see you as Kim Keller.")).to_be_focused()
    await tab_to(page, "Where you are")
    await page.keyboard.press("Control+a")
    await page.keyboard.type("paris")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Saved. Times are shown in Europe/Paris.")).to_be_focused()
    await tab_to(page, "Show my name on the leaderboard")
    await page.keyboard.press("Space")
    await tab_to(page, "Save choice", within=1)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Saved. Others see you as “A colleague”.")).to_be_focused()
    await expect(page.get_by_label("Show my name on the leaderboard")).not_to_be_checked()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
async def test_the_password(
    new_learner: NewLearner, open_profile: OpenProfile, site: Site, script: bool
) -> None:
    learner = await new_learner(java_script_enabled=script)
    page = learner.page
    other = await open_profile()
    answer = await other.context.request.post(
        "/api/auth/login", data={"username": learner.name, "password": PASSWORD}
    )
    assert answer.status == 200
    await page.goto("/account")
    current, new = (
        page.get_by_label("Current password"),
        page.get_by_label("New password", exact=True),
    )
    again = page.get_by_label("New password again")

    async def send(*values: str) -> None:
        for field, value in zip((current, new, again), values, strict=True):
            await field.fill(value)
        await page.get_by_role("button", name="Change password").click()

    await send("not this one", "short", "short")
    summary = page.get_by_role("alert").filter(has_text="2 things need a change")
    await expect(summary).to_be_focused()
    await summary.get_by_role("link", name="Use at least 8 characters.").click()
    await expect(new).to_be_focused()
    await send(PASSWORD, NEW, "nine swift otter")
    await expect(again).to_be_focused()
    await expect(again).to_have_attribute("aria-invalid", "true")
    await expect(current).to_have_value("")
    await send(PASSWORD, NEW, NEW)
    await expect(page.get_by_text("Saved. Other devices were signed out.")).to_be_focused()
    window = await other.context.new_page()
    await window.goto("/account")
    await expect(window).to_have_url(f"{site.url}/login?next=/account")
    await sign_in(window, learner.name, NEW)
    await expect(window.get_by_role("heading", name="Your account")).to_be_visible()


async def test_the_new_password_can_be_looked_at(learner: Learner) -> None:
    page = learner.page
    await page.goto("/account")
    new, again = (
        page.get_by_label("New password", exact=True),
        page.get_by_label("New password again"),
    )
    await page.get_by_role("button", name="Show new password").click()
    for field in (new, again):
        await expect(field).to_have_attribute("type", "text")
    await page.get_by_role("button", name="Hide new password").click()
    for field in (new, again):
        await expect(field).to_have_attribute("type", "password")


async def test_the_browser_s_zone_is_taken_over_at_the_first_sign_in(
    open_profile: OpenProfile, site: Site
) -> None:
    name = await add_learner(site)
    for here, times in (("Asia/Tokyo", "Asia/Tokyo"), ("Europe/Paris", "Asia/Tokyo")):
        profile = await open_profile(timezone_id=here)
        page = await profile.context.new_page()
        await page.goto("/login?next=/account")
        await sign_in(page, name)
        await expect(page.get_by_text(f"times in {times}")).to_be_visible()
    # somewhere else meanwhile: one press, and one to save
    await page.get_by_role("button", name="Use Europe/Paris, as this browser").click()
    await expect(page.get_by_label("Where you are")).to_be_focused()
    await page.get_by_role("button", name="Save time zone").click()
    await expect(page.get_by_text("times in Europe/Paris")).to_be_visible()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
async def test_devices_are_signed_out(
    new_learner: NewLearner, open_profile: OpenProfile, script: bool
) -> None:
    learner = await new_learner(java_script_enabled=script)
    page = learner.page
    others = []
    for agent in ("Firefox/133.0 (Windows)", "Safari (iPhone)", "Safari (iPad)"):
        others.append(await open_profile(user_agent=agent))
        await others[-1].context.request.post(
            "/api/auth/login", data={"username": learner.name, "password": PASSWORD}
        )

    async def signed_in() -> list[bool]:
        answers = [await other.context.request.get("/api/auth/me") for other in others]
        return [bool((await answer.json())["user"]) for answer in answers]

    await page.goto("/account")
    await page.get_by_role("button", name="Sign out Safari on iPhone").click()
    await expect(page.get_by_text("That device was signed out.")).to_be_focused()
    assert await signed_in() == [True, False, True]
    await expect(page.get_by_text("Safari on iPhone")).to_have_count(0)
    await page.get_by_role("button", name="Sign out all others").click()
    await expect(page.get_by_text("The other devices were signed out.")).to_be_focused()
    assert await signed_in() == [False, False, False]
    await page.get_by_role("button", name="Sign out everywhere").click()
    await expect(page.get_by_role("heading", name="Sign in", level=1)).to_be_visible()
    await page.goto("/account")
    await expect(page).to_have_url(re.compile(r"/login\?next=/account$"))


async def test_on_a_phone(new_learner: NewLearner) -> None:
    page = (await new_learner(viewport=PHONE, has_touch=True)).page
    await page.goto("/dashboard")
    bar = page.get_by_role("navigation", name="Main")
    await bar.get_by_role("button", name="More").tap()
    await page.get_by_role("link", name="Account").tap()
    await expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    await check(page)
    await page.set_viewport_size(PHONE)
    await page.get_by_label("Show my name on the leaderboard").tap()
    await page.get_by_role("button", name="Save choice").tap()
    saved = page.get_by_text("Saved. Others see you as “A colleague”.")
    await expect(saved).to_be_in_viewport(ratio=1)
    edge = await bar.bounding_box()
    box = await saved.bounding_box()
    assert edge is not None
    assert box is not None
    assert box["y"] + box["height"] <= edge["y"], "under the tab bar"
