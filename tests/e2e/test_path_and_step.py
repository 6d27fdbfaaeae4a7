"""The path and a step in a course with locks: by mouse, by keyboard, on a phone, without script."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import Page, expect

from portal.db.embedded import Embedded
from portal.learning.course import COMPILED_NAME, FORMAT, Compiled
from tests.e2e.browser import Learner, Site, focused_name, tab_to
from tests.e2e.conftest import NewLearner
from tests.e2e.layout import PHONE, check
from tests.learning.locked_course import FIRST, SECOND, locked_course
from tests.ops.command import running
from tests.support import DEMO_TEMPLATE, Database, execute

COURSE = locked_course()
TICKS = "SELECT count(*) FROM practice_tick WHERE learner = $1"
TASK = "Do the first task"


@pytest.fixture(scope="module", name="site")
async def locked_site(templates: Embedded) -> AsyncIterator[Site]:
    """The portal with the course of the locks."""
    made = Database.next(templates)
    admin = templates.url("postgres")
    await execute(admin, f"CREATE DATABASE {made.name} TEMPLATE {DEMO_TEMPLATE}")
    with tempfile.TemporaryDirectory() as folder:
        compiled = Compiled(FORMAT, COURSE.content_hash, COURSE.steps)
        (Path(folder) / COMPILED_NAME).write_bytes(msgspec.json.encode(compiled))
        with running("serve", url=made.url, SEED_DB="true", CONTENT_DIR=folder) as server:
            await server.answers("/health/ready")
            yield Site(f"http://127.0.0.1:{server.port}", made)
    await execute(admin, f"DROP DATABASE {made.name} WITH (FORCE)")


async def finish_basics(page: Page) -> None:
    """Mark both videos of the first topic, and take its quiz from the page."""
    for name in ("plain", "first"):
        await page.goto(f"/video/{name}")
        await page.get_by_role("button", name="Mark as watched").click()
        await expect(page.get_by_role("button", name="Mark as not watched")).to_be_visible()
    await page.get_by_role("link", name="Start quiz").click()
    await answer_all(page, "first")


async def answer_all(page: Page, name: str) -> None:
    questions = COURSE.quizzes[name].questions
    for number, question in enumerate(questions, 1):
        right = next(c.text for c in question.choices if c.id in question.key)
        await page.get_by_label(right, exact=True).check()
        await page.get_by_role("button", name="Check my answer").click()
        await expect(page.get_by_role("heading", name="Right", exact=True)).to_be_visible()
        if number < len(questions):
            await page.get_by_role("link", name="Next question").click()
    await page.get_by_role("button", name="See my result").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("right")


async def test_from_the_path_to_an_opened_step_by_mouse(learner: Learner) -> None:
    page = learner.page
    await page.goto("/path")
    await expect(page.get_by_role("link", name="Step 2")).to_have_attribute("href", "/path#step-2")
    card = page.locator("#step-2")
    await expect(card.get_by_text(SECOND)).to_be_visible()
    await expect(card.get_by_role("link")).to_have_count(0)
    await card.get_by_text("What is inside").click()
    await expect(card.get_by_text("The video plain-second")).to_be_visible()
    await page.locator("#step-1").get_by_role("link", name="Start").click()
    await expect(page).to_have_url(f"{learner.profile.site.url}/video/first")

    await finish_basics(page)
    await page.goto("/video/inner")
    await page.get_by_role("link", name="Start quiz").click()
    await answer_all(page, "inner")
    await expect(
        page.get_by_text("Step 1 has 100% of its points. Step 2 is open now.")
    ).to_be_visible()
    await page.goto("/path")
    await page.locator("#step-2").get_by_role("link", name="The step of points").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("The step of points")
    await expect(
        page.get_by_role("link", name="Start").or_(page.get_by_role("link", name="Continue"))
    ).to_have_attribute("href", "/video/second")


async def test_a_locked_address_tells_the_way(learner: Learner) -> None:
    page = learner.page
    learner.profile.wanted.append("the server responded with a status of 403")
    for path, way, target in (
        ("/step/2", "Open step 1", "/step/1"),
        ("/video/second", "Open step 1", "/step/1"),
        ("/video/inner", "Open “The basics”", "/step/1#topic-1"),
    ):
        answer = await page.goto(path)
        assert answer is not None
        assert answer.status == 403
        await check(page)
        await page.get_by_role("link", name=way).click()
        await expect(page).to_have_url(f"{learner.profile.site.url}{target}")
    await expect(page.get_by_text(FIRST)).to_be_visible()


async def test_tasks_are_ticked_where_one_is(learner: Learner) -> None:
    page = learner.page
    await page.goto("/step/1")
    box = page.get_by_role("checkbox", name=TASK)
    await expect(box).not_to_be_checked()
    await expect(page.get_by_role("checkbox")).to_have_count(2)
    await page.evaluate("document.body.dataset.kept = 'yes'")
    await box.click()
    await expect(box).to_be_checked()
    await expect(page.locator("body")).to_have_attribute("data-kept", "yes")  # no new page
    await expect(page.locator("#practice").get_by_text("1 of 2 done")).to_be_visible()
    assert await learner.count(TICKS) == 1
    await page.reload()
    await expect(box).to_be_checked()
    await box.click()
    await expect(box).not_to_be_checked()
    assert await learner.count(TICKS) == 0


async def test_the_keyboard_alone_ticks_and_keeps_its_place(learner: Learner) -> None:
    page = learner.page
    await page.goto("/step/1")
    await tab_to(page, TASK)
    await page.keyboard.press("Space")
    await expect(page.get_by_role("checkbox", name=TASK)).to_be_checked()
    assert await focused_name(page) == TASK
    await expect(page.locator("#status")).to_have_text("1 of 2 done")
    await tab_to(page, "Do it again", within=1)
    await page.keyboard.press("Enter")
    await expect(page.locator("#practice").get_by_text("2 of 2 done")).to_be_visible()
    assert await focused_name(page) == "Do it again"
    assert await learner.count(TICKS) == 2


async def test_a_lost_connection_is_told_and_nothing_looks_saved(learner: Learner) -> None:
    page = learner.page
    learner.profile.wanted.append("net::ERR_INTERNET_DISCONNECTED")
    await page.goto("/step/1")
    await learner.profile.context.set_offline(True)
    box = page.get_by_role("checkbox", name=TASK)
    await box.click()
    await expect(page.get_by_text("Not saved. Check your connection").first).to_be_visible()
    await expect(box).not_to_be_checked()
    assert await focused_name(page) == TASK
    await learner.profile.context.set_offline(False)
    await box.click()
    await expect(box).to_be_checked()


async def test_without_script_one_press_saves_and_comes_back(new_learner: NewLearner) -> None:
    learner = await new_learner(java_script_enabled=False, viewport=PHONE)
    page = learner.page
    await page.goto("/step/1")
    await page.get_by_role("checkbox", name="Do it again").click()
    await expect(page).to_have_url(f"{learner.profile.site.url}/step/1#task-second-task")
    box = page.get_by_role("checkbox", name="Do it again")
    await expect(box).to_be_checked()
    await expect(box).to_be_in_viewport()
    assert await learner.count(TICKS) == 1
    await page.go_back()
    await expect(page.get_by_role("heading", level=1)).to_have_text("The open step")
    assert await learner.count(TICKS) == 1


async def test_on_a_phone(new_learner: NewLearner) -> None:
    learner = await new_learner(viewport=PHONE, has_touch=True)
    page = learner.page
    await page.goto("/path")
    await page.locator("#step-1").get_by_role("link", name="The open step").tap()
    await expect(page.get_by_role("heading", level=1)).to_have_text("The open step")
    # what the step is about and the checklist stand before its topics
    order = await page.evaluate(
        "['.figures', '#objectives', '#practice', '#topic-1'].map("
        "(part) => document.querySelector(part).getBoundingClientRect().top)"
    )
    assert order == sorted(order)
    box = page.get_by_role("checkbox", name=TASK)
    size = await box.bounding_box()
    assert size is not None
    assert size["height"] >= 44
    await box.tap()
    await expect(box).to_be_checked()
    for path in ("/path", "/step/1"):
        await page.goto(path)
        await check(page)
