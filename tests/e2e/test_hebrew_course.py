"""A course that is written from the right, in a real browser: where its texts begin, and that
nothing needs scrolling sideways."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import Locator, expect

from portal.db.embedded import Embedded
from portal.learning.course import COMPILED_NAME, FORMAT, Compiled
from tests.e2e.browser import Learner, Site
from tests.e2e.layout import check
from tests.learning.hebrew import HEBREW, NAME
from tests.ops.command import running
from tests.support import DEMO_TEMPLATE, Database, execute

VIDEO = HEBREW.ordered[0]
QUESTION = VIDEO.quiz.questions[0] if VIDEO.quiz else None


@pytest.fixture(scope="module", name="site")
async def hebrew_site(templates: Embedded) -> AsyncIterator[Site]:
    """The portal with a course in Hebrew."""
    made = Database.next(templates)
    admin = templates.url("postgres")
    await execute(admin, f"CREATE DATABASE {made.name} TEMPLATE {DEMO_TEMPLATE}")
    with tempfile.TemporaryDirectory() as folder:
        compiled = Compiled(FORMAT, HEBREW.content_hash, HEBREW.steps, HEBREW.language)
        (Path(folder) / COMPILED_NAME).write_bytes(msgspec.json.encode(compiled))
        with running("serve", url=made.url, SEED_DB="true", CONTENT_DIR=folder) as server:
            await server.answers("/health/ready")
            yield Site(f"http://127.0.0.1:{server.port}", made)
    await execute(admin, f"DROP DATABASE {made.name} WITH (FORCE)")


async def direction(of: Locator) -> str:
    shown: str = await of.evaluate("(element) => getComputedStyle(element).direction")
    return shown


async def test_every_page_holds_it(learner: Learner, tmp_path: Path) -> None:
    page = learner.page
    await learner.count(f"UPDATE app_user SET name = '{NAME}' WHERE id = $1 RETURNING 1")
    for address in (
        "/dashboard",
        "/path",
        "/step/1",
        f"/video/{VIDEO.id}",
        f"/video/{VIDEO.id}?q=1",
        f"/video/{VIDEO.id}?q=2",
        "/search?q=Claude",
        "/leaderboard",
        "/account",
    ):
        await page.goto(address)
        await check(page)
        for width in (390, 1280):
            await page.set_viewport_size({"width": width, "height": 900})
            name = address.strip("/").replace("/", "-").replace("?", "-")
            await page.screenshot(path=tmp_path / f"{name}-{width}.png", full_page=True)


async def test_a_question_is_read_from_the_right(learner: Learner) -> None:
    assert QUESTION is not None
    page = learner.page
    await page.goto(f"/video/{VIDEO.id}?q=1")
    heading = page.get_by_role("heading", name=QUESTION.text)
    assert await direction(heading) == "rtl"
    # the sentence begins with a word from the left, and still begins at the right
    begins = await heading.evaluate(
        """(element) => {
          const text = element.querySelector("bdi").firstChild;
          const range = document.createRange();
          range.setStart(text, 0);
          range.setEnd(text, 1);
          return range.getBoundingClientRect().left - element.getBoundingClientRect().left;
        }"""
    )
    width = await heading.evaluate("(element) => element.getBoundingClientRect().width")
    assert begins > width / 2
    option = page.locator(".option").first
    assert await direction(option) == "rtl"
    box, control = await option.bounding_box(), await option.locator("input").bounding_box()
    assert box is not None
    assert control is not None
    assert control["x"] > box["x"] + box["width"] / 2
    # what is not the course's stays as it was
    assert await direction(page.get_by_role("button", name="Check my answer")) == "ltr"
    assert await page.locator("html").get_attribute("lang") == "en"
    await page.get_by_label(QUESTION.choices[0].text, exact=True).check()
    await page.get_by_role("button", name="Check my answer").click()
    await expect(page.get_by_text(QUESTION.explanation)).to_be_visible()
    assert await direction(page.get_by_text(QUESTION.explanation)) == "rtl"


async def test_what_is_typed_follows_its_words(learner: Learner) -> None:
    page = learner.page
    await page.goto("/search")
    field = page.get_by_label("Words to look for").first
    await field.fill("מבוא")
    assert await direction(field) == "rtl"
    result = page.locator("#results a", has_text="מבוא").first
    await expect(result).to_be_visible()
    assert await direction(result.locator("bdi")) == "rtl"
    await field.fill("Claude")
    assert await direction(field) == "ltr"
