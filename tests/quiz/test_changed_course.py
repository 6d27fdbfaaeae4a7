"""A new release of the course, while learners are in the middle of a quiz."""

from __future__ import annotations

import httpx
from msgspec.structs import replace

from portal.learning.course import Question
from tests.learning.courses import course_of, given, question, singles, teach, video
from tests.support import Portal
from tests.web.markup import Page

OLD = singles(2)
# The first question has another key and other words, the second is gone, a third is new.
NEW = (
    replace(OLD[0], text="What is asked now?", key=("c",), explanation="Explained anew."),
    question(3),
)


async def commit(browser: httpx.AsyncClient, asked: Question, **more: int) -> httpx.Response:
    body = {**given(asked), "attemptNumber": 1, **more}
    return await browser.post("/api/quiz/basics/answers", json=body)


async def test_an_open_attempt_ends_with_the_questions_it_began_with(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    teach(portal, course_of(video("basics", OLD)))
    assert (await commit(alex, OLD[0])).json()["correct"] is True
    teach(portal, course_of(video("basics", NEW)))
    quiz = (await alex.get("/api/quiz/basics")).json()
    assert [entry["question"] for entry in quiz["questions"]] == [entry.text for entry in OLD]
    assert quiz["answered"]["question-1"]["explanation"] == OLD[0].explanation
    assert quiz["answered"]["question-1"]["correctChoiceId"] == "b"
    # the new question is none of this attempt, the old one is
    assert (await commit(alex, NEW[1])).status_code == 404
    answer = await commit(alex, OLD[1])
    assert answer.json() == {
        "questionId": "question-2",
        "correct": True,
        "explanation": OLD[1].explanation,
        "answered": 2,
        "total": 2,
        "correctChoiceId": "b",
    }
    body = {"videoId": "basics", "attemptNumber": 1}
    done = (await alex.post("/api/quiz/submit", json=body)).json()
    assert done["attempt"]["correctAnswers"] == 2
    assert done["totalScore"] == 30


async def test_the_next_attempt_begins_with_the_new_questions(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    teach(portal, course_of(video("basics", OLD)))
    old_answers = [given(entry) for entry in OLD]
    body = {"videoId": "basics", "attemptNumber": 1, "answers": old_answers}
    assert (await alex.post("/api/quiz/submit", json=body)).json()["totalScore"] == 30
    teach(portal, course_of(video("basics", NEW)))
    quiz = (await alex.get("/api/quiz/basics")).json()
    assert [entry["question"] for entry in quiz["questions"]] == [entry.text for entry in NEW]
    # the first answer ever to question 1 was right then; question 3 has its first answer now
    body = {
        "videoId": "basics",
        "attemptNumber": 2,
        "answers": [given(NEW[0]), given(NEW[1], right=False)],
    }
    done = (await alex.post("/api/quiz/submit", json=body)).json()
    assert done["attempt"]["scoreEarned"] == 15
    assert done["totalScore"] == 30
    assert await portal.database.value("SELECT count(*) FROM quiz_version") == 2


async def test_the_result_of_an_old_attempt_shows_its_own_questions(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    teach(portal, course_of(video("basics", OLD)))
    answers = [given(entry) for entry in OLD]
    body = {"videoId": "basics", "attemptNumber": 1, "answers": answers}
    await alex.post("/api/quiz/submit", json=body)
    teach(portal, course_of(video("basics", (*NEW, question(4)))))
    page = Page(await alex.get("/video/basics?result=1"))
    assert "2 of 2 right, 30 points" in page.text
    for entry in OLD:
        assert entry.text in page.text
    assert NEW[0].text not in page.text


async def test_the_dashboard_leads_into_the_questions_that_were_begun(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    teach(portal, course_of(video("basics", singles(2))))
    await commit(alex, singles(2)[0])
    teach(portal, course_of(video("basics", (*NEW, question(4), question(5)))))
    page = Page(await alex.get("/dashboard"))
    assert "1 of 2 answered" in page.text
    await commit(alex, singles(2)[1])
    page = Page(await alex.get("/dashboard"))
    answer = await alex.get(page.link("See my result"))
    Page(answer).form("/video/basics/submit")


async def test_everybody_is_graded_by_the_version_they_began(
    portal: Portal, alex: httpx.AsyncClient, mike: httpx.AsyncClient
) -> None:
    teach(portal, course_of(video("basics", OLD)))
    await commit(alex, OLD[1])
    teach(portal, course_of(video("basics", NEW)))
    by_alice = await alex.post(
        "/api/quiz/basics/answers",
        json={"questionId": "question-1", "choiceId": "c", "attemptNumber": 1},
    )
    by_bob = await commit(mike, NEW[0])
    assert by_alice.json()["correct"] is False
    assert by_bob.json()["correct"] is True
    assert by_bob.json()["explanation"] == "Explained anew."


async def test_a_quiz_that_is_gone_takes_nothing_with_it(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    teach(portal, course_of(video("basics", OLD), video("more", singles(1))))
    body = {"videoId": "basics", "attemptNumber": 1, "answers": [given(entry) for entry in OLD]}
    await alex.post("/api/quiz/submit", json=body)
    body = {**given(question(1)), "attemptNumber": 1}
    await alex.post("/api/quiz/more/answers", json=body)
    await alex.post("/api/progress", json={"videoId": "more", "done": True})
    teach(portal, course_of(video("other", singles(1))))
    for url in ("/dashboard", "/path", "/step/1", "/video/other", "/api/path", "/api/progress"):
        assert (await alex.get(url)).status_code == 200, url
    for url in ("/api/quiz/basics", "/video/basics", "/video/more?q=1"):
        assert (await alex.get(url)).status_code == 404
    kpis = (await alex.get("/api/dashboard/kpis")).json()
    assert kpis["totalScore"] == 30
    assert (kpis["videosCompleted"], kpis["videosTotal"]) == (0, 1)
    # and when it is back, so is the attempt that was open
    teach(portal, course_of(video("more", singles(1))))
    quiz = (await alex.get("/api/quiz/more")).json()
    assert list(quiz["answered"]) == ["question-1"]
