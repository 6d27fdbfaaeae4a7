"""Searching by keyboard, on a phone, and without script."""

from __future__ import annotations

import re

from playwright.async_api import Locator, Page, Request, Route, expect

from tests.e2e.browser import Learner, focused_name, tab_to
from tests.e2e.conftest import NewLearner
from tests.support import COURSE, QUIZ

PHONE = {"width": 390, "height": 844}
DELEGATION = COURSE.videos["a-closer-look-at-delegation"]
FIELD = "Words to look for"


def finder(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Search")


def options(page: Page) -> Locator:
    return finder(page).get_by_role("option")


async def test_from_any_page_to_a_video_by_keyboard(learner: Learner) -> None:
    page = learner.page
    await page.goto("/step/1")
    await page.keyboard.press("/")
    field = finder(page).get_by_role("combobox", name=FIELD)
    await expect(field).to_be_focused()
    await expect(field).to_have_attribute("aria-expanded", "false")
    await page.keyboard.type("delagation")
    await expect(options(page).first).to_contain_text(DELEGATION.title)
    await expect(field).to_have_attribute("aria-expanded", "true")
    await expect(options(page).first.locator("mark").first).to_have_text("Delegation")
    await expect(finder(page).get_by_role("status")).to_have_text("4 results for “delegation”")
    await page.keyboard.press("ArrowDown")
    await expect(options(page).first).to_have_attribute("aria-selected", "true")
    chosen = await options(page).first.get_attribute("id")
    assert chosen is not None
    await expect(field).to_have_attribute("aria-activedescendant", chosen)
    await page.keyboard.press("ArrowDown")
    await expect(options(page).nth(1)).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{learner.profile.site.url}/video/{DELEGATION.id}")


async def test_the_arrows_go_round_by_the_field(learner: Learner) -> None:
    page = learner.page
    await page.goto("/dashboard")
    await page.keyboard.press("/")
    await page.keyboard.type("delegation")
    await expect(options(page)).to_have_count(4)
    await page.keyboard.press("ArrowUp")
    await expect(options(page).last).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("ArrowDown")
    await expect(finder(page).locator("[aria-selected=true]")).to_have_count(0)
    await expect(finder(page).get_by_role("combobox")).not_to_have_attribute(
        "aria-activedescendant", re.compile(".")
    )
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(r"/search\?q=delegation$"))


async def test_escape_clears_then_closes_and_gives_the_focus_back(learner: Learner) -> None:
    page = learner.page
    await page.goto("/path")
    await tab_to(page, "Search /")
    await page.keyboard.press("Enter")
    await page.keyboard.type("excel")
    await expect(options(page)).to_have_count(1)
    await page.keyboard.press("Escape")
    await expect(finder(page).get_by_role("combobox")).to_have_value("")
    await expect(options(page)).to_have_count(0)
    await page.keyboard.press("Escape")
    await expect(finder(page)).to_be_hidden()
    assert await focused_name(page) == "Search /"


async def test_a_slash_in_a_field_is_a_slash(learner: Learner) -> None:
    page = learner.page
    await page.goto("/dashboard")
    await page.keyboard.press("Control+/")
    await expect(finder(page)).to_be_hidden()
    await page.keyboard.press("/")
    await page.keyboard.type("a/b")
    await expect(finder(page).get_by_role("combobox")).to_have_value("a/b")


async def test_requests_wait_for_a_pause_and_stale_ones_are_dropped(learner: Learner) -> None:
    page = learner.page
    asked: list[str] = []
    failed: list[str] = []

    async def hold(route: Route) -> None:
        asked.append(route.request.url.partition("q=")[2])
        if asked[-1] != "excel":  # for ever: only dropping it ends it
            await route.continue_()

    def note(request: Request) -> None:
        failed.append(request.url.partition("q=")[2])

    await page.route("**/api/search?q=*", hold)
    page.on("requestfailed", note)
    await page.goto("/dashboard")
    await page.keyboard.press("/")
    async with page.expect_request("**/api/search?q=excel"):
        await page.evaluate(
            """() => {
              const field = document.querySelector("#finder input");
              function type(length) {
                field.value = "excel".slice(0, length);
                field.dispatchEvent(new Event("input"));
                if (length < 5) setTimeout(type, 30, length + 1);
              }
              type(1);
            }"""
        )
    async with page.expect_event("requestfailed"):
        await finder(page).get_by_role("combobox").fill("github")
    await expect(options(page)).to_have_count(1)
    await expect(options(page)).to_contain_text("GitHub")
    assert asked == ["excel", "github"]
    assert failed == ["excel"]


async def test_eight_rows_and_a_way_to_all(learner: Learner) -> None:
    page = learner.page
    await page.goto("/dashboard")
    await page.keyboard.press("/")
    await page.keyboard.type("skills")
    await expect(options(page)).to_have_count(8)
    link = finder(page).get_by_role("link", name=re.compile(r"All \d+ results"))
    total = re.findall(r"\d+", await link.inner_text())[0]
    await tab_to(page, f"All {total} results", within=3)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text(f"{total} results", exact=True)).to_be_visible()


async def test_an_answered_question_is_found_from_the_page_of_its_quiz(learner: Learner) -> None:
    """A result on the page that is open already closes the search as well."""
    page = learner.page
    await page.goto(f"/video/{QUIZ}?q=1")
    await page.get_by_role("radio").first.check()
    await page.keyboard.press("/")  # a radio is no field to write in
    await expect(finder(page).get_by_role("combobox")).to_be_focused()
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Check my answer").click()
    await expect(page.get_by_role("link", name="Next question")).to_be_visible()
    asked = COURSE.quizzes[QUIZ].questions[0]
    await page.keyboard.press("/")
    await finder(page).get_by_role("combobox").fill(asked.text[:100])
    group = finder(page).get_by_role("group", name="Explanations you have seen")
    await group.get_by_role("option").first.click()
    await expect(finder(page)).to_be_hidden()
    await expect(page.get_by_role("main").get_by_text(asked.explanation[:40])).to_be_visible()


async def test_a_search_that_fails_says_so(learner: Learner) -> None:
    page = learner.page
    learner.profile.wanted.append("net::ERR_FAILED")
    await page.route("**/api/search?q=*", lambda route: route.abort())
    await page.goto("/dashboard")
    await page.keyboard.press("/")
    await page.keyboard.type("excel")
    await expect(finder(page).get_by_role("status")).to_contain_text("Press Enter to search.")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("link", name="Claude in Excel")).to_be_visible()


async def test_results_on_the_page_follow_the_typing(learner: Learner) -> None:
    page = learner.page
    await page.goto("/search")
    field = page.get_by_role("searchbox", name=FIELD)
    await expect(field).to_be_focused()
    await page.keyboard.type("githb")
    await expect(page.get_by_role("link", name="Using the GitHub integration")).to_be_visible()
    await expect(page.locator("#status")).to_have_text("1 result")
    await expect(page).to_have_url(re.compile(r"/search\?q=githb$"))
    await expect(page).to_have_title("githb · Search · AI Training")
    await expect(field).to_be_focused()
    await page.locator("main").focus()
    await page.keyboard.press("/")
    await expect(field).to_be_focused()
    await page.keyboard.type("excel")  # the old words are selected
    await expect(page.get_by_role("link", name="Claude in Excel")).to_be_visible()
    await page.get_by_role("link", name="Claude in Excel").click()
    await page.go_back()
    await expect(page.get_by_role("link", name="Claude in Excel")).to_be_visible()


async def test_on_a_phone(new_learner: NewLearner) -> None:
    page = (await new_learner(viewport=PHONE, has_touch=True)).page
    await page.goto("/dashboard")
    bar = page.get_by_role("navigation", name="Main")
    await bar.get_by_role("link", name="Search").tap()
    await page.keyboard.type("connectors")
    await expect(options(page)).to_have_count(8)
    width = "[document.documentElement.scrollWidth, finder.scrollWidth - finder.clientWidth]"
    assert await page.evaluate(width) == [390, 0]
    everything = finder(page).get_by_role("link", name=re.compile(r"All \d+ results"))
    await expect(everything).to_be_in_viewport(ratio=1)
    await options(page).last.scroll_into_view_if_needed()
    await expect(finder(page).get_by_role("combobox")).to_be_in_viewport(ratio=1)
    await everything.tap()
    await expect(page.get_by_text(re.compile(r"^\d+ results$"))).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    await expect(bar.get_by_role("link", name="Search")).to_have_attribute("aria-current", "page")
    await page.get_by_role("link", name="Intro to Connectors").tap()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Intro to Connectors")


async def test_without_script(new_learner: NewLearner) -> None:
    learner = await new_learner(java_script_enabled=False)
    page = learner.page
    await page.goto("/dashboard")
    await expect(finder(page)).to_be_hidden()
    await expect(page.locator(".find kbd")).to_be_hidden()
    await page.get_by_role("banner").get_by_role("link", name="Search").click()
    await expect(page.get_by_role("searchbox", name=FIELD)).to_be_focused()
    await page.keyboard.type("delagation")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Showing results for delegation.")).to_be_visible()
    await expect(page.get_by_role("searchbox", name=FIELD)).to_have_value("delagation")
    await page.get_by_role("link", name=DELEGATION.title).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(DELEGATION.title)


async def test_single_keys_can_be_turned_off(new_learner: NewLearner) -> None:
    """For all pages of this device, and on again."""
    page = (await new_learner()).page
    await page.goto("/account")
    choice = page.get_by_role("checkbox", name="Use single keys on this device")
    await choice.uncheck()
    await page.goto("/dashboard")
    await page.keyboard.press("/")
    await expect(finder(page)).to_be_hidden()
    await page.goto("/account")
    await expect(choice).not_to_be_checked()
    await choice.check()
    await page.goto("/dashboard")
    await page.keyboard.press("/")
    await expect(finder(page)).to_be_visible()
