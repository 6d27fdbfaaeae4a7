"""The dashboard: one thing to do next, and the numbers with their origin."""

from __future__ import annotations

import httpx

from tests.learning.courses import course_of, given, singles, teach, video
from tests.support import COURSE, QUIZ, Portal, take_quiz
from tests.web.markup import Page


async def dashboard(browser: httpx.AsyncClient) -> Page:
    answer = await browser.get("/dashboard")
    assert answer.status_code == 200
    return Page(answer)


async def test_a_new_learner_is_sent_to_the_first_video(alex: httpx.AsyncClient) -> None:
    page = await dashboard(alex)
    first = COURSE.ordered[0]
    assert "start with the first, Alex" in page.title
    assert page.link("Start the video").endswith(f"/video/{first.id}")
    assert f"0 of {len(COURSE.ordered)} videos watched" in page.text
    assert "You are ranked after your first quiz." in page.text
    assert "No quiz finished yet." in page.text
    assert "0 pts" in page.text
    assert page.link(f"All {len(COURSE.steps)} steps").endswith("/path")


async def test_the_next_thing_follows_what_was_done(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    teach(portal, course_of(video("one", singles(2)), video("two"), video("three", singles(2))))
    watch = {"videoId": "two", "from": 0, "to": 10, "position": 25, "duration": 100}
    await alex.post("/api/progress/watch", json=watch)
    page = await dashboard(alex)
    assert page.link("Resume at 0:25").endswith("/video/two")
    assert "You stopped at 0:25 of 1:40." in page.text
    await alex.post("/api/progress", json={"videoId": "two", "done": True})
    await alex.post("/api/progress", json={"videoId": "one", "done": True})
    page = await dashboard(alex)
    assert page.link("Take the quiz").endswith("/video/one?q=1#quiz")
    body = {**given(singles(2)[0]), "attemptNumber": 1}
    await alex.post("/api/quiz/three/answers", json=body)
    page = await dashboard(alex)
    assert "1 of 2 answered" in page.text
    assert page.link("Answer question 2").endswith("/video/three?q=2#quiz")


async def test_an_open_quiz_leads_to_a_question_that_is_open(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    """Questions may be answered in any order."""
    teach(portal, course_of(video("one", singles(3))))
    body = {**given(singles(3)[1]), "attemptNumber": 1}
    await alex.post("/api/quiz/one/answers", json=body)
    page = await dashboard(alex)
    assert page.link("Answer question 1").endswith("/video/one?q=1#quiz")


async def test_after_quizzes_it_shows_them_and_the_rank(
    alex: httpx.AsyncClient, mike: httpx.AsyncClient
) -> None:
    await take_quiz(mike)
    await take_quiz(alex, wrong=2)
    await take_quiz(alex, wrong=6)
    page = await dashboard(alex)
    assert "2nd of 2 in Dev" in page.text
    assert "31 points to pass Mike Brown." in page.text
    assert "60 pts" in page.text
    # both attempts, the newest first
    first = page.text.index("0 of 6 0")
    assert first < page.text.index("4 of 6 60")
    results = [href for href, _ in page.links if "?result=" in href]
    assert results == [f"/video/{QUIZ}?result=2#quiz", f"/video/{QUIZ}?result=1#quiz"]
    assert "30 points ahead of Alex Johnson." in (await dashboard(mike)).text


async def test_when_all_is_done_it_says_so(portal: Portal, alex: httpx.AsyncClient) -> None:
    teach(portal, course_of(video("one", singles(1))))
    await alex.post("/api/progress", json={"videoId": "one", "done": True})
    body = {"videoId": "one", "attemptNumber": 1, "answers": [given(singles(1)[0])]}
    await alex.post("/api/quiz/submit", json=body)
    page = await dashboard(alex)
    assert "Nothing left to gain" in page.text
    assert page.link("Open the path").endswith("/path")


async def test_every_role_has_a_dashboard(portal: Portal) -> None:
    for name in ("alex", "sara", "admin"):
        page = await dashboard(await portal.signed_in(name))
        assert name in page.text
