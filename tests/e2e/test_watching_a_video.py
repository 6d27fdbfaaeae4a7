"""The player, which belongs to someone else, and what the learner says about a video."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.async_api import Route, expect

from portal.learning.player import embed_url
from tests.e2e.browser import Learner
from tests.e2e.conftest import NewLearner
from tests.support import COURSE

VIDEOS = {
    name: next(video for video in COURSE.ordered if video.provider == name)
    for name in ("youtube", "vimeo")
}
SETTINGS = {
    "youtube": "?autoplay=1&rel=0&playsinline=1&enablejsapi=1&origin=",
    "vimeo": "&autoplay=1",
}


@pytest.mark.parametrize("provider", ["youtube", "vimeo"])
async def test_the_provider_is_asked_only_for_a_player_and_only_on_request(
    learner: Learner, provider: str
) -> None:
    video, page = VIDEOS[provider], learner.page
    address = f"{embed_url(video)}{SETTINGS[provider]}"
    if provider == "youtube":
        address += quote(learner.profile.site.url, safe="")

    async def play(route: Route) -> None:
        await route.fulfill(content_type="text/html", body="<title>Player</title>playing")

    await page.route(address, play)
    await page.goto(f"/video/{video.id}")
    assert learner.profile.foreign == []
    await page.get_by_role("button", name="Play").click()
    frame = page.frame_locator(f"iframe[title='{video.title}']")
    await expect(frame.get_by_text("playing")).to_be_visible()
    await expect(page.locator("iframe")).to_be_focused()
    await expect(page.locator("iframe")).to_have_attribute(
        "referrerpolicy", "strict-origin-when-cross-origin"
    )
    assert learner.profile.foreign == [address]
    learner.profile.foreign.clear()


async def test_without_script_there_is_a_link(new_learner: NewLearner) -> None:
    page = (await new_learner(java_script_enabled=False)).page
    video = VIDEOS["youtube"]
    await page.goto(f"/video/{video.id}")
    link = page.get_by_role("link", name="Watch (opens YouTube)")
    await expect(link).to_have_attribute("href", f"https://www.youtube.com/watch?v={video.ref}")
    await expect(page.locator("iframe")).to_have_count(0)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
async def test_marking_as_watched_and_back(new_learner: NewLearner, script: bool) -> None:
    page = (await new_learner(java_script_enabled=script)).page
    video = VIDEOS["youtube"]
    await page.goto(f"/video/{video.id}")
    await page.get_by_role("button", name="Mark as watched").click()
    back = page.get_by_role("button", name="Mark as not watched")
    await expect(back).to_be_visible()
    if script:
        await expect(back).to_be_focused()
    await expect(page.locator("#watched")).to_contain_text("Marked as watched by you")
    await expect(page.get_by_role("complementary")).to_contain_text("Marked by you")
    await page.goto("/dashboard")
    await expect(page.get_by_text(f"1 of {len(COURSE.ordered)} videos watched")).to_be_visible()
    await page.goto(f"/video/{video.id}")
    await back.click()
    await expect(page.locator("#watched")).to_contain_text("Not watched yet")
