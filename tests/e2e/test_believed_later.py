"""What the server does not believe at once: told again, until it is."""

from __future__ import annotations

from playwright.async_api import Page, expect

from tests.e2e.browser import Learner
from tests.e2e.films import FILM, film_site, holds, seconds, set_allowance

site = film_site

PLAY = "(video, rate) => { video.playbackRate = rate; return video.play(); }"


async def play(page: Page, start: int) -> None:
    """Watch the film from a second to its end, much too fast."""
    await page.goto(f"/video/{FILM.id}?t={start}")
    await holds(page, "document.querySelector('video').readyState > 0")
    await page.locator("video").evaluate(PLAY, 16)
    await holds(page, "document.querySelector('video').ended")


async def completes(learner: Learner) -> None:
    page = learner.page
    await page.clock.fast_forward(10_000)
    await expect(page.locator("#watched")).to_have_attribute("data-state", "proven", timeout=20_000)
    await expect(page.locator("#watched [data-announce]")).to_have_text("Watched")
    assert await seconds(learner, FILM.id) >= 36


async def test_the_second_half_of_what_was_begun_before(learner: Learner) -> None:
    await learner.count(
        f"""INSERT INTO video_progress (learner, video_id, duration_s, watched)
            VALUES ($1, '{FILM.id}', 40, '{{[0,20)}}') RETURNING 1"""
    )
    await set_allowance(learner, 0)
    await learner.page.clock.install()
    await play(learner.page, 20)
    assert await seconds(learner, FILM.id) < 36
    await set_allowance(learner, 120)
    await completes(learner)


async def test_all_of_it_at_once_after_the_connection_was_lost(learner: Learner) -> None:
    page = learner.page
    learner.profile.wanted.append("net::ERR")
    await page.clock.install()
    await page.route("**/api/progress/watch", lambda route: route.abort())
    await play(page, 0)
    await expect(page.locator("#not-kept:visible")).to_be_visible()
    await page.unroute("**/api/progress/watch")
    async with page.expect_response("**/api/progress/watch"):
        await page.clock.fast_forward(10_000)
    await set_allowance(learner, 120)
    await completes(learner)
    await expect(page.locator("#not-kept:visible")).to_have_count(0)


async def test_the_next_page_goes_on_asking(learner: Learner) -> None:
    page = learner.page
    await set_allowance(learner, 0)
    await page.clock.install()
    async with page.expect_response("**/api/progress/watch"):
        await play(page, 0)
    await holds(page, "localStorage.length === 1")
    await page.goto("/dashboard")
    assert await seconds(learner, FILM.id) < 36
    await set_allowance(learner, 120)
    await page.goto(f"/video/{FILM.id}")
    await completes(learner)
    await holds(page, "localStorage.length === 0")
