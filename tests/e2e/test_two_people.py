"""Two people at one browser: what one of them began is not saved for the other."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.e2e.browser import Learner, Site, add_learner, sign_in_elsewhere
from tests.e2e.conftest import NewLearner
from tests.e2e.quizzes import answer, choices, question_url
from tests.support import QUIZ

SCRIPT = pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
SENTENCE = "You are signed in as Robin Reader now."
NOT_SAVED = "This page was opened for someone else, so nothing was saved."
LAID_OUT = """(line) => {
  const [icon, text] = line.children;
  const link = line.querySelector("a");
  const words = document.createRange();
  words.selectNode(link.previousSibling.previousSibling);
  const last = [...words.getClientRects()].at(-1);
  const first = link.getClientRects()[0];
  return {
    lines: link.getClientRects().length,
    follows: first.top - last.top < last.height * 1.6 && first.top > last.top - 3,
    icon: icon.getBoundingClientRect().top - text.getBoundingClientRect().top,
    share: text.offsetWidth / line.offsetWidth,
  };
}"""
ANSWERS = """
    SELECT count(*) FROM quiz_answer a JOIN quiz_attempt t ON t.id = a.attempt
    JOIN app_user u ON u.id = t.learner WHERE u.external_id = $1
"""
MARKS = """
    SELECT count(*) FROM video_progress p JOIN app_user u ON u.id = p.learner
    WHERE u.external_id = $1
"""


async def refused_as_a_page(page: Page) -> None:
    await expect(page).to_have_title("Someone else is signed in now · AI Training")
    await expect(page.get_by_text(f"{SENTENCE} {NOT_SAVED}")).to_be_visible()


@SCRIPT
async def test_an_answer(new_learner: NewLearner, site: Site, script: bool) -> None:
    learner = await new_learner(java_script_enabled=script)
    page, other = learner.page, await add_learner(site)
    await page.goto(question_url(1))
    (control,) = await choices(page, right=True)
    await control.check()
    await sign_in_elsewhere(learner, other)
    await page.get_by_role("button", name="Check my answer").click()
    if script:
        await expect(page.locator("#quiz .not-saved")).to_contain_text(f"{SENTENCE} {NOT_SAVED}")
        await expect(page.locator("#alert")).to_contain_text(SENTENCE)
        await expect(control).to_be_checked()
        await expect(page.get_by_role("button", name="Check my answer")).to_be_enabled()
        way_on = page.get_by_role("link", name="Open this page again")
    else:
        await refused_as_a_page(page)
        way_on = page.get_by_role("link", name="Open the page as Robin Reader")
    for name in (learner.name, other):
        assert await site.database.value(ANSWERS, name) == 0
    await way_on.click()
    await answer(page, right=True)
    assert await site.database.value(ANSWERS, learner.name) == 0
    assert await site.database.value(ANSWERS, other) == 1


@SCRIPT
async def test_a_mark_as_watched(new_learner: NewLearner, site: Site, script: bool) -> None:
    learner = await new_learner(java_script_enabled=script)
    page, other = learner.page, await add_learner(site)
    await page.goto(f"/video/{QUIZ}")
    await sign_in_elsewhere(learner, other)
    await page.get_by_role("button", name="Mark as watched").click()
    if script:
        await expect(page.locator("#watched .not-saved")).to_contain_text(SENTENCE)
        # and again, with the same words
        await page.get_by_role("button", name="Mark as watched").click()
        await expect(page.locator("#watched .not-saved")).to_have_text(
            f"{SENTENCE} {NOT_SAVED} Open this page again"
        )
        await page.get_by_role("link", name="Open this page again").click()
    else:
        await refused_as_a_page(page)
        await page.get_by_role("link", name="Open the page as Robin Reader").click()
    for name in (learner.name, other):
        assert await site.database.value(MARKS, name) == 0
    await page.get_by_role("button", name="Mark as watched").click()
    await expect(page.get_by_role("button", name="Mark as not watched")).to_be_visible()
    assert await site.database.value(MARKS, other) == 1


@SCRIPT
async def test_the_name_on_the_account_page(
    new_learner: NewLearner, site: Site, script: bool
) -> None:
    learner = await new_learner(java_script_enabled=script)
    page, other = learner.page, await add_learner(site)
    await page.goto("/account")
    await sign_in_elsewhere(learner, other)
    await page.get_by_label("Name", exact=True).fill("Somebody Else")
    await page.get_by_role("button", name="Save name").click()
    await refused_as_a_page(page)
    assert (
        await site.database.value("SELECT count(*) FROM app_user WHERE name = 'Somebody Else'") == 0
    )
    await page.get_by_role("link", name="Open the page as Robin Reader").click()
    await expect(page).to_have_url(f"{site.url}/account")


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize(
    ("path", "button"),
    [
        ("/step/1", "[role=checkbox]"),
        (f"/video/{QUIZ}", "#mark"),
        (f"/video/{QUIZ}?q=1", "#quiz form [type=submit]"),
    ],
    ids=["practice", "mark", "quiz"],
)
async def test_a_refusal_is_one_text_beside_its_icon(
    new_learner: NewLearner, site: Site, path: str, button: str, width: int
) -> None:
    learner = await new_learner(viewport={"width": width, "height": 900})
    page, other = learner.page, await add_learner(site)
    await page.goto(path)
    if path.endswith("?q=1"):
        for control in await choices(page, right=True):
            await control.check()
    await sign_in_elsewhere(learner, other)
    await page.locator(button).first.click()
    line = page.locator(".not-saved:visible")
    await expect(line).to_contain_text(SENTENCE)
    found = await line.evaluate(LAID_OUT)
    assert found["lines"] <= 2, "the link is broken by the words, as any text is"
    assert found["follows"], "the link stands in the last line of the sentence or begins the next"
    assert 0 <= found["icon"] < 10, "the icon stands at the first line"
    assert found["share"] > 0.7, "the text has the room that there is"
    # and nothing beside it gives way
    standing = page.locator("#watched [data-announce]")
    if await standing.count():
        assert (await standing.evaluate("(p) => p.offsetHeight")) < 60


async def test_a_part_of_anothers_page_is_not_put_into_this_one(
    learner: Learner, site: Site
) -> None:
    """Going on by a link that replaces only a part opens the page of who is signed in now."""
    page, other = learner.page, await add_learner(site)
    await page.goto(question_url(1))
    await answer(page, right=True)
    await sign_in_elsewhere(learner, other)
    await page.get_by_role("link", name="Next question").click()
    await expect(page.locator("html")).to_have_attribute("data-user", other)
    await answer(page, right=True)
    assert await site.database.value(ANSWERS, learner.name) == 1
    assert await site.database.value(ANSWERS, other) == 1


async def test_a_page_taken_back_from_the_past(learner: Learner, site: Site) -> None:
    """Whatever the browser keeps of it, it is either made anew or refused."""
    page, other = learner.page, await add_learner(site)
    await page.goto(f"/video/{QUIZ}")
    await page.goto("/path")
    await sign_in_elsewhere(learner, other)
    await page.go_back()
    await page.get_by_role("button", name="Mark as watched").click()
    owner = await page.locator("html").get_attribute("data-user")
    if owner == learner.name:
        await expect(page.locator("#watched .not-saved")).to_contain_text(SENTENCE)
    else:
        await expect(page.get_by_role("button", name="Mark as not watched")).to_be_visible()
    assert await site.database.value(MARKS, learner.name) == 0


async def test_the_same_person_signs_in_again(learner: Learner, site: Site) -> None:
    page = learner.page
    await page.goto(question_url(1))
    await sign_in_elsewhere(learner, learner.name)
    await answer(page, right=True)
    assert await site.database.value(ANSWERS, learner.name) == 1
