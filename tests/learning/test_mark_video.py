"""Saying that a video is watched, and taking it back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx

from tests.clock import Freeze
from tests.support import QUIZ, Portal
from tests.web.markup import Page, send

NOON = datetime(2026, 2, 24, 12, tzinfo=UTC)
URL = "/api/progress"


async def mark(browser: httpx.AsyncClient, video: str, *, done: bool = True) -> None:
    answer = await browser.post(URL, json={"videoId": video, "done": done})
    assert (answer.status_code, answer.json()) == (200, {"videoId": video, "done": done})


async def test_a_learner_marks_a_video(alex: httpx.AsyncClient, freeze: Freeze) -> None:
    assert (await alex.get(URL)).json() == {"videos": {}}
    freeze(NOON)
    await mark(alex, QUIZ)
    assert (await alex.get(URL)).json() == {
        "videos": {
            QUIZ: {
                "done": True,
                "completedAt": "2026-02-24T12:00:00Z",
                "positionSeconds": 0,
                "watchedPercent": 0,
                "selfDeclared": True,
            }
        }
    }
    # again, an hour later: it was completed when it was
    freeze(NOON + timedelta(hours=1))
    await mark(alex, QUIZ)
    shown = (await alex.get(URL)).json()["videos"][QUIZ]
    assert shown["completedAt"] == "2026-02-24T12:00:00Z"
    await mark(alex, QUIZ, done=False)
    shown = (await alex.get(URL)).json()["videos"][QUIZ]
    assert shown == {
        "done": False,
        "completedAt": None,
        "positionSeconds": 0,
        "watchedPercent": 0,
        "selfDeclared": False,
    }


async def test_an_unknown_video_is_not_found(portal: Portal, alex: httpx.AsyncClient) -> None:
    for video in ("no-such-video", "", "../path"):
        answer = await alex.post(URL, json={"videoId": video, "done": True})
        assert (answer.status_code, answer.json()) == (404, {"error": "There is no such video."})
    answer = await alex.post("/video/no-such-video/done", data={"done": "true"})
    assert answer.status_code == 404
    assert await portal.database.value("SELECT count(*) FROM video_progress") == 0


async def test_taking_back_what_was_never_marked_is_no_error(alex: httpx.AsyncClient) -> None:
    await mark(alex, QUIZ, done=False)
    assert (await alex.get(URL)).json()["videos"][QUIZ]["done"] is False


async def test_nobody_sees_what_another_marked(
    alex: httpx.AsyncClient, mike: httpx.AsyncClient, nina: httpx.AsyncClient
) -> None:
    await mark(alex, QUIZ)
    for browser in (mike, nina):
        assert (await browser.get(URL)).json() == {"videos": {}}
        assert (await browser.get("/api/path")).json()["steps"][0]["videosCompleted"] == 0
        await mark(browser, QUIZ, done=False)
    assert (await alex.get(URL)).json()["videos"][QUIZ]["done"] is True


async def test_marking_is_an_activity_and_taking_back_is_none(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    count = "SELECT count(*) FROM activity_day"
    await portal.database.fetch("DELETE FROM activity_day")
    await mark(alex, QUIZ, done=False)
    assert await portal.database.value(count) == 0
    await mark(alex, QUIZ)
    await mark(alex, QUIZ)
    assert await portal.database.value(count) == 1


async def test_the_button_on_the_page_marks_and_takes_back(alex: httpx.AsyncClient) -> None:
    url = f"/video/{QUIZ}"
    page = Page(await alex.get(url))
    assert "Not watched yet" in page.text
    answer = await send(alex, page.form(f"{url}/done"))
    page = Page(answer)
    assert answer.url.path == url
    assert "Marked as watched by you" in page.text
    assert "Mark as not watched" in page.text
    assert (await alex.get(URL)).json()["videos"][QUIZ]["done"] is True
    page = Page(await send(alex, page.form(f"{url}/done")))
    assert "Not watched yet" in page.text
    # pressed twice, or from two windows, it means the same
    form = page.form(f"{url}/done")
    await send(alex, form)
    assert "Marked as watched by you" in Page(await send(alex, form)).text
