"""Watching at YouTube and Vimeo, whose stand-ins speak their messages: what counts, and what comes
instead of a player that does not play."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, Route, expect

from tests.e2e.browser import Learner
from tests.e2e.conftest import NewLearner
from tests.e2e.films import (
    CLIP,
    EMBEDS,
    TUBE,
    film_site,
    frame_of,
    holds,
    open_player,
    seconds,
    stand_in,
)
from tests.ops.command import until

site = film_site

BOTH = pytest.mark.parametrize("provider", ["youtube", "vimeo"])
CANNOT = "This video cannot play here. Open it on"
NAMES = {"youtube": "YouTube", "vimeo": "Vimeo"}
WATCH = {
    "youtube": f"https://www.youtube.com/watch?v={TUBE.ref}",
    "vimeo": f"https://vimeo.com/{CLIP.ref}",
}


@pytest.fixture(autouse=True)
def asks_the_providers(learner: Learner) -> None:
    """Requests to the providers are expected here, once Play was pressed."""
    learner.profile.foreign = _OnlyOthers()


class _OnlyOthers(list[str]):
    def append(self, url: str) -> None:
        if not url.startswith(("https://www.youtube-nocookie.com/embed/", "https://player.vimeo")):
            super().append(url)


async def shows_the_card(page: Page, provider: str) -> None:
    """Assert that a link stands where the player was, and that one can still mark the video."""
    name = NAMES[provider]
    await expect(page.get_by_text(f"{CANNOT} {name}, then mark it as watched.")).to_be_visible()
    await expect(page.locator("iframe")).to_have_count(0)
    link = page.locator(".player").get_by_role("link", name=f"Open on {name}")
    await expect(link).to_have_attribute("href", WATCH[provider])
    await expect(link).to_be_focused()
    await page.get_by_role("button", name="Mark as watched").click()
    await expect(page.locator("#watched")).to_contain_text("Marked as watched by you")


@BOTH
async def test_what_is_played_counts(learner: Learner, provider: str) -> None:
    page, video = learner.page, EMBEDS[provider]
    frame = await open_player(learner, provider)
    await expect(page.locator("iframe")).to_be_focused()
    await frame.evaluate("player.setRate(8)")

    async def played() -> bool:
        return bool(await frame.evaluate("player.time") >= 20)

    await until(played, "20 seconds were played")
    await frame.evaluate("player.pause()")

    async def known() -> bool:
        return await seconds(learner, video.id) >= 19

    await until(known, "they are known")
    assert await seconds(learner, video.id) <= 40
    percent = 100 * await seconds(learner, video.id) // (video.duration or 1)
    await expect(page.locator("#watched [data-announce]")).to_have_text(f"{percent}% watched")
    # and the next page goes on from there
    await page.goto("/dashboard")
    await page.goto(f"/video/{video.id}")
    await page.get_by_role("button", name="Resume at 0:").click()
    assert await (await frame_of(page)).evaluate("player.time") >= 20


@BOTH
async def test_a_jump_to_the_end_brings_nothing(learner: Learner, provider: str) -> None:
    video = EMBEDS[provider]
    frame = await open_player(learner, provider)

    async def counted() -> bool:
        await frame.evaluate("player.pause(); player.play()")
        return await seconds(learner, video.id) > 0

    await until(counted, "the player is listened to")
    await frame.evaluate(f"player.seek({video.duration} - 1)")

    async def ended() -> bool:
        return not await frame.evaluate("player.playing")

    await until(ended, "it came to its end")
    await learner.page.goto("/dashboard")

    async def begins_anew() -> bool:
        await learner.page.goto(f"/video/{video.id}")
        return await learner.page.get_by_role("button", name="Play, ").is_visible()

    await until(begins_anew, "who came to the end begins at the beginning")
    assert await seconds(learner, video.id) < 0.05 * (video.duration or 0)
    assert await learner.count("SELECT done FROM video_progress WHERE learner = $1") is False


@BOTH
async def test_the_keys_reach_the_frame(learner: Learner, provider: str) -> None:
    page = learner.page
    await stand_in(page)
    await page.goto(f"/video/{EMBEDS[provider].id}")
    # Space moves the page as long as there is no player; nothing is asked for behind one's back
    await page.keyboard.press("Space")
    await expect(page.locator("iframe")).to_have_count(0)
    await page.keyboard.press("k")
    frame = await frame_of(page)

    async def is_(expression: str) -> None:
        async def look() -> bool:
            return bool(await frame.evaluate(expression))

        await until(look, expression)

    await is_("player.heard.length > 3 && player.time > 0")
    await page.locator("h1").click()
    await page.keyboard.press("k")
    await is_("!player.playing")
    await page.keyboard.press("l")
    await is_("player.time >= 10")
    await page.keyboard.press("j")
    await is_("player.time < 10")
    await page.keyboard.press("m")
    await is_("player.muted")
    await page.keyboard.press("Space")
    await is_("player.playing")


@pytest.mark.parametrize(
    ("provider", "error"),
    [
        *(("youtube", code) for code in (2, 5, 100, 101, 150, 153)),
        *(("vimeo", name) for name in ("PrivacyError", "NotFoundError", "PasswordError")),
    ],
)
async def test_a_refusal_becomes_a_link(learner: Learner, provider: str, error: int | str) -> None:
    await stand_in(learner.page, error=error)
    await learner.page.goto(f"/video/{EMBEDS[provider].id}")
    await learner.page.locator(".player button").click()
    await shows_the_card(learner.page, provider)


@BOTH
@pytest.mark.parametrize("how", ["blocked", "silent", "never there"])
async def test_a_frame_that_takes_long_stays_with_a_link_beside_it(
    learner: Learner, provider: str, how: str
) -> None:
    page = learner.page
    learner.profile.wanted.append("net::ERR")
    over = asyncio.Event()

    async def wait(route: Route) -> None:
        await over.wait()
        await route.abort()

    if how == "silent":
        await stand_in(page, mute=True)
    else:
        handler = wait if how == "never there" else lambda route: route.abort("blockedbyclient")
        await page.route("https://*.com/**", handler)
    await page.clock.install()
    await page.goto(f"/video/{EMBEDS[provider].id}")
    await page.locator(".player button").click()
    if how == "silent":
        await frame_of(page)
    else:
        await expect(page.locator("iframe")).to_be_visible()
    beside = page.get_by_text(f"Taking long? Open it on {NAMES[provider]}").first
    await page.clock.fast_forward(7_000)
    await expect(beside).to_be_hidden()
    await page.clock.fast_forward(2_000)
    await expect(beside).to_be_visible()
    link = beside.get_by_role("link", name=f"Open it on {NAMES[provider]}")
    await expect(link).to_have_attribute("href", WATCH[provider])
    await page.clock.fast_forward(60_000)
    await expect(page.locator("iframe")).to_be_visible()
    await expect(page.get_by_text(CANNOT)).to_have_count(0)
    over.set()


@BOTH
async def test_a_player_that_comes_late_plays_and_counts(learner: Learner, provider: str) -> None:
    page, video = learner.page, EMBEDS[provider]
    await page.clock.install()
    late = asyncio.Event()
    await stand_in(page, late=late)
    await page.goto(f"/video/{video.id}")
    await page.locator(".player button").click()
    await expect(page.locator("iframe")).to_be_visible()
    await page.clock.fast_forward(20_000)
    beside = page.locator("#beside")
    await expect(beside).to_be_visible()
    late.set()
    await expect(beside).to_be_hidden()
    frame = await frame_of(page)

    async def counted() -> bool:
        await frame.evaluate("player.pause(); player.play()")
        return await seconds(learner, video.id) > 0

    await until(counted, "what it plays counts")


@BOTH
async def test_a_player_plays_although_the_check_was_refused(
    learner: Learner, provider: str
) -> None:
    """The provider may answer a server that is no browser on a page of ours otherwise."""
    page, video = learner.page, EMBEDS[provider]
    await learner.count(
        f"""INSERT INTO embed_check (video_id, reference, refused, detail, status)
            SELECT '{video.id}', '{video.ref}', true, 'No', 403 WHERE $1::uuid IS NOT NULL
            ON CONFLICT (video_id) DO UPDATE SET refused = true RETURNING 1"""
    )
    try:
        await page.goto(f"/video/{video.id}")
        beside = page.get_by_text(f"It may not play here. Open it on {NAMES[provider]}")
        await expect(beside).to_be_visible()
        frame = await open_player(learner, provider)
        await expect(beside).to_be_hidden()
        assert await frame.evaluate("player.playing")
    finally:
        await learner.count("DELETE FROM embed_check WHERE $1::uuid IS NOT NULL RETURNING 1")


async def test_only_the_player_itself_is_believed(learner: Learner) -> None:
    """Not this page, not another frame, and nothing that is no message of a player."""
    page = learner.page
    frame = await open_player(learner, "youtube")
    await holds(page, "document.querySelector('progress').value >= 0")
    for message in (
        '{"event": "onError", "info": 150}',
        '{"event": "infoDelivery", "info": {"currentTime": 990, "playerState": 1}}',
    ):
        await page.evaluate("(message) => postMessage(message, '*')", message)
    for message in (
        '"no JSON"',
        "null",
        '"[1, 2]"',
        """'{"event": "infoDelivery", "info": {"currentTime": "990", "duration": -5}}'""",
        """'{"event": "onError", "info": {}}'""",
        """'{"event": "onError", "info": 1}'""",
    ):
        await frame.evaluate(f"parent.postMessage({message}, home)")
    await frame.evaluate("player.setRate(4)")

    async def played() -> bool:
        return bool(await frame.evaluate("player.time") >= 6)

    await until(played, "it plays on")
    await frame.evaluate("player.pause()")

    async def known() -> bool:
        return await seconds(learner, TUBE.id) >= 5

    await until(known, "what it says still counts")
    await expect(page.locator("iframe")).to_be_visible()
    assert await seconds(learner, TUBE.id) < 40


async def test_without_script(new_learner: NewLearner) -> None:
    page = (await new_learner(java_script_enabled=False)).page
    for provider, video in EMBEDS.items():
        await page.goto(f"/video/{video.id}")
        link = page.get_by_role("link", name=f"Watch (opens {NAMES[provider]})")
        await expect(link).to_have_attribute("href", WATCH[provider])
        await expect(page.locator("iframe")).to_have_count(0)
        await page.get_by_role("button", name="Mark as watched").click()
        await expect(page.locator("#watched")).to_contain_text("Marked as watched by you")
