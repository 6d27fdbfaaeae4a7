"""Reading a quiz: what it shows, and that looking changes nothing."""

from __future__ import annotations

from typing import Any

import httpx

from tests.learning.courses import course_of, given, one_of_each, question, singles, teach, video
from tests.support import COURSE, QUIZ, Portal, take_quiz

TABLES = ("quiz_attempt", "quiz_answer", "quiz_version", "user_score")


async def read(browser: httpx.AsyncClient, video_id: str) -> dict[str, Any]:
    answer = await browser.get(f"/api/quiz/{video_id}")
    assert answer.status_code == 200
    quiz: dict[str, Any] = answer.json()
    return quiz


async def test_a_fresh_quiz_shows_questions_and_choices_only(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    questions = one_of_each()
    teach(portal, course_of(video("basics", questions)))
    quiz = await read(alex, "basics")
    assert set(quiz) == {
        "videoId",
        "attemptNumber",
        "questions",
        "answered",
        "attempts",
        "best",
    }
    assert (quiz["videoId"], quiz["attemptNumber"]) == ("basics", 1)
    assert (quiz["answered"], quiz["attempts"], quiz["best"]) == ({}, [], None)
    for shown, known in zip(quiz["questions"], questions, strict=True):
        assert set(shown) == {"id", "kind", "question", "choices"}
        assert (shown["id"], shown["kind"], shown["question"]) == (known.id, known.kind, known.text)
        assert all(set(choice) == {"id", "text"} for choice in shown["choices"])
        assert {c["id"]: c["text"] for c in shown["choices"]} == {
            c.id: c.text for c in known.choices
        }


async def test_every_quiz_of_the_course_can_be_read(alex: httpx.AsyncClient) -> None:
    assert COURSE.quizzes
    for quiz_id, known in COURSE.quizzes.items():
        assert len((await read(alex, quiz_id))["questions"]) == len(known.questions)


async def test_looking_creates_nothing(portal: Portal, alex: httpx.AsyncClient) -> None:
    for url in (
        f"/api/quiz/{QUIZ}",
        f"/video/{QUIZ}",
        f"/video/{QUIZ}?q=1",
        f"/video/{QUIZ}?q=6",
        "/dashboard",
        "/api/dashboard/kpis",
    ):
        for method in ("GET", "HEAD"):
            assert (await alex.request(method, url)).status_code == 200
    assert (await alex.get(f"/video/{QUIZ}?result=1")).status_code == 404
    for table in TABLES:
        assert await portal.database.value(f"SELECT count(*) FROM {table}") == 0


async def test_where_there_is_no_quiz(portal: Portal, alex: httpx.AsyncClient) -> None:
    teach(portal, course_of(video("basics", singles(1)), video("plain")))
    for video_id in ("plain", "no-such-video", "%2e%2e"):
        answer = await alex.get(f"/api/quiz/{video_id}")
        assert (answer.status_code, answer.json()) == (
            404,
            {"error": "There is no quiz for this video."},
        )
    assert (await alex.get("/video/plain")).status_code == 200


async def test_choices_stay_in_place_until_the_next_attempt(
    portal: Portal, alex: httpx.AsyncClient, mike: httpx.AsyncClient
) -> None:
    questions = (*singles(8), question(9, "true_false", ("true",)))
    teach(portal, course_of(video("basics", questions)))

    async def order(browser: httpx.AsyncClient) -> list[list[str]]:
        shown = (await read(browser, "basics"))["questions"]
        return [[choice["id"] for choice in entry["choices"]] for entry in shown]

    first = await order(alex)
    assert await order(alex) == first
    assert await order(await portal.signed_in("alex")) == first
    assert await order(mike) != first
    # an answer leaves all of it in place; the page shows the same order
    await alex.post("/api/quiz/basics/answers", json={**given(questions[0]), "attemptNumber": 1})
    assert await order(alex) == first
    text = (await alex.get("/video/basics?q=2")).text
    places = [text.index(f'value="{letter}"') for letter in first[1]]
    assert places == sorted(places)
    answers = [given(entry) for entry in questions]
    await alex.post(
        "/api/quiz/submit", json={"videoId": "basics", "attemptNumber": 1, "answers": answers}
    )
    second = await order(alex)
    assert second != first
    # the order tells nothing about the key, and readers expect true before false
    assert len({entry.index("b") for entry in (*first[:8], *second[:8])}) > 1
    assert first[8] == second[8] == ["true", "false"]


async def test_attempts_and_the_best_of_them_are_listed(alex: httpx.AsyncClient) -> None:
    for wrong in (2, 0, 0, 5):
        await take_quiz(alex, wrong=wrong)
    quiz = await read(alex, QUIZ)
    assert quiz["attemptNumber"] == 5
    assert quiz["answered"] == {}
    assert [
        (a["attemptNumber"], a["correctAnswers"], a["firstTryCorrect"], a["scoreEarned"])
        for a in quiz["attempts"]
    ] == [(1, 4, 4, 60), (2, 6, 4, 80), (3, 6, 4, 80), (4, 1, 1, 15)]
    for attempt in quiz["attempts"]:
        assert set(attempt) == {
            "attemptNumber",
            "correctAnswers",
            "totalQuestions",
            "firstTryCorrect",
            "scoreEarned",
            "completedAt",
        }
        assert attempt["totalQuestions"] == 6
        assert attempt["completedAt"].endswith("Z")
    # of equal attempts the earlier counts
    assert quiz["best"] == quiz["attempts"][1]


async def test_an_open_attempt_is_not_listed(alex: httpx.AsyncClient) -> None:
    quiz = await read(alex, QUIZ)
    body = {"questionId": quiz["questions"][0]["id"], "attemptNumber": 1, "choiceId": "a"}
    if quiz["questions"][0]["kind"] == "true_false":
        body["choiceId"] = "true"
    assert (await alex.post(f"/api/quiz/{QUIZ}/answers", json=body)).status_code == 200
    quiz = await read(alex, QUIZ)
    assert (quiz["attemptNumber"], quiz["attempts"], quiz["best"]) == (1, [], None)
    assert list(quiz["answered"]) == [body["questionId"]]
