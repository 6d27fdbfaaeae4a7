"""What holds on every page: width, headings, keyboard, theme."""

from __future__ import annotations

import gzip
import itertools
from pathlib import Path

import pytest
from playwright.async_api import Page, Response, expect

import portal.web
from tests.e2e.browser import Learner, tab_to
from tests.e2e.conftest import NewLearner
from tests.e2e.quizzes import answer, finish_quiz, question_url
from tests.support import COURSE, QUIZ

PHONE = {"width": 390, "height": 844}
WIDTHS = (320, 390, 768, 1280)
SECOND_QUIZ = next(quiz for quiz in COURSE.quizzes if quiz != QUIZ)
PAGES = (
    "/dashboard",
    "/path",
    *(f"/step/{step.id}" for step in COURSE.steps),
    f"/video/{QUIZ}",
    f"/video/{QUIZ}?result=1",
    f"/video/{SECOND_QUIZ}?q=1",
    f"/video/{SECOND_QUIZ}?q=2",
    "/search",
    "/search?q=prompting",
    "/search?q=zqxj",
    "/leaderboard",
    "/leaderboard?scope=team",
    "/leaderboard?scope=all&period=30d",
    "/account",
    "/no-such-page",
)
BUDGET = 60_000  # bytes of a page with its styles and scripts, packed
SHIFT = """() => new Promise((done) => {
  let sum = 0;
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) sum += entry.value;
  });
  observer.observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => setTimeout(() => done(sum)));
})"""
# [style sheet, selector] of each rule that something on the page needs, and that is not loaded. A
# class that the loaded ones name as well may look different elsewhere: such rules do not count.
LACKING = """(sheets) => {
  const names = (text) => new Set(text.match(/[.][a-z][a-z-]*/g));
  const loaded = [...document.styleSheets].map((s) => s.href?.match(/css[/]([a-z]+)/)?.[1]);
  const known = names(loaded.map((name) => sheets[name] ?? "").join());
  const lacking = [];
  const walk = (name, rules) => {
    for (const rule of rules) {
      if (rule.cssRules?.length) walk(name, rule.cssRules);
      for (const part of rule.selectorText?.split(/,(?![^(]*[)])/) ?? []) {
        if ([...names(part)].every((word) => known.has(word))) continue;
        if (document.querySelector(part.replace(/::[a-z-]+/g, ""))) lacking.push([name, part]);
      }
    }
  };
  for (const [name, text] of Object.entries(sheets)) {
    if (loaded.includes(name)) continue;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    walk(name, sheet.cssRules);
  }
  return lacking;
}"""
SHEETS = {
    path.stem: path.read_text(encoding="utf-8")
    for path in (Path(portal.web.__file__).parent / "static/css").glob("*.css")
}
OUTLINE = "document.querySelectorAll('h1,h2,h3,h4')"


async def check(page: Page) -> None:
    """Assert what the page shown has to keep to."""
    address = page.url
    await expect(page.locator("h1")).to_have_count(1)
    levels = await page.evaluate(f"[...{OUTLINE}].map((h) => Number(h.tagName[1]))")
    assert all(after - before < 2 for before, after in itertools.pairwise(levels)), (
        address,
        levels,
    )
    assert (await page.title()).endswith(" · AI Training"), address
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 800})
        needed = await page.evaluate("document.documentElement.scrollWidth")
        assert needed <= width, f"{address} needs {needed} px at {width}"


async def open_and_weigh(page: Page, path: str) -> int:
    """Returns the bytes of the page and of all that it brings along, packed."""
    answers: list[Response] = []

    def keep(answer: Response) -> None:
        answers.append(answer)

    page.on("response", keep)
    await page.goto(path)
    return sum([len(gzip.compress(await answer.body())) for answer in answers])


async def test_no_page_scrolls_sideways_and_each_has_its_headings(learner: Learner) -> None:
    page = learner.page
    await page.goto("/dashboard")
    await check(page)
    await page.goto(question_url(1))
    await finish_quiz(page, wrong=1)
    await page.goto(f"/video/{SECOND_QUIZ}?q=1")
    await page.get_by_role("radio").or_(page.get_by_role("checkbox")).first.check()
    await page.get_by_role("button", name="Check my answer").click()
    await expect(page.get_by_role("link", name="Next question")).to_be_visible()
    for path in PAGES:
        await page.goto(path)
        await check(page)
        assert await page.evaluate(LACKING, SHEETS) == [], path


async def test_a_page_is_light_and_does_not_jump(new_learner: NewLearner) -> None:
    for path in PAGES:
        profile = (await new_learner()).profile
        page = await profile.context.new_page()
        weight = await open_and_weigh(page, path)
        assert weight < BUDGET, f"{path} weighs {weight} bytes"
        shift = await page.evaluate(SHIFT)
        assert shift < 0.02, f"{path} shifts by {shift}"


async def test_the_sign_in_page_keeps_to_it_too(visitor: Page) -> None:
    await visitor.goto("/login")
    await visitor.get_by_text("Demo accounts").click()
    await check(visitor)
    await visitor.goto("/no-such-page")
    await check(visitor)


async def test_the_skip_link_comes_first(learner: Learner) -> None:
    page = learner.page
    await page.goto("/path")
    await tab_to(page, "Skip to content", within=1)
    await expect(page.get_by_role("link", name="Skip to content")).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("main")).to_be_focused()
    await tab_to(page, "Step 1: " + COURSE.steps[0].title, within=1)


async def test_the_tab_bar_of_a_phone(new_learner: NewLearner) -> None:
    page = (await new_learner(viewport=PHONE, has_touch=True)).page
    await page.goto("/dashboard")
    bar = page.get_by_role("navigation", name="Main")
    places = bar.get_by_role("link").or_(bar.get_by_role("button"))
    await expect(places).to_have_text(
        ["Home", "Path", "Search", "Ranks", "More"], use_inner_text=True
    )
    await expect(bar.get_by_role("link", name="Home")).to_have_attribute("aria-current", "page")
    await bar.get_by_role("link", name="Path").tap()
    await expect(bar.get_by_role("link", name="Path")).to_have_attribute("aria-current", "page")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("8 steps")
    await bar.get_by_role("button", name="More").tap()
    await expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Sign out")).to_be_hidden()


async def test_the_focus_is_never_under_the_tab_bar(new_learner: NewLearner) -> None:
    page = (await new_learner(viewport=PHONE)).page
    await page.goto("/dashboard")
    bar = await page.get_by_role("navigation", name="Main").bounding_box()
    assert bar is not None
    await page.locator("main").focus()
    for _ in range(30):
        await page.keyboard.press("Tab")
        inside, bottom, words = await page.evaluate(
            """() => {
              const element = document.activeElement;
              const inside = document.querySelector("main").contains(element);
              return [inside, element.getBoundingClientRect().bottom, element.textContent];
            }"""
        )
        assert not inside or bottom <= bar["y"], words


async def test_the_theme_is_kept_and_leaves_the_reader_in_place(learner: Learner) -> None:
    page = learner.page
    await page.goto(question_url(1))
    await answer(page, right=True)
    place = page.url.partition("#")[0]
    background = "getComputedStyle(document.body).backgroundColor"
    light = await page.evaluate(background)
    await page.get_by_role("button", name="account of").click()
    await page.get_by_role("button", name="Dark").click()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.url.partition("#")[0] == place
    assert await page.evaluate(background) != light
    await page.get_by_role("button", name="account of").click()
    await expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")


@pytest.mark.parametrize("path", ["/no-such-page", "/step/99", "/video/no-such-video"])
async def test_a_missing_page_has_a_way_on(learner: Learner, path: str) -> None:
    page = learner.page
    await page.goto(path)
    await expect(page.get_by_role("heading", name="No page at this address")).to_be_visible()
    await page.get_by_role("link", name="Open the path").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("8 steps")
