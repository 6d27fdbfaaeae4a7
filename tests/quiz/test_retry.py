"""Taking a quiz again: a retry can only help, and mending a mistake earns its ten points."""

from __future__ import annotations

import httpx
import pytest

from tests.learning.courses import course_of, given, singles, teach, video
from tests.support import Portal

QUESTIONS = singles(4)


@pytest.fixture
async def learner(portal: Portal) -> httpx.AsyncClient:
    teach(portal, course_of(video("basics", QUESTIONS), video("more", singles(2))))
    return await portal.signed_in("alex")


async def take(browser: httpx.AsyncClient, attempt: int, pattern: str) -> tuple[int, int]:
    """Take the quiz; in `pattern` + is a right answer. Returns the points earned and the total."""
    answers = [
        given(question, right=sign == "+")
        for question, sign in zip(QUESTIONS, pattern, strict=True)
    ]
    done = await browser.post(
        "/api/quiz/submit",
        json={"videoId": "basics", "attemptNumber": attempt, "answers": answers},
    )
    assert done.status_code == 200, done.text
    return done.json()["attempt"]["scoreEarned"], done.json()["totalScore"]


# each attempt: answers, points earned, total afterwards
HISTORIES: dict[str, list[tuple[str, int, int]]] = {
    "a perfect retry leaves the total": [("++++", 60, 60), ("++++", 60, 60)],
    "mending one mistake adds ten": [("+++-", 45, 45), ("++++", 55, 55)],
    "mending all adds ten each": [("----", 0, 0), ("++++", 40, 40), ("++++", 40, 40)],
    "a worse retry takes nothing away": [("++++", 60, 60), ("----", 0, 60), ("+---", 15, 60)],
    "the bonus stays with the first answer": [("+---", 15, 15), ("-+++", 30, 30), ("++++", 45, 45)],
    "only the best attempt counts, not the best answers": [
        ("++--", 30, 30),
        ("--++", 20, 30),
        ("++++", 50, 50),
    ],
}


@pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES.keys())
async def test_points_of_a_history(
    learner: httpx.AsyncClient, history: list[tuple[str, int, int]]
) -> None:
    for number, (pattern, earned, total) in enumerate(history, 1):
        assert await take(learner, number, pattern) == (earned, total)
        assert (await learner.get("/api/dashboard/kpis")).json()["totalScore"] == total


async def test_first_answers_count_even_in_an_attempt_that_is_never_completed(
    portal: Portal, learner: httpx.AsyncClient
) -> None:
    """Nobody looks at the key and starts over for the bonus: there is one attempt until it is
    completed, and what was answered wrongly in it stays the first answer."""
    body = {**given(QUESTIONS[0], right=False), "attemptNumber": 1}
    await learner.post("/api/quiz/basics/answers", json=body)
    answers = [given(question) for question in QUESTIONS[1:]]
    await learner.post(
        "/api/quiz/submit", json={"videoId": "basics", "attemptNumber": 1, "answers": answers}
    )
    assert await take(learner, 2, "++++") == (55, 55)
    rows = await portal.database.fetch(
        "SELECT question_id, count(*) FILTER (WHERE first_ever) AS firsts FROM quiz_answer"
        " GROUP BY 1"
    )
    assert {row["firsts"] for row in rows} == {1}


async def test_accuracy_is_of_the_best_and_first_try_of_the_first(
    learner: httpx.AsyncClient,
) -> None:
    await take(learner, 1, "+---")
    await take(learner, 2, "+++-")
    kpis = (await learner.get("/api/dashboard/kpis")).json()
    assert (kpis["accuracy"], kpis["firstTryAccuracy"]) == (75, 25)
    assert (kpis["quizzesCompleted"], kpis["quizzesTotal"]) == (1, 2)


async def test_the_page_says_what_a_retry_changed(learner: httpx.AsyncClient) -> None:
    await take(learner, 1, "+++-")
    text = (await learner.get("/video/basics?result=1")).text
    assert "3 of 4 right, 45 points" in text
    assert "Your total went from 0 to 45, and you are 1st of 1 in Dev." in text
    await take(learner, 2, "++++")
    text = (await learner.get("/video/basics?result=2")).text
    assert "4 of 4 right, 55 points" in text
    assert "Your total went from 45 to 55, and you are 1st of 1 in Dev." in text
    await take(learner, 3, "+---")
    text = (await learner.get("/video/basics?result=3")).text
    assert "Your total stays at 55: your best attempt counts." in text
    assert "Best so far 55 of 60, attempt 2." in text
    assert "All 3 attempts" in text


async def test_nothing_is_left_to_gain_after_a_wrong_first_answer(
    portal: Portal, learner: httpx.AsyncClient
) -> None:
    """Start page, result, dashboard and path say the same, long before 60 of 60 points."""
    assert await take(learner, 1, "+++-") == (45, 45)
    await learner.post("/api/progress", json={"videoId": "basics", "done": True})
    pages = ("/video/basics", "/video/basics?result=1")
    for page in pages:
        assert "Nothing left to gain here." not in (await learner.get(page)).text, page
    # an attempt that is open promises what it can still bring
    for number, right in ((1, False), (2, True)):
        body = {**given(QUESTIONS[number - 1], right=right), "attemptNumber": 2}
        await learner.post("/api/quiz/basics/answers", json=body)
    assert "2 of 4 answered. Up to 40 points in all." in (await learner.get("/dashboard")).text
    assert await take(learner, 2, "-++-") == (30, 45)
    assert await take(learner, 3, "++++") == (55, 55)
    for page in (*pages, "/video/basics?result=3"):
        shown = (await learner.get(page)).text
        assert "Nothing left to gain here." in shown, page
    assert "a retry can only help" not in shown
    # a question that has been added since brings its points to everybody
    teach(portal, course_of(video("basics", singles(5))))
    for page in pages:
        assert "Nothing left to gain here." not in (await learner.get(page)).text, page
    assert "This quiz can still gain 15 points." in (await learner.get("/dashboard")).text
    assert "15 points to gain" in (await learner.get("/path")).text
