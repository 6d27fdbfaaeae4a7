"""A locked part of the course: shown with its reason, and closed to everything that is asked."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from portal.db import sql
from portal.learning.course import Course
from tests.learning.courses import given, teach
from tests.learning.locked_course import (
    FIRST,
    LOCKED_VIDEOS,
    SECOND,
    THIRD,
    locked_course,
    mark,
    numbered,
    take,
)
from tests.support import Portal
from tests.web.markup import Page, send

TOPIC = {"href": "/step/1#topic-1", "label": "Open “The basics”"}
STEP = {"href": "/step/1", "label": "Open step 1"}
REASONS = {"inner": FIRST, "second": SECOND, "plain-second": SECOND, "third": THIRD}


@pytest.fixture(name="course")
async def locked(portal: Portal) -> Course:
    """The course that the portal shows."""
    return teach(portal, locked_course())


async def path(browser: httpx.AsyncClient) -> dict[str, Any]:
    shown: dict[str, Any] = (await browser.get("/api/path")).json()
    return shown


@pytest.mark.usefixtures("course")
async def test_the_path_gives_the_reason_for_each_lock(alex: httpx.AsyncClient) -> None:
    shown = await path(alex)
    steps = {step["id"]: (step["locked"], step["lockReason"]) for step in shown["steps"]}
    assert steps == {"1": (False, None), "2": (True, SECOND), "3": (True, THIRD)}
    topics = {t["id"]: t["lockReason"] for step in shown["steps"] for t in step["topics"]}
    assert topics == {"basics": None, "inner": FIRST, "second": SECOND, "third": THIRD}
    for step in shown["steps"]:
        for topic in step["topics"]:
            for video in topic["videos"]:
                reason = REASONS.get(video["id"])
                assert (video["locked"], video["lockReason"]) == (reason is not None, reason)
    assert shown["nextVideoId"] == "first"


@pytest.mark.usefixtures("course")
async def test_a_locked_card_shows_what_is_inside_and_leads_nowhere(
    alex: httpx.AsyncClient,
) -> None:
    page = Page(await alex.get("/path"))
    for words in (SECOND, THIRD, FIRST, "The step of points", "The second part", "Collect"):
        assert words in page.text
    assert "The video second · The video plain-second" in page.text
    assert "2 steps are still locked." in page.text
    inner = {href for href, _ in page.links if href.startswith(("/step/", "/video/"))}
    assert inner == {"/step/1", "/step/1#topic-1", "/video/first"}
    assert page.attributes("li", id="step-2")

    page = Page(await alex.get("/step/1"))
    assert FIRST in page.text
    assert "The video inner" in page.text
    assert "/video/inner" not in [href for href, _ in page.links]
    assert ("/path#step-2", "Next step The step of points (locked)") in page.links


def requests_to(video: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Everything that can be asked about a video."""
    answer = {"questionId": "question-1", "choiceId": "b"}
    return [
        ("GET", f"/api/quiz/{video}", {}),
        ("POST", f"/api/quiz/{video}/answers", {"json": {**answer, "attemptNumber": 1}}),
        ("POST", "/api/quiz/submit", {"json": {"videoId": video, "attemptNumber": 1}}),
        ("POST", "/api/progress", {"json": {"videoId": video, "done": True}}),
        ("POST", "/api/progress", {"json": {"videoId": video, "done": False}}),
        (
            "POST",
            "/api/progress/watch",
            {"json": {"videoId": video, "from": 0, "to": 9, "position": 9, "duration": 100}},
        ),
        ("GET", f"/video/{video}", {}),
        ("GET", f"/video/{video}?q=1", {}),
        ("GET", f"/video/{video}?result=1", {}),
        ("GET", f"/video/{video}/answer", {}),
        ("POST", f"/video/{video}/done", {"data": {"done": "true"}}),
        ("POST", f"/video/{video}/answer", {"data": {"question": "question-1", "choice": "b"}}),
        ("POST", f"/video/{video}/submit", {"data": {"attempt": "1"}}),
    ]


@pytest.mark.parametrize("name", ["alex", "sara", "admin"])
async def test_everything_behind_a_lock_is_refused_to_everybody(
    portal: Portal, course: Course, name: str
) -> None:
    browser = await portal.signed_in(name)
    await portal.database.fetch("DELETE FROM activity_day")
    for video in LOCKED_VIDEOS:
        reason, way = REASONS[video], TOPIC if video == "inner" else STEP
        if video == "third":
            way = STEP
        for method, url, body in requests_to(video):
            if course.videos[video].quiz is None and "progress" not in url and "done" not in url:
                continue
            answer = await browser.request(method, url, **body)
            assert answer.status_code == 403, (method, url)
            if url.startswith("/api/"):
                assert answer.json() == {"error": reason, "details": way}, (method, url)
                continue
            page = Page(answer)
            assert page.title == f"Locked: {course.videos[video].title} · AI Training"
            assert reason in page.text
            assert httpx.URL(page.link(way["label"])).path == way["href"].partition("#")[0]
            assert page.link("Open the path")
            assert "Explanation" not in answer.text
            assert "asked in question" not in answer.text
    for table in ("video_progress", "quiz_attempt", "quiz_answer", "activity_day"):
        assert await portal.database.value(f"SELECT count(*) FROM {table}") == 0, table


@pytest.mark.usefixtures("course")
async def test_a_locked_step_says_why_and_what_is_inside(alex: httpx.AsyncClient) -> None:
    answer = await alex.get("/step/2")
    page = Page(answer)
    assert answer.status_code == 403
    assert page.title == "Locked: The step of points · AI Training"
    for words in (SECOND, "Step 2 · this step is still locked", "The second part", "Collect"):
        assert words in page.text
    assert "The video plain-second" in page.text
    assert page.link("Open step 1").endswith("/step/1")
    assert not [href for href, _ in page.links if href.startswith("/video/")]
    assert (await alex.get("/step/9")).status_code == 404
    assert (await alex.get("/api/quiz/no-such-video")).status_code == 404


async def test_a_former_name_is_no_way_around_a_lock(
    portal: Portal, alex: httpx.AsyncClient, course: Course
) -> None:
    step, *others = course.steps[1], course.steps[0], course.steps[2]
    topic = step.topics[0]
    videos = (replace(topic.videos[0], aliases=("formerly",)), *topic.videos[1:])
    renamed = replace(step, topics=(replace(topic, videos=videos),))
    teach(portal, numbered([others[0], renamed, others[1]]))
    for method, url, body in requests_to("formerly"):
        answer = await alex.request(method, url, follow_redirects=True, **body)
        assert answer.status_code == 403, (method, url)


async def test_each_learner_has_their_own_locks(
    alex: httpx.AsyncClient, mike: httpx.AsyncClient, nina: httpx.AsyncClient, course: Course
) -> None:
    await mark(alex, "first", "plain")
    await take(alex, course, "first")
    assert (await alex.get("/video/inner")).status_code == 200
    for browser in (mike, nina):
        assert (await browser.get("/video/inner")).status_code == 403
        assert (await path(browser))["steps"][0]["topics"][1]["lockReason"] == FIRST


async def test_locks_open_one_by_one_and_close_again(
    alex: httpx.AsyncClient, course: Course
) -> None:
    async def closed() -> list[str]:
        parts = []
        for step in (await path(alex))["steps"]:
            parts += [part["id"] for part in (step, *step["topics"]) if part["locked"]]
        return parts

    assert await closed() == ["inner", "2", "second", "3", "third"]
    await mark(alex, "first", "plain")
    assert await closed() == ["inner", "2", "second", "3", "third"]
    await take(alex, course, "first")
    assert await closed() == ["2", "second", "3", "third"]
    await take(alex, course, "inner", right=0)
    assert (await alex.get("/step/2")).status_code == 403
    said = await take(alex, course, "inner", right=1)  # 30 and 10 of 60 points
    assert said["unlocked"] == [
        {"kind": "step", "id": "2", "title": "The step of points", "href": "/step/2"}
    ]
    assert await closed() == ["3", "third"]
    assert (await alex.get("/step/2")).status_code == 200
    await mark(alex, "inner", "second", "plain-second")
    await take(alex, course, "second", right=0)
    assert await closed() == []
    await mark(alex, "plain", done=False)
    assert await closed() == ["inner", "3", "third"]
    assert (await path(alex))["nextVideoId"] == "plain"


async def test_a_quiz_says_what_it_has_opened(alex: httpx.AsyncClient, course: Course) -> None:
    assert "unlocked" not in await take(alex, course, "first", right=1)
    await mark(alex, "first", "plain")
    said = await take(alex, course, "first")
    assert "unlocked" not in said  # the videos have opened it, and the quiz had been finished
    await take(alex, course, "inner", right=0)
    quiz = course.quizzes["inner"]
    for number, question in enumerate(quiz.questions, 1):
        await alex.post(
            "/api/quiz/inner/answers",
            json={**given(question, right=number == 1), "attemptNumber": 2},
        )
    page = Page(await alex.get("/video/inner?q=2"))
    page = Page(await send(alex, page.form("/video/inner/submit")))
    assert "1 of 2 right, 10 points" in page.text
    # the points of "first" are 10 + 5 and 10, or 25 of 60 with the retry, and now 35
    assert "Your total went from 25 to 35" in page.text
    assert "Step 1 has 58% of its points." in page.text
    assert "open now" not in page.text
    assert page.link("Open the path")  # the next video is locked
    page = Page(await _retake(alex, course, "inner"))
    assert "Your total went from 35 to 45" in page.text
    assert "Step 1 has 75% of its points. Step 2 is open now." in page.text
    assert "45 pts" in page.text
    assert page.link("Next: The video second (1:40)").endswith("/video/second")


async def _retake(browser: httpx.AsyncClient, course: Course, name: str) -> httpx.Response:
    """Answer everything rightly in another attempt, and submit it on the page."""
    number = (await browser.get(f"/api/quiz/{name}")).json()["attemptNumber"]
    for question in course.quizzes[name].questions:
        await browser.post(
            f"/api/quiz/{name}/answers", json={**given(question), "attemptNumber": number}
        )
    page = Page(await browser.get(f"/video/{name}?q=1"))
    return await send(browser, page.form(f"/video/{name}/submit"))


@pytest.mark.usefixtures("course")
async def test_the_video_page_shows_what_lies_behind_a_lock_without_a_way_in(
    alex: httpx.AsyncClient,
) -> None:
    page = Page(await alex.get("/video/plain"))
    assert ("/path#step-1", "Next video, locked The video inner") in page.links
    assert "/video/inner" not in [href for href, _ in page.links]


async def test_pages_know_the_locks_without_another_statement(
    portal: Portal, alex: httpx.AsyncClient, course: Course
) -> None:
    async def statements() -> dict[str, int]:
        counted = {}
        for url in ("/path", "/api/path", "/step/1", "/step/2", "/video/first", "/dashboard"):
            before = sql.engine().pool.statements
            await alex.get(url)
            counted[url] = sql.engine().pool.statements - before
        return counted

    with_locks = await statements()
    open_steps = [
        replace(step, requires=(), topics=tuple(replace(t, requires=()) for t in step.topics))
        for step in course.steps
    ]
    teach(portal, numbered(open_steps))
    assert await statements() == with_locks
