"""Watching a file of the company's own: what counts, what does not, and what the page shows."""

from __future__ import annotations

import re
import time

import pytest
from playwright.async_api import Page, expect

from tests.e2e.browser import PASSWORD, Learner, sign_in_elsewhere
from tests.e2e.conftest import NewLearner, OpenProfile
from tests.e2e.films import (
    CUES,
    FILM,
    LOST,
    TUBE,
    film_site,
    holds,
    seconds,
    set_allowance,
    watched,
)
from tests.ops.command import until

site = film_site

PLAY = "(video, rate) => { video.playbackRate = rate; return video.play(); }"
PAUSE = "(video) => video.pause()"
TIME = "(video) => video.currentTime"
PAUSED = "(video) => video.paused"
SHIFTS = """
    window.shifted = 0;
    new PerformanceObserver((list) => {
      const shifts = list.getEntries().filter((entry) => !entry.hadRecentInput);
      for (const shift of shifts) window.shifted += shift.value;
    }).observe({ type: "layout-shift", buffered: true });
"""


async def opened(page: Page, address: str = f"/video/{FILM.id}") -> None:
    """Open the page and wait for the file."""
    await page.goto(address)
    await holds(page, "document.querySelector('video').readyState > 0")


async def reaches(page: Page, time: float) -> None:
    await holds(page, f"document.querySelector('video').currentTime >= {time}")


async def test_dragging_to_the_end_completes_nothing(learner: Learner) -> None:
    page = learner.page
    await opened(page)
    film = page.locator("video")
    started = time.monotonic()
    await film.evaluate(PLAY, 1)
    await reaches(page, 0.4)
    # the hand on the slider, in small steps and while it plays
    for second in range(1, 40):
        await film.evaluate("(video, to) => { video.currentTime = to; }", second)
    await holds(page, "document.querySelector('video').ended")
    passed = time.monotonic() - started
    await page.goto("/dashboard")

    async def known() -> bool:
        return bool(await learner.count("SELECT count(*) FROM video_progress WHERE learner = $1"))

    await until(known, "the page has reported")
    # what was really seen, rounded up, which on a busy machine is more than on an idle one
    assert await seconds(learner, FILM.id) <= max(0.05 * 40, passed)
    assert await learner.count("SELECT done FROM video_progress WHERE learner = $1") is False


async def test_playing_at_double_speed_completes_in_place(learner: Learner) -> None:
    page = learner.page
    await opened(page)
    here = page.url
    await page.evaluate("window.mark = 'same page'")
    await expect(page.locator("#watched")).to_contain_text("Not watched yet")
    await expect(page.locator("#quiz .button")).not_to_have_class("button primary")
    await page.locator("video").evaluate(PLAY, 2)
    await expect(page.locator("#watched")).to_contain_text("% watched", timeout=15_000)
    await expect(page.locator("#status")).to_have_text(
        "Watched. The quiz has 4 questions.", timeout=25_000
    )
    await expect(page.locator("#watched [data-announce]")).to_have_text("Watched")
    await expect(page.locator("#watched")).to_have_attribute("data-state", "proven")
    await expect(page.get_by_role("complementary")).to_contain_text("1 of 2 videos")
    await expect(page.locator("#quiz .button")).to_have_class("button primary")
    assert (page.url, await page.evaluate("window.mark")) == (here, "same page")
    assert await seconds(learner, FILM.id) >= 36


async def test_the_next_page_resumes_where_this_one_stopped(learner: Learner) -> None:
    page = learner.page
    await opened(page)
    await page.locator("video").evaluate(PLAY, 4)
    await reaches(page, 12)
    # gone while it plays: what was watched since the last report goes out with the page
    await page.goto("/dashboard")

    async def there() -> bool:
        return await seconds(learner, FILM.id) >= 12

    await until(there, "the last seconds are known")
    await opened(page)
    assert 12 <= await page.locator("video").evaluate(TIME) < 20
    await opened(page, f"/video/{FILM.id}?t=30")
    assert await page.locator("video").evaluate(TIME) == pytest.approx(30, abs=0.5)


async def test_two_devices_at_once_lose_nothing(
    new_learner: NewLearner, open_profile: OpenProfile
) -> None:
    """What one of them reports too soon after the other is not believed at once, but is later."""
    learner = await new_learner()
    other = await open_profile()
    signed_in = await other.context.request.post(
        "/api/auth/login", data={"username": learner.name, "password": PASSWORD}
    )
    assert signed_in.ok
    first, second = learner.page, await other.context.new_page()
    for page in (first, second):
        await page.clock.install()
    await opened(first)
    await opened(second, f"/video/{FILM.id}?t=20")
    for page in (first, second):
        await page.locator("video").evaluate(PLAY, 4)
    await reaches(first, 18)
    await reaches(second, 38)
    for page in (first, second):
        await page.locator("video").evaluate(PAUSE)

    async def both() -> bool:
        for page in (first, second):
            await page.clock.fast_forward(10_000)
        known = {n for start, end in await watched(learner, FILM.id) for n in range(start, end)}
        return known >= {*range(17), *range(21, 37)}

    await until(both, "both halves are known")


async def test_what_could_not_be_told_is_told_later(learner: Learner) -> None:
    page = learner.page
    learner.profile.wanted += ["net::ERR", "the server responded with a status of 503"]
    await opened(page)
    await page.route("**/api/progress/watch", lambda route: route.abort())
    await page.locator("video").evaluate(PLAY, 4)
    await reaches(page, 10)
    await page.locator("video").evaluate(PAUSE)
    await expect(page.locator("#not-kept:visible")).to_be_visible()
    assert await watched(learner, FILM.id) == []
    # the page ends before the connection is back
    await page.goto("/dashboard")
    await page.unroute("**/api/progress/watch")
    await opened(page)

    async def known() -> bool:
        return await seconds(learner, FILM.id) >= 10

    await until(known, "it was kept")
    await expect(page.locator("#not-kept:visible")).to_have_count(0)
    await holds(page, "localStorage.length === 0")


async def test_a_lost_connection_heals_in_place(learner: Learner) -> None:
    page = learner.page
    learner.profile.wanted.append("net::ERR_INTERNET_DISCONNECTED")
    await opened(page)
    await learner.profile.context.set_offline(True)
    await page.locator("video").evaluate(PLAY, 4)
    await reaches(page, 8)
    await page.locator("video").evaluate(PAUSE)
    notice = page.locator("#not-kept:visible")
    await expect(notice).to_be_visible()
    await learner.profile.context.set_offline(False)
    await expect(notice).to_be_hidden()
    assert await seconds(learner, FILM.id) >= 8


async def test_signed_out_in_between(learner: Learner) -> None:
    page = learner.page
    await opened(page)
    await learner.profile.context.request.post("/api/auth/logout", data={})
    await page.locator("video").evaluate(PLAY, 4)
    await reaches(page, 4)
    await page.locator("video").evaluate(PAUSE)
    await expect(page.locator("#not-kept")).to_contain_text("you are signed out")


async def test_what_one_person_watched_is_not_reported_for_another(learner: Learner) -> None:
    """Neither while the page is there nor when it ends, and it is not lost either."""
    page = learner.page
    await opened(page)
    await sign_in_elsewhere(learner, "yuki")
    await page.locator("video").evaluate(PLAY, 4)
    await reaches(page, 8)
    await page.locator("video").evaluate(PAUSE)
    notice = page.locator("#not-kept")
    await expect(notice).to_contain_text("You are signed in as Yuki Tanaka now.")
    await expect(notice).to_contain_text("kept here until you sign in again")
    await page.goto("/dashboard")
    await expect(page.get_by_role("button", name="account of Yuki Tanaka")).to_be_visible()
    reported = "SELECT count(*) FROM video_progress p JOIN app_user u ON u.id = p.learner"
    reported += " WHERE external_id = $1 AND video_id = $2"
    assert await learner.profile.site.database.value(reported, "yuki", FILM.id) == 0
    await sign_in_elsewhere(learner, learner.name)
    await opened(page)

    async def known() -> bool:
        return await seconds(learner, FILM.id) >= 7

    await until(known, "it was kept")


async def test_ones_own_word_and_the_proof(learner: Learner) -> None:
    page = learner.page
    await opened(page)
    await page.get_by_role("button", name="Mark as watched").click()
    await expect(page.locator("#watched")).to_contain_text("Marked as watched by you")
    await expect(page.get_by_role("complementary")).to_contain_text("Marked by you")
    await set_allowance(learner, 120)
    await page.locator("video").evaluate(PLAY, 16)
    await expect(page.locator("#watched [data-announce]")).to_have_text("Watched")
    await expect(page.get_by_role("complementary")).not_to_contain_text("Marked by you")
    await page.get_by_role("button", name="Mark as not watched").click()
    await expect(page.locator("#watched")).to_have_attribute("data-state", "open")


async def test_the_keys(learner: Learner) -> None:
    page = learner.page
    await opened(page)
    film = page.locator("video")
    track = "document.querySelector('video').textTracks[0].mode"
    await page.keyboard.press("k")
    assert await film.evaluate(PAUSED) is False
    await page.keyboard.press("Space")
    assert await film.evaluate(PAUSED) is True
    assert await page.evaluate("scrollY") == 0
    at = await film.evaluate(TIME)
    await page.keyboard.press("l")
    assert await film.evaluate(TIME) == pytest.approx(at + 10, abs=0.1)
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    assert await film.evaluate(TIME) == 0
    await page.keyboard.press("m")
    assert await film.evaluate("(video) => video.muted") is True
    await page.keyboard.press("c")
    assert await page.evaluate(track) == "showing"
    await expect(page.locator("#status")).to_have_text("Captions on.")
    await page.keyboard.press("c")
    assert await page.evaluate(track) == "hidden"
    await page.keyboard.press("f")
    await holds(page, "document.fullscreenElement?.matches('video')")
    await page.keyboard.press("f")
    await holds(page, "!document.fullscreenElement")
    assert await film.evaluate(PAUSED) is True


async def test_the_keys_of_the_focused_video_are_the_browsers(learner: Learner) -> None:
    page = learner.page
    await opened(page)
    film = page.locator("video")
    await film.focus()
    await page.keyboard.press("Space")
    await holds(page, "!document.querySelector('video').paused")
    await page.keyboard.press("Space")
    await holds(page, "document.querySelector('video').paused")
    at = await film.evaluate(TIME)
    await page.keyboard.press("ArrowRight")
    await holds(page, f"document.querySelector('video').currentTime > {at}")


async def test_no_key_is_taken_from_where_it_belongs(learner: Learner) -> None:
    page = learner.page
    await opened(page)
    film = page.locator("video")
    await page.keyboard.press("/")
    await page.keyboard.type("k j l m")
    await expect(page.get_by_role("combobox")).to_have_value("k j l m")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")
    await holds(page, "document.activeElement === document.body")
    await page.keyboard.press("?")
    await expect(page.get_by_text("play, pause")).to_be_visible()
    choice = page.get_by_label("Use these keys on this device")
    await choice.press("k")
    await choice.press("Space")
    await expect(choice).not_to_be_checked()
    await page.locator("h1").click()
    await page.keyboard.press("k")
    assert await film.evaluate(PAUSED) is True
    await opened(page)
    await page.keyboard.press("k")
    assert await film.evaluate(PAUSED) is True
    mark = page.locator("#mark")
    await mark.press("Space")
    await expect(mark).to_have_text("Mark as not watched")
    assert await film.evaluate(PAUSED) is True


async def test_the_transcript_leads_and_follows(learner: Learner) -> None:
    page = learner.page
    await opened(page)
    film = page.locator("video")
    await page.get_by_text("Transcript", exact=True).click()
    cues = page.locator("#transcript a")
    await expect(cues).to_have_text([re.compile(f" {re.escape(cue.text)}$") for cue in CUES])
    await expect(cues.first).to_have_text("0:00 Robin: Welcome to the lesson.")
    await cues.nth(5).click()
    await holds(page, "document.querySelector('video').currentTime >= 20")
    assert await film.evaluate(PAUSED) is False
    await expect(cues.nth(5)).to_have_attribute("aria-current", "true")
    await film.evaluate(PLAY, 8)
    await expect(cues.nth(9)).to_have_attribute("aria-current", "true")
    await expect(cues.nth(5)).not_to_have_attribute("aria-current", "true")
    inside = """() => {
      const list = document.querySelector(".cues").getBoundingClientRect();
      const cue = document.querySelector(".cues [aria-current]").getBoundingClientRect();
      return list.top <= cue.top && cue.bottom <= list.bottom + 1;
    }"""
    await holds(page, inside)
    # one stop for Tab, arrows inside, Enter leads to the moment
    await cues.nth(5).focus()
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("ArrowUp")
    await expect(cues.nth(3)).to_be_focused()
    assert await cues.evaluate_all("(all) => all.filter((cue) => cue.tabIndex === 0).length") == 1
    await page.keyboard.press("Enter")
    await holds(page, "document.querySelector('video').currentTime < 16")
    await expect(cues.nth(3)).to_have_attribute("aria-current", "true")


@pytest.mark.parametrize("width", [390, 1280])
async def test_nothing_jumps(new_learner: NewLearner, width: int) -> None:
    learner = await new_learner(viewport={"width": width, "height": 844})
    page = learner.page
    await page.add_init_script(SHIFTS)
    await opened(page)
    box = await page.locator(".player").bounding_box()
    assert box is not None
    assert box["width"] / box["height"] == pytest.approx(16 / 9, abs=0.01)
    await set_allowance(learner, 120)
    await page.locator("video").evaluate(PLAY, 16)
    await expect(page.locator("#watched")).to_have_attribute("data-state", "proven")
    assert await page.locator(".player").bounding_box() == box
    assert await page.evaluate("window.shifted") < 0.02


async def test_a_file_that_is_not_there(learner: Learner) -> None:
    page = learner.page
    await page.goto(f"/video/{LOST.id}")
    await expect(page.get_by_text("This video cannot play here. Open the file")).to_be_visible()
    await expect(page.locator("video")).to_have_count(0)
    await page.get_by_role("button", name="Mark as watched").click()
    await expect(page.locator("#watched")).to_contain_text("Marked as watched by you")


async def test_on_to_the_next_step(learner: Learner) -> None:
    page = learner.page
    await opened(page)
    onward = page.get_by_role("navigation", name="Videos")
    await expect(onward.get_by_role("link", name="Previous video")).to_have_count(0)
    await onward.get_by_role("link", name=f"Next video {TUBE.title}").click()
    await expect(page).to_have_url(f"{learner.profile.site.url}/video/{TUBE.id}")
    await expect(onward.get_by_role("link", name="Next video, in step 2")).to_be_visible()
    # without a quiz the next video is what is left to do
    await expect(onward.locator(".primary")).to_have_count(0)
    await page.get_by_role("button", name="Mark as watched").click()
    await expect(onward.locator(".primary")).to_have_text("Next video, in step 2 The video clip")


async def test_without_script(new_learner: NewLearner) -> None:
    learner = await new_learner(java_script_enabled=False)
    page = learner.page
    await page.goto(f"/video/{FILM.id}?t=12")
    film = page.locator("video[controls]")
    await expect(film).to_have_attribute("src", "/media/lesson.webm#t=12")
    await expect(film.locator("track[kind=captions]")).to_have_attribute("src", "/media/lesson.vtt")
    await expect(page.get_by_text("Keyboard")).to_be_hidden()
    await page.get_by_text("Transcript", exact=True).click()
    await page.get_by_role("link", name="Nearly there.").click()
    await expect(film).to_have_attribute("src", "/media/lesson.webm#t=32")
    await page.get_by_role("button", name="Mark as watched").click()
    await expect(page.locator("#watched")).to_contain_text("Marked as watched by you")
